namespace Hub.Drills.Tests.Cluster;

/// <summary>A lease that is cut short: nothing acknowledged is lost by it, whether the leader is dead, cut off or comes back in the middle of it.</summary>
[Trait(Tiers.Trait, Tiers.Nightly)]
public sealed class WitnessTests(WitnessesFixture fixture, ITestOutputHelper output) : IClassFixture<WitnessesFixture>
{
    [Theory]
    [InlineData("primary-kill", 1)]
    [InlineData("primary-freeze", 1)]
    [InlineData("primary-cut", 1)]
    [InlineData("primary-stall", 1)]
    [InlineData("primary-stall", 2)]
    [InlineData("primary-stall", 3)]
    [InlineData("switchover", 1)]
    [InlineData("etcd-all", 1)]
    public async Task Nothing_acknowledged_is_lost_or_doubled_and_never_two_primaries_acknowledge(string name, int seed)
    {
        var result = await Drills.RunAsync(fixture, name, output, seed);
        Assert.All(result.Paths, path => Assert.InRange(path.Gap.Length.TotalSeconds, 0, 90));
    }

    /// <summary>The ways to a primary without standbys, where others may end its lease.</summary>
    [Theory]
    [InlineData("primary-alone")]
    [InlineData("members-kill")]
    [InlineData("sync-lost")]
    [InlineData("sync-lost-behind")]
    public Task Nothing_acknowledged_is_on_one_member_only(string name) => Drills.RunAsync(fixture, name, output);
}
