namespace Hub.Drills.Ledgers;

/// <summary>What a writer was told about a write.</summary>
public enum Answer
{
    /// <summary>It is stored: from now on it must be there, once.</summary>
    Acknowledged,

    /// <summary>It is not stored and never will be: the connection was not made, or the server said no before anything was
    /// committed.</summary>
    Refused,

    /// <summary>No final answer came, or one that leaves it open. It may be stored, at most once.</summary>
    Unknown,
}

/// <summary>One write: made once, never sent again by the writer, answered once.</summary>
/// <param name="Path">The way it took, such as <c>ingest</c>.</param>
/// <param name="Id">What it is found by afterwards.</param>
/// <param name="Started">When it was sent, since the ledger began, by a monotonic clock.</param>
/// <param name="Ended">When it was answered, by the same clock.</param>
/// <param name="Answer">What the answer says.</param>
/// <param name="Reason">Why it was not acknowledged; null when it was.</param>
public readonly record struct LedgerEntry(string Path, Guid Id, TimeSpan Started, TimeSpan Ended, Answer Answer, string? Reason = null);
