using Hub.Operations.Patroni;

namespace Hub.Operations.Tests;

public sealed class PatroniMemberTests
{
    [Fact]
    public void A_list_of_patronictl_gives_its_members()
    {
        var members = PatroniMember.ParseList("""
            [{"Cluster": "hub", "Member": "timescaledb-1", "Host": "timescaledb-1", "Role": "Leader", "State": "running", "TL": 3},
             {"Cluster": "hub", "Member": "timescaledb-2", "Host": "timescaledb-2", "Role": "Quorum Standby", "State": "streaming",
              "TL": 3, "Lag in MB": 1.5},
             {"Cluster": "hub", "Member": "timescaledb-3", "Host": "timescaledb-3", "Role": "Replica", "State": "starting",
              "Lag in MB": "unknown"}]
            """)!;
        Assert.Equal(["timescaledb-1", "timescaledb-2", "timescaledb-3"], members.Select(member => member.Name));
        Assert.Equal([true, false, false], members.Select(member => member.IsRunningLeader));
        Assert.Equal([false, true, false], members.Select(member => member is { IsStreaming: true, IsSynchronous: true }));
        Assert.Equal([3, 3, null], members.Select(member => member.Timeline));
        Assert.Equal(["", "1.5 MB", ""], members.Select(member => member.LagText));
    }

    [Fact]
    public void What_is_no_list_gives_none() => Assert.Null(PatroniMember.ParseList("2026-11-30 12:00:00 - ERROR - etcd does not answer"));
}
