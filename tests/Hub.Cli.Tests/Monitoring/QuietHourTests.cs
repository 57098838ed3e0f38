using System.Globalization;
using System.Text.Json;
using Analytics.Topology;
using Analytics.Topology.Monitoring;
using Hub.Cli.Send.Replay;
using Hub.Cli.Send.Sampling;
using Hub.Cli.Send.Traces;
using Hub.Cli.Tests.EndToEnd;
using Hub.Drills.Faults;

namespace Hub.Cli.Tests.Monitoring;

/// <summary>
/// A fresh hub, its own rules as they are, an hour of ordinary load, and every drill once: nobody is told anything that is not so. While nothing is
/// broken no alert of severity warning or critical fires, and a drill raises none but those that it names (<see cref="Drills.Faults.Fault.Alerts"/>).
/// HUB_QUIET_MINUTES (60) and HUB_QUIET_DRILLS (all, by name, with commas) make it shorter, for whoever changes a rule or a drill.
/// </summary>
[Trait(Tiers.Trait, Tiers.Nightly)]
public sealed class QuietHourTests(RunningHub hub, ITestOutputHelper output) : IClassFixture<RunningHub>
{
    /// <summary>Calls a second, and calls in an export.</summary>
    private const int Rate = 5, Batch = 2;

    /// <summary>What needs members with disks and clocks of their own.</summary>
    private static readonly string[] OwnHub = ["disk-full", "wal-full", "disks-full", "clock-ahead", "clock-behind", "clocks-apart"];

    private static readonly TimeSpan Hour = TimeSpan.FromMinutes(double.Parse(Environment.GetEnvironmentVariable("HUB_QUIET_MINUTES") ?? "60", CultureInfo.InvariantCulture));

    /// <summary>What the alerts that wait longest beside a drill need afterwards to show themselves.</summary>
    private static readonly TimeSpan Afterwards = Min(Hour / 4, TimeSpan.FromMinutes(10));

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Nothing_fires_but_what_a_drill_must_raise()
    {
        var began = TimeProvider.System.GetUtcNow();
        using var prometheus = new PrometheusClient(new Uri($"http://127.0.0.1:{hub.Port(Ports.Prometheus)}"));
        using var over = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var load = LoadAsync(over.Token);
        var drills = new List<Drilled>();
        var failed = new List<string>();
        try
        {
            // A young hub, which nobody has touched.
            await Task.Delay(Hour / 6, Cancel);
            foreach (var fault in Chosen())
            {
                await UntilHealthyAsync();
                var from = TimeProvider.System.GetUtcNow();
                var run = await hub.RunAsync("drill", "run", fault.Name, "--seed", "1");
                drills.Add(new Drilled(fault, from, TimeProvider.System.GetUtcNow()));
                if (run.ExitCode != 0)
                {
                    failed.Add($"{fault.Name}: {run.Output}{run.Error}");
                    Report(failed[^1]);
                }

                Report($"{from:HH:mm:ss} {fault.Name}, {(drills[^1].To - from).TotalSeconds:0} s");
            }

            var left = began + Hour - TimeProvider.System.GetUtcNow();
            await Task.Delay(left > Afterwards ? left : Afterwards, Cancel);
        }
        finally
        {
            await over.CancelAsync();
            var sent = await load;
            Report($"{sent} calls of ordinary load acknowledged in {(TimeProvider.System.GetUtcNow() - began).TotalMinutes:0} minutes");
        }

        var ended = TimeProvider.System.GetUtcNow();
        var rules = AlertRules.For(Presets.Development);
        var alerts = await prometheus.FiredAsync("""severity=~"warning|critical" """.Trim(), began, ended, Cancel);
        foreach (var alert in alerts.OrderBy(alert => alert.From))
            Report($"{alert} ({string.Join(", ", drills.Where(drill => drill.From <= alert.From).TakeLast(1).Select(drill => drill.Fault.Name))})");
        var watched = await prometheus.FiredAsync("""alertname="Watchdog" """.Trim(), began, ended, Cancel);
        Assert.Empty(failed);
        Assert.Empty(Drilled.Unexplained(alerts, drills, rules).Select(alert => alert.ToString()));

        // Who saw nothing for a while would have been quiet too.
        Assert.InRange((ended - began - TimeSpan.FromTicks(watched.Sum(span => (span.To - span.From).Ticks))).TotalMinutes, -1, 2);
    }

    /// <summary>A drill refuses a hub that is not healthy, and on a busy machine one look may meet a part that has no time to answer.</summary>
    private Task UntilHealthyAsync()
    {
        var problems = "";
        return Eventually.TrueAsync(async () =>
        {
            var status = await hub.RunAsync("status", "--json");
            if (!status.Output.StartsWith('{'))
            {
                problems = status.Output + status.Error;
                return false;
            }

            using var document = JsonDocument.Parse(status.Output);
            problems = string.Join("; ", document.RootElement.GetProperty("problems").EnumerateArray().Select(problem => problem.GetString()!).Where(problem => !problem.StartsWith("alert ", StringComparison.Ordinal)));
            return problems.Length == 0;
        }, TimeSpan.FromMinutes(5), () => problems, Cancel);
    }

    private static IEnumerable<Drills.Faults.Fault> Chosen() => Environment.GetEnvironmentVariable("HUB_QUIET_DRILLS") is { } names
        ? names.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(FaultCatalog.Find)
        : FaultCatalog.All.Where(fault => !OwnHub.Contains(fault.Name));

    /// <summary>Traffic like that of <c>./hub send</c>: some calls failed, some have no price.</summary>
    /// <returns>How many calls were acknowledged.</returns>
    private async Task<long> LoadAsync(CancellationToken stop)
    {
        var options = new ReplayOptions { ApiKey = hub.ApiKey, Endpoint = new Uri($"http://127.0.0.1:{hub.Port(Ports.OtlpHttp)}/v1/traces"), Rate = Rate, BatchSize = Batch, GiveUpAfter = TimeSpan.FromHours(1) };
        using var http = ExportClient.CreateHttp(options);
        var acknowledged = 0L;
        for (var seed = 1; !stop.IsCancellationRequested; seed++)
        {
            var traffic = new SampleTraffic(SyntheticTrace.Make(Rate * 60, seed, TimeProvider.System.GetUtcNow().UtcDateTime), TimeSpan.Zero, seed);
            var result = await new TraceReplayer(http, options, TimeProvider.System).RunAsync(traffic, stop: stop);
            acknowledged += result.Acknowledged;
        }

        return acknowledged;
    }

    private void Report(string line) => output.WriteLine(line);

    private static TimeSpan Min(TimeSpan one, TimeSpan other) => one < other ? one : other;
}
