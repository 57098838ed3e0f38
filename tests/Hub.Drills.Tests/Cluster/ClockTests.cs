using Hub.Drills.Faults;

namespace Hub.Drills.Tests.Cluster;

/// <summary>
/// A clock that jumps, both ways, and a primary after another whose clock is not the same: who leads goes by leases, which etcd measures,
/// and what is acknowledged goes by positions in the WAL. No clock decides either.
/// </summary>
[Trait(Tiers.Trait, Tiers.Nightly)]
public sealed class ClockTests(ClocksFixture fixture, ITestOutputHelper output) : IClassFixture<ClocksFixture>
{
    [Theory]
    [InlineData("clock-ahead")]
    [InlineData("clock-behind")]
    [InlineData("clocks-apart")]
    public async Task Nothing_acknowledged_is_lost_or_doubled_and_never_two_primaries_acknowledge(string name)
    {
        Assert.Null(await FaultCatalog.Find(name).ImpossibleAsync(fixture.Cluster, TestContext.Current.CancellationToken));
        await Drills.RunAsync(fixture, name, output);
        foreach (var member in fixture.Cluster.Members)
            Assert.InRange((await Clock.OffAsync(fixture.Cluster, member, TestContext.Current.CancellationToken))!.Value, -5, 5);
    }
}
