namespace Hub.Cluster.Tests;

/// <summary>
/// What a cluster does to a hub, under load: each acknowledged write is there afterwards, once, and was on two members at its
/// acknowledgement. How long writes waited is printed, and depends on the cluster.
/// </summary>
[Trait(Tiers.Trait, Tiers.Cluster)]
[Collection(SharedHub.Name)]
public sealed class DrillTests(SharedHub shared)
{
    [Theory]
    [InlineData("leader-deleted")]
    [InlineData("leader-forced")]
    [InlineData("members-deleted")]
    [InlineData("members-forced")]
    [InlineData("gateway-deleted")]
    [InlineData("ingest-deleted")]
    [InlineData("etcd-deleted")]
    [InlineData("etcd-all-deleted")]
    [InlineData("node-drained")]
    public async Task Nothing_acknowledged_is_lost_or_doubled_or_on_one_member_only(string name)
    {
        var hub = await shared.HealthyAsync();
        await ClusterFaults.RunAsync(hub, await new ClusterFaults(hub).FindAsync(name));
    }
}

/// <summary>A leader whose standbys are gone acknowledges nothing, also when it was started anew after Patroni had forgotten
/// them.</summary>
[Trait(Tiers.Trait, Tiers.Cluster)]
[Collection(SharedHub.Name)]
public sealed class TwoCopiesTests(SharedHub shared)
{
    [Fact]
    public async Task A_leader_without_standbys_acknowledges_nothing()
    {
        var hub = await shared.HealthyAsync();
        var fault = await new ClusterFaults(hub).FindAsync("primary-alone");
        var result = await ClusterFaults.RunAsync(hub, fault);

        // The standbys come back after the hold; until then nobody was told that a write is safe.
        Assert.All(result.Paths,
            path => Assert.True(path.Gap.Length >= fault.Hold,
                $"{path.Path} acknowledged within {path.Gap.Length.TotalSeconds:0} s:\n{result.Describe()}"));
    }
}
