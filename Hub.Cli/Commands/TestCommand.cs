using System.CommandLine;
using System.Globalization;
using System.Text.RegularExpressions;
using Hub.Cli.Engine;
using Hub.Cli.State;
using Hub.Operations.Processes;
using Spectre.Console;

namespace Hub.Cli.Commands;

/// <summary><c>hub test</c>: the unit tests first, then every other tier, the slowest tests, and one closing line.</summary>
internal static partial class TestCommand
{
    /// <summary>How much of a failure is shown again at the end.</summary>
    private const int FailureLines = 15;

    private const int SlowestShown = 10;

    /// <summary>
    /// How many test programs run at once where they use containers. They wait for one another and for clocks more than for processors:
    /// one at a time left a machine with two cores at a load of 0.2 to 1.5.
    /// </summary>
    private const int ProgramsAtOnce = 3;

    private const string Unit = "unit", Nightly = "nightly", Cluster = "cluster";
    private static readonly string[] Tiers = [Unit, "native", "integration", "fault", Nightly, Cluster];

    /// <summary>Those that run unless others are named: nightly takes half an hour, cluster a Kubernetes cluster.</summary>
    internal static IReadOnlyList<string> Default { get; } = [.. Tiers.Except([Nightly, Cluster])];

    public static Command Create(Ui ui)
    {
        var tier = new Option<string[]>("--tier")
        {
            Description = $"Run only these tiers: {string.Join(", ", Tiers)}. Can be repeated "
            + $"[default: {string.Join(", ", Default)}; nightly takes half an hour, "
                + "and cluster needs a Kubernetes cluster in KUBECONFIG]."
        };
        tier.AcceptOnlyFromAmong(Tiers);
        var command = new Command("test", "Build everything and run the tests. The last line is `N passed, N failed, N skipped`.") { tier };
        command.SetAction(async (parse, cancellation) =>
        {
            var chosen = parse.GetValue(tier) is { Length: > 0 } some ? some : Default;
            return await RunAsync(ui, [.. Tiers.Where(chosen.Contains)], cancellation);
        });
        return command;
    }

    private static async Task<int> RunAsync(Ui ui, string[] tiers, CancellationToken cancellation)
    {
        var deployment = Deployment.Load();
        var solution = Path.Combine(deployment.Repository, "Hub.sln");
        // A Kubernetes cluster has its own engine, and its nodes have the images or pull them.
        if (tiers.Any(tier => tier is not (Unit or Cluster)))
        {
            var engine = await ContainerEngine.ConnectAsync(cancellation);
            var names = deployment.Containers.Select(container => container.Image).ToHashSet();
            await ui.StepAsync("Images",
                report => new ImageBuilder(engine, deployment.Repository, deployment.Topology.Images, report).EnsureAsync(names,
                    rebuild: false, cancellation), built => built == 0 ? "up to date" : $"{built} built");
        }

        await ui.StepAsync("Build",
            async _ => (await ProcessRunner.RunAsync("dotnet", ["build", solution, "--nologo", "--verbosity", "quiet"],
                cancellation)).OrThrow("The solution does not build"), _ => null);
        var reports = Directory.CreateDirectory(Path.Combine(deployment.Repository, "artifacts", "test-reports"));
        foreach (var old in reports.GetFiles())
            old.Delete();

        var total = new Counts(0, 0, 0);
        var failures = new List<string>();
        foreach (var run in RunsOf(tiers))
        {
            var (counts, output) = await RunAsync(ui, solution, run, reports.FullName, cancellation);
            total += counts;
            failures.AddRange(FailuresOf(output));
        }

        // Once more at the end: above, the logs of a thousand other tests stand between them.
        foreach (var failure in failures)
            Console.Out.WriteLine(failure);
        var results = TestReports.Read(reports.FullName, problem => ui.Console.WriteLine($"warning: {problem}"));
        foreach (var failed in results.Where(result => result.Failed).Take(SlowestShown))
            ui.Console.WriteLine($"Run it again: {failed.Command(deployment.Repository)}");
        ui.Console.WriteLine($"The slowest of {results.Count} tests:");
        foreach (var slow in results.OrderByDescending(result => result.Duration).Take(SlowestShown))
            Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {slow.Duration.TotalSeconds,6:0.0} s  {slow.Name}"));
        Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{total.Passed} passed, {total.Failed} failed, {total.Skipped} skipped"));
        return total.Failed == 0 && total.Passed > 0 ? 0 : 1;
    }

