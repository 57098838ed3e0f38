using Hub.Drills.Operations;

namespace Hub.Drills.Tests;

/// <summary>Who may take over.</summary>
public sealed class SwitchoverTests
{
    private static readonly DrillMember[] Members =
    [
        new("timescaledb-1", "Replica", "streaming"), new("timescaledb-2", "Leader", "running"), new("timescaledb-3", "Quorum Standby", "streaming"),
    ];

    [Fact]
    public void Nobody_named_takes_the_first_that_is_in_step() => Assert.Equal("timescaledb-3", Switchover.Choose(Members, "timescaledb-2", null));

    [Fact]
    public void A_named_one_in_step_takes_over() => Assert.Equal("timescaledb-3", Switchover.Choose(Members, "timescaledb-2", "timescaledb-3"));

    [Theory]
    [InlineData("timescaledb-1", "not in step")]
    [InlineData("timescaledb-2", "leads already")]
    [InlineData("timescaledb-9", "no member")]
    public void Others_are_refused_with_the_reason(string wanted, string reason) =>
        Assert.Contains(reason, Assert.Throws<DrillException>(() => Switchover.Choose(Members, "timescaledb-2", wanted)).Message, StringComparison.Ordinal);

    [Fact]
    public void Without_a_synchronous_standby_nobody_can() =>
        Assert.Throws<DrillException>(() => Switchover.Choose([Members[0], Members[1]], "timescaledb-2", null));
}
