namespace Hub.Drills.Ledgers;

/// <summary>The longest time without an acknowledgement on one path, from the last before a fault on.</summary>
/// <param name="From">The last acknowledgement before the pause, since the ledger began.</param>
/// <param name="To">The first one after it, or the end of the ledger.</param>
/// <param name="Ended">Whether there was one after it: whether the path recovered.</param>
public sealed record WriteGap(TimeSpan From, TimeSpan To, bool Ended)
{
    public TimeSpan Length => To - From;

    /// <summary>
    /// The widest pause between two acknowledgements in a row of which the second came after the fault. Answers that were under way when
    /// the fault struck came from before it: the first acknowledgement after it may be one of those, so the widest counts, not the first.
    /// </summary>
    /// <param name="entries">The ledger of one path, in any order.</param>
    /// <param name="struck">When the fault struck.</param>
    /// <param name="end">Until when was written.</param>
    public static WriteGap Of(IEnumerable<LedgerEntry> entries, TimeSpan struck, TimeSpan end)
    {
        var acknowledged = entries.Where(entry => entry.Answer == Answer.Acknowledged).Select(entry => entry.Ended).Order().ToList();
        var before = acknowledged.LastOrDefault(time => time <= struck, TimeSpan.Zero);
        var widest = new WriteGap(before, before, Ended: true);
        var last = before;
        foreach (var time in acknowledged.Where(time => time > struck))
        {
            if (time - last > widest.Length)
                widest = new WriteGap(last, time, Ended: true);
            last = time;
        }

        return end - last > widest.Length ? new WriteGap(last, end, Ended: false) : widest;
    }
}
