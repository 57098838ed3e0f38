namespace Hub.Drills.Ledgers;

/// <summary>How long acknowledged writes took. Zero where there were none.</summary>
public sealed record Latency(int Count, TimeSpan P50, TimeSpan P99, TimeSpan Longest)
{
    public static Latency Of(IEnumerable<LedgerEntry> entries)
    {
        var sorted = entries.Where(entry => entry.Answer == Answer.Acknowledged).Select(entry => entry.Ended - entry.Started).Order()
            .ToArray();
        return sorted.Length == 0 ? new Latency(0, default, default, default) : new Latency(sorted.Length, Rank(sorted, 0.5),
            Rank(sorted, 0.99), sorted[^1]);
    }

    private static TimeSpan Rank(TimeSpan[] sorted, double share) => sorted[Math.Max(0, (int)Math.Ceiling(share * sorted.Length) - 1)];
}
