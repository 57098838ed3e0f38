using System.CommandLine;
using System.Text.Json;
using Hub.Cli.Status;
using Spectre.Console;

namespace Hub.Cli.Commands;

/// <summary><c>hub status</c>: is it healthy, and where does it hurt.</summary>
internal static class StatusCommand
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    public static Command Create(Ui ui)
    {
        var json = new Option<bool>("--json") { Description = "Write one JSON document instead of tables." };
        var command = new Command("status",
            "Show alerts, figures of each component, members, pools and health checks. Exit code 0: healthy, 1: not healthy.") { json };
        command.SetAction(async (parse, cancellation) =>
        {
            var status = await StatusCollector.CollectAsync(cancellation);
            if (parse.GetValue(json))
                Console.Out.WriteLine(JsonSerializer.Serialize(status, Json));
            else
                Print(ui.Console, status);
            return status.Healthy ? 0 : 1;
        });
        return command;
    }

    internal static void Print(IAnsiConsole console, HubStatus status)
    {
        if (status.Database is { } database)
        {
            console.MarkupInterpolated($"PostgreSQL {database.PostgreSql}, TimescaleDB {database.TimescaleDb} ");
            console.MarkupLineInterpolated($"([bold]{database.Edition}[/] edition), schema {database.Schema}");
        }

        Table(console, "Components", ["Component", "", "", ""], status.Components.Select(component =>
            component.Figures.Select(figure => $"{figure.Name} {Figures.Text(figure)}").Prepend(component.Name).ToArray()));
        Table(console, "Database members", ["Member", "Role", "State", "Timeline", "Lag"],
            status.Members.Select(member => new[] { member.Name, member.Role, member.State, member.Timeline?.ToString(null, null) ?? "",
                member.Lag }));
        Table(console, "Containers", ["Container", "State", "Health"],
            status.Containers.Select(container => new[] { container.Name, container.State, container.Health }));
        Table(console, "Pools", ["Database", "User", "Clients", "Waiting", "Servers busy", "Servers idle"],
            status.Pools.Select(pool => new[] { pool.Database, pool.User, $"{pool.ClientsActive}", $"{pool.ClientsWaiting}",
                $"{pool.ServersActive}", $"{pool.ServersIdle}" }));
        Table(console, "Health checks", ["Check", "Status", "Detail"],
            status.Checks.Select(check => new[] { check.Name, check.Status, check.Detail }));
        Alerts(console, status);
        if (status.Healthy)
        {
            console.MarkupLine("[green]Healthy.[/]");
            return;
        }

        console.MarkupLine("[red]Not healthy:[/]");
        foreach (var problem in status.Problems)
            console.MarkupLineInterpolated($"  {problem}");
    }

    private static void Alerts(IAnsiConsole console, HubStatus status)
    {
        if (status.Unanswered.Contains("prometheus"))
            console.MarkupLine("[yellow]Alerts: unknown, Prometheus does not answer.[/]");
        else if (status.Alerts.Count == 0)
            console.MarkupLine("Alerts: none.");
        else
            Table(console, "Alerts", ["Alert", "Severity", "State", "Since (UTC)", ""],
                status.Alerts.Select(alert => new[] { alert.Name, alert.Severity, alert.State,
                    alert.Since.UtcDateTime.ToString("HH:mm:ss", null), alert.Summary }));
    }

    private static void Table(IAnsiConsole console, string title, string[] columns, IEnumerable<string[]> rows)
    {
        var table = new Table().Title(title).Border(TableBorder.Simple).AddColumns(columns);
        foreach (var row in rows)
            table.AddRow([.. row.Select(Markup.Escape)]);
        console.Write(table);
    }
}
