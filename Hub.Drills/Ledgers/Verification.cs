namespace Hub.Drills.Ledgers;

/// <summary>What the database holds, held against what the writers were told.</summary>
/// <param name="Lost">Acknowledged, and not there.</param>
/// <param name="Duplicated">There more than once, whatever was answered.</param>
/// <param name="RefusedPresent">Refused, and there all the same.</param>
/// <param name="UnknownStored">Of the unknown ones, how many are there.</param>
/// <param name="Foreign">There under an id that nobody wrote.</param>
public sealed record Verification(IReadOnlyList<Guid> Lost, IReadOnlyList<Guid> Duplicated, IReadOnlyList<Guid> RefusedPresent,
    int UnknownStored, int Foreign)
{
    public bool Holds => Lost.Count == 0 && Duplicated.Count == 0 && RefusedPresent.Count == 0 && Foreign == 0;

    /// <param name="entries">The ledger of one path.</param>
    /// <param name="stored">How often each id is stored; ids that are not are missing.</param>
    public static Verification Of(IEnumerable<LedgerEntry> entries, IReadOnlyDictionary<Guid, int> stored)
    {
        ArgumentNullException.ThrowIfNull(entries);
        ArgumentNullException.ThrowIfNull(stored);
        var answers = entries.ToDictionary(entry => entry.Id, entry => entry.Answer);
        IReadOnlyList<Guid> Where(Answer answer, bool present) =>
            [.. answers.Where(pair => pair.Value == answer && stored.GetValueOrDefault(pair.Key) > 0 == present).Select(pair => pair.Key)];
        return new Verification(
            Where(Answer.Acknowledged, present: false),
            [.. stored.Where(pair => pair.Value > 1).Select(pair => pair.Key)],
            Where(Answer.Refused, present: true),
            Where(Answer.Unknown, present: true).Count,
            stored.Keys.Count(id => !answers.ContainsKey(id)));
    }
}
