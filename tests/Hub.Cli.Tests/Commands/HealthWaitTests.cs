using Hub.Cli.Commands;
using Hub.Operations.Patroni;

namespace Hub.Cli.Tests.Commands;

public sealed class HealthWaitTests
{
    private static readonly PatroniMember Leader = Of("timescaledb-1", "Leader", "running");
    private static readonly PatroniMember Synchronous = Of("timescaledb-2", "Quorum Standby", "streaming");
    private static readonly PatroniMember Streaming = Of("timescaledb-3", "Replica", "streaming");

    [Fact]
    public void A_leader_and_streaming_standbys_of_which_one_is_synchronous_lack_nothing() =>
        Assert.Null(HealthWait.Missing(3, [Leader, Synchronous, Streaming]));

    [Fact]
    public void A_single_member_needs_no_standby() => Assert.Null(HealthWait.Missing(1, [Leader]));

    [Fact]
    public void What_is_missing_is_named()
    {
        Assert.Equal("waiting for Patroni", HealthWait.Missing(3, []));
        Assert.StartsWith("waiting for a leader", HealthWait.Missing(3, [Synchronous, Streaming]), StringComparison.Ordinal);
        Assert.StartsWith("waiting for a leader", HealthWait.Missing(3, [Leader with { State = "starting" }, Synchronous, Streaming]), StringComparison.Ordinal);
        Assert.StartsWith("1 of 2 replicas stream", HealthWait.Missing(3, [Leader, Synchronous, Streaming with { State = "creating replica" }]), StringComparison.Ordinal);
        Assert.Equal("waiting for a synchronous standby", HealthWait.Missing(3, [Leader, Streaming, Synchronous with { Role = "Replica" }]));
    }

    [Fact]
    public void A_hub_that_commits_on_one_of_its_members_is_not_up()
    {
        Assert.Equal("none named: commits are on this server only, one of 3 members", HealthWait.Verdict([("critical", "none named: commits are on this server only, one of 3 members")]));
        Assert.Null(HealthWait.Verdict([("ok", "2 of ANY 1 (a,b)")]));
        Assert.Null(HealthWait.Verdict([("warning", "one copy: this hub has one member, and a commit is on it only")]));
        Assert.NotNull(HealthWait.Verdict([]));
    }

    private static PatroniMember Of(string name, string role, string state) => new(name, role, state);
}
