using Hub.Drills.Faults;

namespace Hub.Drills.Tests.Cluster;

/// <summary>
/// No room for data or WAL: writes are refused, the server may even stop, and when there is room again everything goes on without a hand.
/// </summary>
[Trait(Tiers.Trait, Tiers.Nightly)]
public sealed class FullDiskTests(SmallDisksFixture fixture, ITestOutputHelper output) : IClassFixture<SmallDisksFixture>
{
    [Theory]
    [InlineData("disk-full")]
    [InlineData("disks-full")]
    public async Task Nothing_acknowledged_is_lost_and_writes_come_back_with_the_room(string name)
    {
        Assert.Null(await FaultCatalog.Find(name).ImpossibleAsync(fixture.Cluster, TestContext.Current.CancellationToken));
        var result = await Drills.RunAsync(fixture, name, output);
        Assert.Contains(result.Paths.SelectMany(path => path.Reasons.Keys), reason => reason.StartsWith("refused", StringComparison.Ordinal));
    }
}
