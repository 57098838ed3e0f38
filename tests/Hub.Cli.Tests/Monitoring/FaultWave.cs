namespace Hub.Cli.Tests.Monitoring;

/// <summary>
/// Faults that do not touch each other, made together: their alerts are waited for at the same time. What is waited for is always a state, never
/// a time; the patience is only how long a test that fails takes to say so.
/// </summary>
internal sealed class FaultWave(MonitoredCluster fixture, ITestOutputHelper output)
{
    private static readonly TimeSpan WaitLimit = TimeSpan.FromMinutes(4);

    private readonly Dictionary<string, FiringAlert> seen = [];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>Makes the faults, waits for their alerts, mends them, and waits until the alerts are gone.</summary>
    public async Task RunAsync(params Fault[] faults)
    {
        var alerts = faults.SelectMany(fault => fault.Alerts).Distinct().ToList();
        await UntilGoneAsync(alerts, "fires before anything was broken");
        var made = new List<Fault>();
        try
        {
            foreach (var fault in faults)
            {
                made.Add(fault);
                await fault.Make();
            }

            await UntilSeenAsync(alerts);
            foreach (var (check, status) in faults.Select(fault => fault.Health).OfType<(string, string)>())
                await UntilAsync(async () => await fixture.HealthAsync(check) == status, () => $"{check} is not {status}");
            await UntilAgreedAsync();
        }
        finally
        {
            var started = TimeProvider.System.GetTimestamp();
            await MendAsync(made);
            output.WriteLine($"mended within {TimeProvider.System.GetElapsedTime(started).TotalSeconds:0} s");
        }

        Assert.All(alerts, name =>
        {
            var texts = seen[name].Annotations["summary"] + seen[name].Annotations["description"];
            Assert.DoesNotContain("<error", texts, StringComparison.Ordinal);
            Assert.DoesNotContain("<no value>", texts, StringComparison.Ordinal);
            Assert.Equal(fixture.Cluster.Topology.Name, seen[name].Labels["cluster"]);
        });
        await UntilGoneAsync(alerts, "still fires");
        foreach (var (check, _) in faults.Select(fault => fault.Health).OfType<(string, string)>())
            await UntilAsync(async () => await fixture.HealthAsync(check) == "ok", () => $"{check} is not ok again");
        await UntilAgreedAsync();
    }

    /// <summary>Whoever reads analytics.system_health_check() and whoever reads the alerts is told the same, now too.</summary>
    private async Task UntilAgreedAsync()
    {
        var started = TimeProvider.System.GetTimestamp();
        IReadOnlyList<string> differences = [];
        await UntilAsync(async () => (differences = await fixture.DifferencesAsync()).Count == 0, () => string.Join('\n', differences));
        output.WriteLine($"health checks and alerts agree, after {TimeProvider.System.GetElapsedTime(started).TotalSeconds:0} s");
    }

    /// <summary>All of them, also when one cannot be repaired.</summary>
    private static async Task MendAsync(IEnumerable<Fault> faults)
    {
        var problems = new List<Exception>();
        foreach (var fault in faults)
        {
            try
            {
                await fault.Mend();
            }
            catch (Exception problem)
            {
                problems.Add(problem);
            }
        }

        if (problems.Count > 0)
            throw new AggregateException(problems);
    }

    private async Task UntilSeenAsync(IReadOnlyList<string> alerts)
    {
        var started = TimeProvider.System.GetTimestamp();
        await UntilAsync(async () =>
        {
            foreach (var alert in await fixture.Prometheus.FiringAsync(Cancel))
            {
                if (seen.TryAdd(alert.Name, alert) && alerts.Contains(alert.Name))
                    output.WriteLine($"{alert.Name} fires after {TimeProvider.System.GetElapsedTime(started).TotalSeconds:0} s: {alert.Annotations["summary"]}");
            }

            return alerts.All(seen.ContainsKey);
        }, () => $"not seen to fire: {string.Join(", ", alerts.Where(name => !seen.ContainsKey(name)))}; seen: {string.Join(", ", seen.Keys)}");
    }

    private async Task UntilGoneAsync(IReadOnlyList<string> alerts, string otherwise)
    {
        var started = TimeProvider.System.GetTimestamp();
        IReadOnlyList<string> left = alerts;
        await UntilAsync(async () => (left = [.. (await fixture.Prometheus.FiringAsync(Cancel)).Select(alert => alert.Name).Intersect(alerts)]).Count == 0,
            () => $"{otherwise}: {string.Join(", ", left)}");
        output.WriteLine($"none of {alerts.Count} fires, after {TimeProvider.System.GetElapsedTime(started).TotalSeconds:0} s");
    }

    private static Task UntilAsync(Func<Task<bool>> condition, Func<string> otherwise) => Eventually.TrueAsync(condition, WaitLimit, otherwise, Cancel);
}
