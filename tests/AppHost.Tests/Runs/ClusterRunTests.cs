using Analytics.Topology;
using AppHost.Cluster;
using AppHost.Operations;
using AppHost.Tests.Runs;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace AppHost.Tests;

[Trait(Tiers.Trait, Tiers.Nightly)]
public sealed class A_cluster_that_Aspire_started
{
    private static readonly TimeSpan Minutes = TimeSpan.FromMinutes(2);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Survives_a_switch_over_and_a_killed_primary_without_losing_a_call()
    {
        await using var data = new RunData(HubProfile.Cluster);
        await using var run = await HubRun.StartAsync(data);
        await run.UpAsync();
        var model = $"gpt-{Guid.NewGuid():N}";
        await run.SendTraceAsync(model, inputTokens: 1);

        var switched = await run.CommandAsync(ClusterNames.TimescaleDb, DatabaseCommands.SwitchOver);
        Assert.True(switched.Success, switched.Message);
        await run.HealthAsync(ClusterNames.TimescaleDb, HealthStatus.Healthy, Minutes);
        await run.SendTraceAsync(model, inputTokens: 1);

        var killed = await run.CommandAsync(ClusterNames.TimescaleDb, DatabaseCommands.KillPrimary);
        Assert.True(killed.Success, killed.Message);
        await run.HealthAsync(ClusterNames.TimescaleDb, HealthStatus.Unhealthy, TimeSpan.FromSeconds(15));
        await run.HealthAsync(ClusterNames.TimescaleDb, HealthStatus.Healthy, Minutes);
        await run.HealthAsync(ClusterNames.Ingest, HealthStatus.Healthy, Minutes);
        await run.SendTraceAsync(model, inputTokens: 1);
        await Eventually.TrueAsync(async () => (await run.UsageAsync()).GetValueOrDefault(model) == (3, 3), Minutes,
            () => "usage does not show three calls", Cancel);
    }

    [Fact]
    public async Task Runs_beside_another_hub_and_each_has_its_own_data()
    {
        await using var data = new RunData(HubProfile.Cluster);
        await using var otherData = new RunData(HubProfile.Single, data.PortOffset);
        await using var run = await HubRun.StartAsync(data);
        await using var other = await HubRun.StartAsync(otherData);
        await run.UpAsync();
        await other.UpAsync();
        var model = $"gpt-{Guid.NewGuid():N}";
        await run.SendTraceAsync(model, inputTokens: 1);
        await Eventually.TrueAsync(
            async () => (await run.UsageAsync()).ContainsKey(model), Minutes, () => "usage does not show the call", Cancel);
        Assert.DoesNotContain(model, (await other.UsageAsync()).Keys);
    }
}
