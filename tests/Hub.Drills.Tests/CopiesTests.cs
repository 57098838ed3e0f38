using Hub.Drills.Ledgers;

namespace Hub.Drills.Tests;

/// <summary>On how many members a write was when it was acknowledged: sent at 10.0, acknowledged at 10.1, on a leader a with standbys b and c.</summary>
public sealed class CopiesTests
{
    private static readonly LedgerEntry Write = new("p", Guid.NewGuid(), Seconds(10), Seconds(10.1), Answer.Acknowledged);

    /// <summary>The leader has 1000 before the write is sent, and 1300 after it is acknowledged.</summary>
    private static readonly MemberSample[] Leader = [Leads(9.9, 1000), Leads(10.15, 1300)];

    [Fact]
    public void A_standby_that_has_all_of_it_is_the_second_copy() => Assert.Equal((1, 0, 0), Count([.. Leader, Stands("b", 10.2, 1300), Stands("c", 10.2, 900)]));

    [Fact]
    public void Standbys_without_newer_WAL_than_the_write_do_not_count() => Assert.Equal((0, 0, 1), Count([.. Leader, Stands("b", 10.2, 1000), Stands("c", 10.2, 900)]));

    [Fact]
    public void Disconnected_standbys_do_not_count() => Assert.Equal((0, 0, 1), Count([.. Leader, Stands("b", 1, 900), Stands("c", 1, 900), Stands("b", 60, 1300)]));

    [Fact]
    public void Standby_whose_session_is_being_opened_is_undecided() =>
        Assert.Equal((0, 1, 0), Count([.. Leader, Stands("b", 1, 900), Stands("c", 1, 900), Stands("b", 8, 1300) with { Ended = Seconds(12.5), First = true }]));

    [Fact]
    public void Standby_that_is_silent_in_its_session_does_not_count() =>
        Assert.Equal((0, 0, 1), Count([.. Leader, Stands("b", 1, 900), Stands("c", 1, 900), Stands("b", 7, 1300) with { Ended = Seconds(60) }]));

    [Fact]
    public void Standby_that_disconnected_at_that_time_is_undecided() => Assert.Equal((0, 1, 0), Count([.. Leader, Stands("b", 9.95, 1000), Stands("c", 1, 900)]));

    [Fact]
    public void Standby_with_a_part_of_the_leaders_WAL_is_undecided() => Assert.Equal((0, 1, 0), Count([.. Leader, Stands("b", 10.2, 1200), Stands("c", 10.2, 900)]));

    [Fact]
    public void What_comes_later_does_not_count() => Assert.Equal((0, 1, 0), Count([.. Leader, Stands("b", 10.2, 1200), Stands("b", 13, 1300)]));

    [Fact]
    public void Another_timeline_is_another_history() => Assert.Equal((0, 1, 0), Count([.. Leader, Stands("b", 10.2, 1300) with { Timeline = 2 }]));

    [Fact]
    public void A_leader_that_waits_for_nobody_acknowledges_alone_whatever_standbys_have() =>
        Assert.Equal((0, 0, 1), Count([Leads(9.9, 1000) with { Alone = true }, Leads(10.15, 1300) with { Alone = true }, Stands("b", 10.2, 1300)]));

    [Fact]
    public void Leader_that_started_to_wait_meanwhile_is_undecided() =>
        Assert.Equal((1, 0, 0), Count([Leads(9.9, 1000) with { Alone = true }, Leads(10.15, 1300), Stands("b", 10.2, 1300)]));

    [Fact]
    public void Without_samples_nothing_is_proven_and_the_ledger_does_not_hold()
    {
        var none = Copies.Of([Write], []);
        Assert.Equal((0, 1), (none.Proven, none.Unproven));
        Assert.False(none.Holds);
    }

    [Fact]
    public void Only_acknowledged_writes_count() => Assert.Equal(new Copies(0, 0, []), Copies.Of([Write with { Answer = Answer.Unknown }], Leader) with { OnOne = [] });

    [Theory]
    [InlineData(100, 0, 0, true)]
    [InlineData(80, 20, 0, true)]
    [InlineData(79, 21, 0, false)]
    [InlineData(100, 0, 1, false)]
    public void Ledger_holds_when_no_write_was_on_one_member_and_most_are_proven(int proven, int unproven, int onOne, bool holds) =>
        Assert.Equal(holds, new Copies(proven, unproven, [.. Enumerable.Range(0, onOne).Select(_ => Guid.NewGuid())]).Holds);

    private static (int Proven, int Unproven, int OnOne) Count(MemberSample[] samples)
    {
        var copies = Copies.Of([Write], samples);
        return (copies.Proven, copies.Unproven, copies.OnOne.Count);
    }

    private static MemberSample Leads(double at, long lsn) => new("a", Seconds(at), Seconds(at + 0.01), 1, Leads: true, lsn, lsn, Alone: false);

    private static MemberSample Stands(string member, double at, long lsn) => new(member, Seconds(at), Seconds(at + 0.01), 1, Leads: false, lsn, lsn, Alone: false);

    private static TimeSpan Seconds(double seconds) => TimeSpan.FromSeconds(seconds);
}
