using System.CommandLine;
using System.Text.Json;
using Analytics.Topology;
using Hub.Cli.Cluster;
using Hub.Cli.Engine;
using Hub.Cli.State;
using Spectre.Console;

namespace Hub.Cli.Commands;

/// <summary><c>hub status</c>: is it healthy, and where does it hurt.</summary>
internal static class StatusCommand
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    public static Command Create(Ui ui)
    {
        var json = new Option<bool>("--json") { Description = "Write one JSON document instead of tables." };
        var command = new Command("status", "Members, roles, lag, pools, health checks, edition. Exit code 0: healthy, 1: not.") { json };
        command.SetAction(async (parse, cancellation) =>
        {
            var status = await CollectAsync(cancellation);
            if (parse.GetValue(json))
                Console.Out.WriteLine(JsonSerializer.Serialize(status, Json));
            else
                Print(ui.Console, status);
            return status.Healthy ? 0 : 1;
        });
        return command;
    }

    private static async Task<HubStatus> CollectAsync(CancellationToken cancellation)
    {
        var deployment = Deployment.Load();
        var engine = await ContainerEngine.ConnectAsync(cancellation);
        var containers = await engine.ContainersAsync(deployment.Choices.Name, cancellation);
        if (containers.Count == 0)
            throw new CliException($"The hub '{deployment.Choices.Name}' is not running.", "Start it with `./hub up`.");
        var client = new ClusterClient(deployment, engine, containers);
        var members = await client.MembersAsync(cancellation);
        var pools = await client.PoolsAsync(cancellation);
        var problems = new List<string>();
        foreach (var container in deployment.Containers.Where(container => !container.OnDemand))
        {
            if (!containers.TryGetValue(container.Name, out var state))
                problems.Add($"{container.Name}: no container");
            else if (container.RunsOnce ? state.Status == "exited" && state.ExitCode != 0 : !state.IsRunning)
                problems.Add($"{container.Name}: {state.Status}, exit code {state.ExitCode}");
        }

        if (HealthWait.Missing(deployment.Topology.Database.Members, members) is { } missing)
            problems.Add("database: " + missing);
        if (pools.Count == 0)
            problems.Add("pgbouncer: its console does not answer");
        var (database, checks) = await DatabaseAsync(deployment, problems, cancellation);
        problems.AddRange(checks.Where(check => check.Status == "critical").Select(check => $"{check.Name}: {check.Detail}"));
        return new HubStatus(deployment.Choices.Name, problems.Count == 0, problems, database,
            [.. members.Select(member => new MemberStatus(member.Name, member.Role, member.State, member.Timeline, member.LagText))],
            [.. containers.Values.OrderBy(state => state.Service, StringComparer.Ordinal).Select(state => new ContainerStatus(state.Service, state.Status, state.Health))],
            [.. pools.Where(pool => pool["database"] != "pgbouncer").Select(pool => new PoolStatus(pool["database"], pool["user"],
                int.Parse(pool["cl_active"], null), int.Parse(pool["cl_waiting"], null), int.Parse(pool["sv_active"], null), int.Parse(pool["sv_idle"], null)))],
            checks);
    }

    private static async Task<(DatabaseStatus?, IReadOnlyList<CheckStatus>)> DatabaseAsync(Deployment deployment, List<string> problems, CancellationToken cancellation)
    {
        try
        {
            var client = new DatabaseClient(deployment);
            var metadata = (await client.QueryAsync(Roles.ReadOnly, Secrets.ReadOnly, "SELECT key, value FROM analytics.schema_metadata", cancellation))
                .ToDictionary(row => (string)row[0]!, row => (string)row[1]!);
            var server = await client.QueryAsync(Roles.ReadOnly, Secrets.ReadOnly, "SELECT current_setting('server_version')", cancellation);
            var checks = await client.QueryAsync(Roles.ReadOnly, Secrets.ReadOnly, "SELECT check_name, status, detail FROM analytics.system_health_check()", cancellation);
            return (new DatabaseStatus(metadata.GetValueOrDefault("edition", "unknown"), metadata.GetValueOrDefault("timescaledb_version", "unknown"),
                    (string)server[0][0]!, metadata.GetValueOrDefault("schema_version", "none")),
                [.. checks.Select(row => new CheckStatus((string)row[0]!, (string)row[1]!, row[2]?.ToString() ?? ""))]);
        }
        catch (Exception problem) when (problem is CliException or Npgsql.NpgsqlException)
        {
            problems.Add("database: " + problem.Message);
            return (null, []);
        }
    }

    private static void Print(IAnsiConsole console, HubStatus status)
    {
        if (status.Database is { } database)
            console.MarkupLineInterpolated($"PostgreSQL {database.PostgreSql}, TimescaleDB {database.TimescaleDb} ([bold]{database.Edition}[/] edition), schema {database.Schema}");
        Table(console, "Database members", ["Member", "Role", "State", "Timeline", "Lag"],
            status.Members.Select(member => new[] { member.Name, member.Role, member.State, member.Timeline?.ToString(null, null) ?? "", member.Lag }));
        Table(console, "Containers", ["Container", "State", "Health"], status.Containers.Select(container => new[] { container.Name, container.State, container.Health }));
        Table(console, "Pools", ["Database", "User", "Clients", "Waiting", "Servers busy", "Servers idle"],
            status.Pools.Select(pool => new[] { pool.Database, pool.User, $"{pool.ClientsActive}", $"{pool.ClientsWaiting}", $"{pool.ServersActive}", $"{pool.ServersIdle}" }));
        Table(console, "Health checks", ["Check", "Status", "Detail"], status.Checks.Select(check => new[] { check.Name, check.Status, check.Detail }));
        if (status.Healthy)
        {
            console.MarkupLine("[green]Healthy.[/]");
            return;
        }

        console.MarkupLine("[red]Not healthy:[/]");
        foreach (var problem in status.Problems)
            console.MarkupLineInterpolated($"  {problem}");
    }

    private static void Table(IAnsiConsole console, string title, string[] columns, IEnumerable<string[]> rows)
    {
        var table = new Table().Title(title).Border(TableBorder.Simple).AddColumns(columns);
        foreach (var row in rows)
            table.AddRow([.. row.Select(Markup.Escape)]);
        console.Write(table);
    }

    private sealed record HubStatus(string Name, bool Healthy, IReadOnlyList<string> Problems, DatabaseStatus? Database, IReadOnlyList<MemberStatus> Members,
        IReadOnlyList<ContainerStatus> Containers, IReadOnlyList<PoolStatus> Pools, IReadOnlyList<CheckStatus> Checks);

    private sealed record DatabaseStatus(string Edition, string TimescaleDb, string PostgreSql, string Schema);

    private sealed record MemberStatus(string Name, string Role, string State, int? Timeline, string Lag);

    private sealed record ContainerStatus(string Name, string State, string Health);

    private sealed record PoolStatus(string Database, string User, int ClientsActive, int ClientsWaiting, int ServersActive, int ServersIdle);

    private sealed record CheckStatus(string Name, string Status, string Detail);
}
