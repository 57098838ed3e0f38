using System.CommandLine;
using System.Globalization;
using System.Text.RegularExpressions;
using Hub.Cli.Engine;
using Hub.Cli.State;
using Hub.Operations.Processes;
using Spectre.Console;

namespace Hub.Cli.Commands;

/// <summary><c>hub test</c>: every tier, cheapest first, and one closing line.</summary>
internal static partial class TestCommand
{
    /// <summary>How much of a failure is shown again at the end.</summary>
    private const int FailureLines = 15;

    private const string Unit = "unit", Nightly = "nightly", Cluster = "cluster";
    private static readonly string[] Tiers = [Unit, "native", "integration", "fault", Nightly, Cluster];

    /// <summary>Those that run unless others are named: nightly takes half an hour, cluster a Kubernetes cluster.</summary>
    internal static IReadOnlyList<string> Default { get; } = [.. Tiers.Except([Nightly, Cluster])];

    public static Command Create(Ui ui)
    {
        var tier = new Option<string[]>("--tier") { Description = $"Run only these tiers: {string.Join(", ", Tiers)}. Can be repeated [default: {string.Join(", ", Default)}; nightly takes half an hour, and cluster needs a Kubernetes cluster in KUBECONFIG]." };
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
            await ui.StepAsync("Images", report => new ImageBuilder(engine, deployment.Repository, deployment.Topology.Images, report).EnsureAsync(names, rebuild: false, cancellation), built => built == 0 ? "up to date" : $"{built} built");
        }

        await ui.StepAsync("Build", async _ => (await ProcessRunner.RunAsync("dotnet", ["build", solution, "--nologo", "--verbosity", "quiet"], cancellation)).OrThrow("The solution does not build"), _ => null);
        var total = new Counts(0, 0, 0);
        var failed = new List<string>();
        var failures = new List<string>();
        foreach (var tier in tiers)
        {
            var (counts, output) = await RunTierAsync(ui, solution, tier, cancellation);
            total += counts;
            if (counts.Failed > 0)
            {
                failed.Add(tier);
                failures.AddRange(FailuresOf(output));
            }
        }

        if (failed.Count > 0)
        {
            // Once more at the end: above, the logs of a thousand other tests stand between them.
            foreach (var failure in failures)
                Console.Out.WriteLine(failure);
            ui.Console.WriteLine($"Failed tiers: {string.Join(", ", failed)}. Again: ./hub test --tier {failed[0]}");
        }

        Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{total.Passed} passed, {total.Failed} failed, {total.Skipped} skipped"));
        return total.Failed == 0 && total.Passed > 0 ? 0 : 1;
    }

    private static async Task<(Counts Counts, string Output)> RunTierAsync(Ui ui, string solution, string tier, CancellationToken cancellation)
    {
        string[] filter = tier == Unit
            ? [.. Tiers.Where(other => other != Unit).SelectMany(other => new[] { "--filter-not-trait", $"Tier={other}" })]
            : ["--filter-trait", $"Tier={tier}"];

        // These print what they do and measured, also when they pass.
        string[] output = tier is "fault" or Nightly or Cluster ? ["--show-live-output", "on"] : [];

        // Containers of two test programs at once would fight for the machine and for each other's deadlines.
        string[] modules = tier == Unit ? [] : ["--max-parallel-test-modules", "1"];
        ui.Console.WriteLine($"── {tier}");
        var result = await ProcessRunner.RunAsync("dotnet", ["test", "--solution", solution, "--no-build", .. modules, "--", .. filter, .. output, "--ignore-exit-code", "8"], cancellation,
            onLine: line => Console.Out.WriteLine(line), environment: new Dictionary<string, string> { ["TESTINGPLATFORM_NOBANNER"] = "1" });
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
                yield return string.Join('\n', lines.Skip(index + 1).TakeWhile(line => line.StartsWith("  ", StringComparison.Ordinal)).Take(FailureLines).Prepend(lines[index]));
        }
    }

    [GeneratedRegex(@"^failed \S+.* \(.*\)$")]
    private static partial Regex FailedTest();

    internal sealed partial record Counts(int Passed, int Failed, int Skipped)
    {
        public static Counts operator +(Counts left, Counts right) => new(left.Passed + right.Passed, left.Failed + right.Failed, left.Skipped + right.Skipped);

        /// <summary>
        /// Reads the closing block of `dotnet test`:
        /// <code>
        ///   failed: 0
        ///   succeeded: 12
        ///   skipped: 1
        /// </code>
        /// </summary>
        public static Counts Parse(string output) => new(Last(output, Succeeded()), Last(output, FailedCount()), Last(output, SkippedCount()));

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
