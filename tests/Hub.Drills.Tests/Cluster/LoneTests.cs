namespace Hub.Drills.Tests.Cluster;

/// <summary>Every other way to a primary without standbys: nothing acknowledged is on one member only.</summary>
[Trait(Tiers.Trait, Tiers.Nightly)]
public sealed class LoneTests(DrillFixture fixture, ITestOutputHelper output) : IClassFixture<DrillFixture>
{
    [Theory]
    [InlineData("members-kill", 1)]
    [InlineData("members-kill", 2)]
    [InlineData("clone-alone", 1)]
    [InlineData("paused-alone", 1)]
    [InlineData("sync-lost", 1)]
    [InlineData("sync-lost-behind", 1)]
    [InlineData("leader-lost", 1)]
    public Task Nothing_acknowledged_is_on_one_member_only(string name, int seed) => Drills.RunAsync(fixture, name, output, seed);
}

/// <summary>A second blow: what is acknowledged after a fault is there when whoever led then is destroyed with its disk.</summary>
[Trait(Tiers.Trait, Tiers.Nightly)]
public sealed class DestroyedTests(DrillFixture fixture, ITestOutputHelper output) : IClassFixture<DrillFixture>
{
    [Theory]
    [InlineData("switchover")]
    [InlineData("primary-kill")]
    [InlineData("primary-cut")]
    [InlineData("replica-kill")]
    [InlineData("etcd-1")]
    public Task Nothing_acknowledged_is_lost(string name) => Drills.RunAsync(fixture, name, output, destroyLeader: true);
}
