namespace Hub.Drills.Tests.Cluster;

/// <summary>An acknowledged write is on two members: when a primary is alone nothing is acknowledged, and when one is destroyed nothing is
/// lost.</summary>
[Trait(Tiers.Trait, Tiers.Fault)]
public sealed class TwoCopiesTests(DrillFixture fixture, ITestOutputHelper output) : IClassFixture<DrillFixture>
{
    [Theory]
    [InlineData("primary-alone")]
    [InlineData("primary-destroy")]
    public Task Nothing_acknowledged_is_on_one_member_only(string name) => Drills.RunAsync(fixture, name, output);
}
