namespace Hub.Drills.Tests.Cluster;

/// <summary>
/// The short set: one run of each of these faults under load, on one cluster. Strict about what may never happen, generous about time: how
/// long it took is printed, and depends on the machine.
/// </summary>
[Trait(Tiers.Trait, Tiers.Fault)]
public sealed class FaultTests(DrillFixture fixture, ITestOutputHelper output) : IClassFixture<DrillFixture>
{
    [Theory]
    [InlineData("primary-kill", 90)]
    [InlineData("primary-freeze", 90)]
    [InlineData("primary-cut", 90)]
    [InlineData("switchover", 60)]
    [InlineData("etcd-all", 300)] // A machine too busy for the members to answer each other within 2 s loses its leader until etcd is back.
    public async Task Nothing_acknowledged_is_lost_or_doubled_and_never_two_primaries_acknowledge(string name, int longestGap)
    {
        var result = await Drills.RunAsync(fixture, name, output);
        Assert.All(result.Paths, path => Assert.InRange(path.Gap.Length.TotalSeconds, 0, longestGap));
    }
}
