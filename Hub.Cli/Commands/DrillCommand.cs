using System.CommandLine;
using System.Globalization;
using Hub.Cli.Engine;
using Hub.Cli.State;
using Hub.Drills;
using Hub.Drills.Faults;
using Hub.Drills.Runs;
using Spectre.Console;

namespace Hub.Cli.Commands;

/// <summary><c>hub drill</c>: breaks the local hub under load, heals it, and proves what became of every write.</summary>
internal static class DrillCommand
{
    private static readonly Option<int> RepeatOption = new("--repeat") { Description = "Runs of each fault, 1 to 1000.", DefaultValueFactory = _ => 1 };
    private static readonly Option<int?> SeedOption = new("--seed") { Description = "Seed of all random choices of the first run; each further run uses the next number [default: random, and printed]." };
    private static readonly Option<string?> JsonOption = new("--json") { Description = "File to write the full results of every run to." };
    private static readonly Option<bool> UnhealthyOption = new("--even-unhealthy") { Description = "Drill a hub that is not healthy. The hub may stop until somebody repairs it." };
    private static readonly Option<bool> DestroyOption = new("--destroy") { Description = "Add a second failure to every fault that leaves a standby: before the repair, the current leader is destroyed with its disk." };
    private static readonly Option<bool> RemoteOption = new("--even-remote") { Description = "Drill although the container engine is on another machine. Others may use what the drill breaks there." };

    public static Command Create(Ui ui)
    {
        RepeatOption.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && int.TryParse(result.Tokens[0].Value, out var runs) && runs is (< 1 or > 1000))
                result.AddError("--repeat must be between 1 and 1000.");
        });
        var fault = new Argument<string>("fault") { Description = "Name of the fault, from `hub drill list`." };
        fault.AcceptOnlyFromAmong([.. FaultCatalog.All.Select(known => known.Name)]);
        var list = new Command("list", "List the faults.");
        list.SetAction(_ => List(ui));
        var run = new Command("run", "Cause one fault, repair it, and print what happened to the writes. Exit code 1: an acknowledged write was lost, duplicated or on one member only, two members led, or writes did not resume.")
        {
            fault, RepeatOption, SeedOption, JsonOption, DestroyOption, UnhealthyOption, RemoteOption,
        };
        run.SetAction((parse, cancellation) => RunAsync(ui, [FaultCatalog.Find(parse.GetValue(fault)!)], parse, cancellation));
        var all = new Command("all", "Run every fault in turn; for a fault that is not possible here, print the reason.") { RepeatOption, SeedOption, JsonOption, DestroyOption, UnhealthyOption, RemoteOption };
        all.SetAction((parse, cancellation) => RunAsync(ui, FaultCatalog.All, parse, cancellation));
        return new Command("drill", "Break the local hub under load, repair it, and prove that no acknowledged write was lost.") { list, run, all };
    }

    private static void List(Ui ui)
    {
        var table = new Table().Border(TableBorder.Simple).AddColumns("Fault", "What happens");
        foreach (var fault in FaultCatalog.All)
            table.AddRow(Markup.Escape(fault.Name), Markup.Escape(fault.Summary));
        ui.Console.Write(table);
    }

    private static async Task<int> RunAsync(Ui ui, IReadOnlyList<Fault> faults, ParseResult parse, CancellationToken cancellation)
    {
        var deployment = Deployment.LoadExisting();
        using var alone = deployment.Lock();
        await LocalHub.RequireLocalAsync(parse.GetValue(RemoteOption), cancellation);
        var engine = await ContainerEngine.ConnectAsync(cancellation);
        if (deployment.Topology.Database.Members < 2)
            throw new CliException("This hub has only one database member, so no other member can take over.", "Start a cluster: ./hub down --volumes --state, then ./hub up.");
        var unhealthy = parse.GetValue(UnhealthyOption);
        await ui.StepAsync("Checking that the hub is healthy", async _ => await LocalHub.RequireHealthyAsync(unhealthy, cancellation), unhealthy ? "not asked" : "yes");
        var cluster = await LocalHub.ConnectAsync(deployment, engine, cancellation);
        var seed = parse.GetValue(SeedOption) ?? Random.Shared.Next(1, 1_000_000);
        var results = new List<DrillResult>();
        try
        {
            foreach (var fault in faults)
            {
                if (await fault.ImpossibleAsync(cluster, cancellation) is { } reason)
                {
                    if (faults.Count == 1)
                        throw new CliException($"{fault.Name} is not possible here: {reason}.");
                    ui.Console.MarkupLineInterpolated($"[yellow]–[/] {fault.Name}: not possible here: {reason}");
                    continue;
                }

                for (var run = 1; run <= parse.GetValue(RepeatOption); run++)
                {
                    var result = await ui.StepAsync($"{fault.Name}, run {run}, seed {seed + run - 1}", report =>
                        new DrillRunner(cluster, report) { EvenUnhealthy = unhealthy, DestroyLeader = parse.GetValue(DestroyOption) }.RunAsync(fault, run, seed + run - 1, cancellation), Summary);
                    results.Add(result);
                    Save(parse.GetValue(JsonOption), deployment, results);
                    if (!IsGood(result))
                        ui.Console.WriteLine(result.Describe());
                }
            }
        }
        finally
        {
            Print(ui.Console, results);
        }

        return results.All(IsGood) ? 0 : 1;
    }

    private static bool IsGood(DrillResult result) => result.Holds && result.Paths.All(path => path.Gap.Ended);

    private static string Summary(DrillResult result) =>
        $"{(IsGood(result) ? "" : "FAILED, ")}gap {string.Join(", ", result.Paths.Select(path => $"{Seconds(path.Gap.Length)} {path.Path}"))}; {result.Lost} lost, {result.OnOneMember} on one member, {result.Duplicated} duplicated";

    private static void Save(string? file, Deployment deployment, IReadOnlyList<DrillResult> results)
    {
        if (file is null)
            return;
        var report = new DrillReport(deployment.Choices.Name, deployment.Topology.Images.Database, Environment.ProcessorCount, DrillSummary.Of(results), results);
        File.WriteAllText(file, report.ToJson());
    }

    private static void Print(IAnsiConsole console, IReadOnlyList<DrillResult> results)
    {
        if (results.Count == 0)
            return;
        var table = new Table().Border(TableBorder.Simple).AddColumns("Fault", "Path", "Runs", "Gap min", "median", "max", "Not acknowledged", "Lost", "On one member", "Duplicated", "Primaries > 1");
        foreach (var line in DrillSummary.Of(results))
        {
            table.AddRow(Markup.Escape(line.Fault), line.Path, $"{line.Runs}", Seconds(line.Least), Seconds(line.Median), Seconds(line.Most), $"{line.Failed}", $"{line.Lost}", $"{line.OnOneMember}", $"{line.Duplicated}",
                line.PrimariesAtOnce > 1 ? "[red]yes[/]" : "no");
        }

        console.Write(table);
    }

    private static string Seconds(TimeSpan time) => time.TotalSeconds.ToString("0.00", CultureInfo.InvariantCulture) + " s";
}