    /// <summary>
    /// Which tiers run together. Unit tests come first, because they fail soonest; nightly tests and those of a Kubernetes cluster load the
    /// machine or a cluster that is somebody's, so they run alone.
    /// </summary>
    internal static IEnumerable<string[]> RunsOf(string[] tiers) =>
        new string[][] { [Unit], ["native", "integration", "fault"], [Nightly], [Cluster] }
            .Select(run => run.Where(tiers.Contains).ToArray()).Where(run => run.Length > 0);

    private static async Task<(Counts Counts, string Output)> RunAsync(Ui ui, string solution, string[] run, string reports,
        CancellationToken cancellation)
    {
        string[] filter = run is [Unit]
            ? [.. Tiers.Where(other => other != Unit).SelectMany(other => new[] { "--filter-not-trait", $"Tier={other}" })]
            : [.. run.SelectMany(tier => new[] { "--filter-trait", $"Tier={tier}" })];

        // These print what they do and measured, also when they pass.
        string[] output = run is ["fault" or Nightly or Cluster] ? ["--show-live-output", "on"] : [];
        string[] programs = run switch
        {
            [Unit] => [],
            [Nightly or Cluster] => ["--max-parallel-test-modules", "1"],
            _ => ["--max-parallel-test-modules", ProgramsAtOnce.ToString(CultureInfo.InvariantCulture)],
        };
        ui.Console.WriteLine($"── {string.Join(", ", run)}");
        var result = await ProcessRunner.RunAsync("dotnet",
            ["test", "--solution", solution, "--no-build", "--results-directory", reports, .. programs, "--", .. filter, .. output,
                "--report-xunit-ctrf", "--ignore-exit-code", "8"], cancellation,
            onLine: line => Console.Out.WriteLine(line),
            environment: new Dictionary<string, string> { ["TESTINGPLATFORM_NOBANNER"] = "1" });
        var counts = Counts.Parse(result.Output);

        // A program that crashed has no failed test to show, but it has not passed.
        return (result.ExitCode != 0 && counts.Failed == 0 ? counts with { Failed = 1 } : counts, result.Output);
    }

    /// <summary>The failed tests in what `dotnet test` wrote: name, message and the first lines of the trace of each.</summary>
    internal static IEnumerable<string> FailuresOf(string output)
    {
        var lines = output.Split('\n');
        for (var index = 0; index < lines.Length; index++)
        {
            if (FailedTest().IsMatch(lines[index]))
                yield return string.Join('\n',
                    lines.Skip(index + 1).TakeWhile(line => line.StartsWith("  ", StringComparison.Ordinal)).Take(FailureLines)
                        .Prepend(lines[index]));
        }
    }

    [GeneratedRegex(@"^failed \S+.* \(.*\)$")]
    private static partial Regex FailedTest();

    internal sealed partial record Counts(int Passed, int Failed, int Skipped)
    {
        public static Counts operator +(Counts left, Counts right) => new(left.Passed + right.Passed, left.Failed + right.Failed,
            left.Skipped + right.Skipped);

        /// <summary>
        /// Reads the closing block of `dotnet test`:
        /// <code>
        ///   failed: 0
        ///   succeeded: 12
        ///   skipped: 1
        /// </code>
        /// </summary>
        public static Counts Parse(string output) => new(Last(output, Succeeded()), Last(output, FailedCount()),
            Last(output, SkippedCount()));

        private static int Last(string output, Regex pattern) =>
            pattern.Matches(output).LastOrDefault() is { } match ? int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture) : 0;

        [GeneratedRegex(@"^\s*succeeded: (\d+)", RegexOptions.Multiline)]
        private static partial Regex Succeeded();

        [GeneratedRegex(@"^\s*failed: (\d+)", RegexOptions.Multiline)]
        private static partial Regex FailedCount();

        [GeneratedRegex(@"^\s*skipped: (\d+)", RegexOptions.Multiline)]
        private static partial Regex SkippedCount();
    }
}
