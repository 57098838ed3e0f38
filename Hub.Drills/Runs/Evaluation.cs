using Hub.Drills.Ledgers;

namespace Hub.Drills.Runs;

/// <summary>From a ledger and what is stored to what happened. Pure.</summary>
internal static class Evaluation
{
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(5);

    /// <param name="path">Whose entries.</param>
    /// <param name="ledger">All entries of the drill.</param>
    /// <param name="stored">How often each id is stored.</param>
    /// <param name="samples">How far every member had the WAL.</param>
    /// <param name="struck">When the fault struck.</param>
    /// <param name="end">Until when was written.</param>
    public static PathResult Of(string path, IEnumerable<LedgerEntry> ledger, IReadOnlyDictionary<Guid, int> stored,
        IReadOnlyList<MemberSample> samples, TimeSpan struck, TimeSpan end)
    {
        var entries = ledger.Where(entry => entry.Path == path).ToList();
        var gap = WriteGap.Of(entries, struck, end);
        return new PathResult
        {
            Path = path,
            Written = entries.Count,
            Acknowledged = entries.Count(entry => entry.Answer == Answer.Acknowledged),
            Refused = entries.Count(entry => entry.Answer == Answer.Refused),
            Unknown = entries.Count(entry => entry.Answer == Answer.Unknown),
            Reasons = entries.Where(entry => entry.Reason is not null)
                .GroupBy(entry => $"{entry.Answer}: {entry.Reason}".ToLowerInvariant()).ToDictionary(group => group.Key,
                    group => group.Count()),
            Gap = gap,
            Before = Latency.Of(entries.Where(entry => entry.Started < struck)),
            Recovery = Latency.Of(entries.Where(entry => entry.Started >= struck && entry.Started < gap.To + Settling)),
            Verification = Verification.Of(entries, stored),
            Copies = Copies.Of(entries, samples),
        };
    }
}
