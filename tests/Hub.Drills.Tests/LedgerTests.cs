using Hub.Drills.Ledgers;

namespace Hub.Drills.Tests;

/// <summary>The ledger's evaluation, on prepared ledgers: what it must find and what it must not.</summary>
public sealed class LedgerTests
{
    private static readonly Guid A = Guid.NewGuid(), B = Guid.NewGuid(), C = Guid.NewGuid(), D = Guid.NewGuid();

    private static readonly LedgerEntry[] Entries =
    [
        Entry(A, 1, Answer.Acknowledged), Entry(B, 2, Answer.Acknowledged), Entry(C, 3, Answer.Refused), Entry(D, 4, Answer.Unknown),
    ];

    [Fact]
    public void Acknowledged_once_refused_never_and_unknown_at_most_once_holds()
    {
        Assert.True(Verify((A, 1), (B, 1)).Holds);
        var stored = Verify((A, 1), (B, 1), (D, 1));
        Assert.True(stored.Holds);
        Assert.Equal(1, stored.UnknownStored);
    }

    [Fact]
    public void A_lost_row_is_found() => Assert.Equal([B], Verify((A, 1)).Lost);

    [Fact]
    public void A_row_that_only_some_tables_have_is_lost() => Assert.Equal([B], Verify((A, 1), (B, 0)).Lost);

    [Fact]
    public void A_duplicate_is_found_whatever_was_answered()
    {
        Assert.Equal([A], Verify((A, 2), (B, 1)).Duplicated);
        Assert.Equal([D], Verify((A, 1), (B, 1), (D, 2)).Duplicated);
    }

    [Fact]
    public void A_refused_row_that_is_stored_is_found() => Assert.Equal([C], Verify((A, 1), (B, 1), (C, 1)).RefusedPresent);

    [Fact]
    public void A_row_that_nobody_wrote_is_found() => Assert.Equal(1, Verify((A, 1), (B, 1), (Guid.NewGuid(), 1)).Foreign);

    [Theory]
    [InlineData("lost")]
    [InlineData("duplicate")]
    [InlineData("refused")]
    [InlineData("foreign")]
    public void Ledger_with_any_error_does_not_hold(string mutation)
    {
        var found = mutation switch
        {
            "lost" => Verify((A, 1)),
            "duplicate" => Verify((A, 2), (B, 1)),
            "refused" => Verify((A, 1), (B, 1), (C, 1)),
            _ => Verify((A, 1), (B, 1), (Guid.NewGuid(), 1)),
        };
        Assert.False(found.Holds);
    }

    [Fact]
    public void The_gap_is_the_widest_pause_after_the_fault_not_the_first()
    {
        // An answer that was under way when the fault struck at 10 still arrives at 10.2.
        var gap = WriteGap.Of(Acknowledged(1, 4, 9.8, 10.2, 28, 28.1, 33), Seconds(10), Seconds(34));
        Assert.Equal((Seconds(10.2), Seconds(28), true), (gap.From, gap.To, gap.Ended));
        Assert.Equal(17.8, gap.Length.TotalSeconds, precision: 6);
    }

    [Fact]
    public void A_pause_before_the_fault_does_not_count() => Assert.Equal(Seconds(0.5), WriteGap.Of(Acknowledged(1, 9.8, 10.3), Seconds(10), Seconds(10.4)).Length);

    [Fact]
    public void A_path_that_does_not_recover_has_a_gap_to_the_end_that_is_open()
    {
        var gap = WriteGap.Of(Acknowledged(1, 9, 11), Seconds(10), Seconds(40));
        Assert.Equal((Seconds(11), Seconds(40), false), (gap.From, gap.To, gap.Ended));
    }

    [Fact]
    public void Only_acknowledgements_end_a_gap()
    {
        var entries = Acknowledged(9, 20).Append(Entry(Guid.NewGuid(), 12, Answer.Refused)).Append(Entry(Guid.NewGuid(), 13, Answer.Unknown));
        Assert.Equal(Seconds(11), WriteGap.Of(entries, Seconds(10), Seconds(21)).Length);
    }

    [Fact]
    public void Quantiles_are_of_acknowledged_writes_only()
    {
        var entries = Enumerable.Range(1, 100).Select(ms => new LedgerEntry("p", Guid.NewGuid(), TimeSpan.Zero, TimeSpan.FromMilliseconds(ms), Answer.Acknowledged))
            .Append(new LedgerEntry("p", Guid.NewGuid(), TimeSpan.Zero, TimeSpan.FromHours(1), Answer.Unknown));
        var latency = Latency.Of(entries);
        Assert.Equal((100, 50d, 99d, 100d), (latency.Count, latency.P50.TotalMilliseconds, latency.P99.TotalMilliseconds, latency.Longest.TotalMilliseconds));
    }

    private static Verification Verify(params (Guid Id, int Count)[] stored) => Verification.Of(Entries, stored.ToDictionary(row => row.Id, row => row.Count));

    private static IEnumerable<LedgerEntry> Acknowledged(params double[] ends) => ends.Select(end => Entry(Guid.NewGuid(), end, Answer.Acknowledged));

    private static LedgerEntry Entry(Guid id, double end, Answer answer) => new("p", id, Seconds(end - 0.1), Seconds(end), answer);

    private static TimeSpan Seconds(double seconds) => TimeSpan.FromSeconds(seconds);
}
