using Hub.Drills.Ledgers;

namespace Hub.Drills.Tests;

/// <summary>Whether two members acknowledged at one moment, from what each acknowledged to a client of its own.</summary>
public sealed class PrimaryEpochTests
{
    [Fact]
    public void Primaries_in_sequence_count_as_one() => Assert.Equal(1, Most(Write("a", 1, 1), Write("a", 1, 9), Write("b", 2, 20), Write("b", 2, 30)));

    [Fact]
    public void Superseded_primary_that_acknowledges_again_counts_as_two() =>
        Assert.Equal(2, Most(Write("a", 1, 1), Write("a", 1, 9), Write("b", 2, 20), Write("b", 2, 30), Write("a", 1, 25)));

    [Fact]
    public void Acknowledgement_within_anothers_epoch_counts_as_two() => Assert.Equal(2, Most(Write("a", 1, 1), Write("a", 1, 9), Write("b", 2, 5)));

    [Fact]
    public void Leading_again_later_counts_as_one() => Assert.Equal(1, Most(Write("a", 1, 1), Write("a", 1, 5), Write("b", 2, 10), Write("b", 2, 15), Write("a", 3, 20), Write("a", 3, 25)));

    [Fact]
    public void A_write_that_was_sent_before_the_other_acknowledged_does_not_prove_two()
    {
        // Sent at 9 and answered at 21, after b's first acknowledgement at 20: it may have been committed at 9.
        Assert.Equal(1, Most(Write("a", 1, 1), new MemberWrite("a", 1, Seconds(9), Seconds(21)), Write("b", 2, 20), Write("b", 2, 30)));
    }

    [Fact]
    public void No_acknowledgement_counts_as_no_primary() => Assert.Equal(0, Most());

    private static int Most(params MemberWrite[] writes) => PrimaryEpoch.MostAtOnce(PrimaryEpoch.Of(writes));

    private static MemberWrite Write(string member, long timeline, double end) => new(member, timeline, Seconds(end - 0.01), Seconds(end));

    private static TimeSpan Seconds(double seconds) => TimeSpan.FromSeconds(seconds);
}
