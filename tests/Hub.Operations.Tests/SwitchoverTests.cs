using Hub.Operations.Patroni;
using Hub.Operations.Switchovers;

namespace Hub.Operations.Tests;

/// <summary>Who may take over.</summary>
public sealed class SwitchoverTests
{
    private static readonly PatroniMember[] Members =
    [
        new("timescaledb-1", "Replica", "streaming"), new("timescaledb-2", "Leader", "running"), new("timescaledb-3", "Quorum Standby", "streaming"),
    ];

    [Theory]
    [InlineData(null)]
    [InlineData("timescaledb-3")]
    public void Only_members_with_all_acknowledged_writes_take_over(string? wanted) => Assert.Equal(["timescaledb-3"], Switchover.Candidates(Members, "timescaledb-2", wanted));

    [Theory]
    [InlineData("timescaledb-1", "lacks acknowledged writes")]
    [InlineData("timescaledb-2", "leads already")]
    [InlineData("timescaledb-9", "no member")]
    public void Others_are_refused_with_the_reason(string wanted, string reason) =>
        Assert.Contains(reason, Assert.Throws<OperationException>(() => Switchover.Candidates(Members, "timescaledb-2", wanted)).Message, StringComparison.Ordinal);

    [Fact]
    public void Without_a_synchronous_standby_switchover_is_refused() =>
        Assert.Throws<OperationException>(() => Switchover.Candidates([Members[0], Members[1]], "timescaledb-2", null));
}
