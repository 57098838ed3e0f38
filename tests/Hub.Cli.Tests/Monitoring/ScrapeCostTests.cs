using System.Globalization;
using Analytics.Topology;
using Hub.Cli.Engine;
using Hub.Operations.Processes;

namespace Hub.Cli.Tests.Monitoring;

/// <summary>
/// What it costs to be watched: processor time of every container of an idle hub, with Prometheus and without it, in turn. Processor time
/// is the same however busy the machine is with other things; what the hub does by itself is in both and falls out.
/// </summary>
[Trait(Tiers.Trait, Tiers.Nightly)]
public sealed class ScrapeCostTests(ITestOutputHelper output)
{
    private const int Rounds = 3;

    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(45), Sample = TimeSpan.FromSeconds(45);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_scrape_of_the_whole_topology_costs_less_than_three_percent_of_one_core()
    {
        await using var cluster = await HubCluster.StartAsync(Presets.Development, Cancel);
        await Task.Delay(Settling, Cancel);
        var (with, without) = (new List<Dictionary<string, double>>(), new List<Dictionary<string, double>>());
        for (var round = 0; round < Rounds; round++)
        {
            with.Add(await SharesAsync(cluster, _ => true));
            await EngineAsync("pause", cluster);
            without.Add(await SharesAsync(cluster, name => name != ClusterNames.Prometheus));
            await EngineAsync("unpause", cluster);
        }

        double Difference(int round, Func<string, bool> of) => with[round].Where(share => of(share.Key)).Sum(share => share.Value) - without[round].Where(share => of(share.Key)).Sum(share => share.Value);
        double Average(Func<string, bool> of) => Enumerable.Range(0, Rounds).Average(round => Difference(round, of));
        foreach (var part in with[0].Keys.GroupBy(name => name.TrimEnd('1', '2', '3', '-')))
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{part.Key}: {Average(part.Contains):P2} of one core"));
        var scraped = Average(name => name != ClusterNames.Prometheus);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"all that are scraped: {scraped:P2}; single rounds: ")
            + string.Join(", ", Enumerable.Range(0, Rounds).Select(round => Difference(round, name => name != ClusterNames.Prometheus).ToString("P2", CultureInfo.InvariantCulture))));
        Assert.InRange(scraped, 0.0005, 0.03);
    }

    /// <summary>The share of one core that each container has used.</summary>
    private static async Task<Dictionary<string, double>> SharesAsync(HubCluster cluster, Func<string, bool> of)
    {
        var names = cluster.Deployment.Containers.Where(spec => spec is { OnDemand: false, RunsOnce: false }).Select(spec => spec.Name).Where(of).ToList();
        var begin = new Dictionary<string, (double Seconds, long At)>();
        foreach (var name in names)
            begin[name] = await ReadAsync(cluster, name);
        await Task.Delay(Sample, Cancel);
        var shares = new Dictionary<string, double>();
        foreach (var name in names)
        {
            var (seconds, at) = await ReadAsync(cluster, name);
            shares[name] = (seconds - begin[name].Seconds) / TimeProvider.System.GetElapsedTime(begin[name].At, at).TotalSeconds;
        }

        return shares;
    }

    /// <summary>Processor seconds of a container since its start, from its control group, whichever version that has.</summary>
    private static async Task<(double Seconds, long At)> ReadAsync(HubCluster cluster, string name)
    {
        var result = await cluster[name].ExecAsync(["sh", "-c", "cat /sys/fs/cgroup/cpuacct/cpuacct.usage 2>/dev/null || sed -n 's/^usage_usec \\(.*\\)/\\1000/p' /sys/fs/cgroup/cpu.stat"], Cancel);
        Assert.True(result.ExitCode == 0, result.Stderr);
        return (double.Parse(result.Stdout, CultureInfo.InvariantCulture) / 1e9, TimeProvider.System.GetTimestamp());
    }

    private static async Task EngineAsync(string order, HubCluster cluster) =>
        (await ProcessRunner.RunAsync("docker", [order, cluster[ClusterNames.Prometheus].Id], Cancel)).OrThrow($"docker {order} failed");
}
