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
        // Where the standbys' disks are full before the primary needs room, commits wait for a receipt instead, and ingest answers 503 at
        // its deadline.
        Assert.Contains(result.Paths.SelectMany(path => path.Reasons.Keys),
            reason => reason.StartsWith("refused", StringComparison.Ordinal) || (name == "disks-full" && reason == "unknown: 503"));
    }
}

/// <summary>No room for WAL alone: a standby takes over, and the member comes back with the room.</summary>
[Trait(Tiers.Trait, Tiers.Nightly)]
public sealed class FullWalDiskTests(WalDisksFixture fixture, ITestOutputHelper output) : IClassFixture<WalDisksFixture>
{
    [Fact]
    public async Task Nothing_acknowledged_is_lost_and_a_standby_takes_over()
    {
        Assert.Null(await FaultCatalog.Find("wal-full").ImpossibleAsync(fixture.Cluster, TestContext.Current.CancellationToken));
        var result = await Drills.RunAsync(fixture, "wal-full", output);
        Assert.NotEqual(result.LeaderBefore, result.LeaderAfter);
    }
}
