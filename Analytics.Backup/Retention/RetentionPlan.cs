using Analytics.Backup.Repository;

namespace Analytics.Backup.Retention;

/// <summary>Why a set is kept, or why not.</summary>
public enum Reason
{
    /// <summary>The newest full of one of the newest days.</summary>
    Daily,

    /// <summary>The newest full of one of the newest ISO weeks.</summary>
    Weekly,

    /// <summary>The newest full of one of the newest months.</summary>
    Monthly,

    /// <summary>The newest full of all: what the next differential builds on.</summary>
    NewestFull,

    /// <summary>The newest full whose files were read and found right.</summary>
    LastVerifiedFull,

    /// <summary>Begun later than now: a clock is or was wrong. It is neither counted nor dropped.</summary>
    FromTheFuture,

    /// <summary>Cannot be relied on, but is young or was found so lately: time to look at it.</summary>
    Damaged,

    /// <summary>Goes with its full, kept or not.</summary>
    GoesWithFull,

    /// <summary>Not kept: no tier needs it.</summary>
    Surplus,

    /// <summary>Not kept: the full that it builds on is gone, so it cannot be restored.</summary>
    Orphan,
}

/// <summary>A reason and what it refers to.</summary>
/// <param name="Reason">The kind.</param>
/// <param name="Of">The period (<c>2026-11-22</c>, <c>2026-W47</c>, <c>2026-11</c>) or the label of a full; empty where there is nothing to say.</param>
public readonly record struct DecisionReason(Reason Reason, string Of = "");

/// <summary>What is to be done with one set.</summary>
/// <param name="Set">The set.</param>
/// <param name="Keep">False when it is to be expired.</param>
/// <param name="Reasons">Why; at least one.</param>
public sealed record Decision(BackupSet Set, bool Keep, IReadOnlyList<DecisionReason> Reasons);

/// <summary>What is kept and what goes, and which WAL stays.</summary>
/// <param name="Decisions">One for every set, oldest first.</param>
/// <param name="ContinuousFrom">
/// The set from whose start on all WAL stays: the oldest daily one. To any moment from its end to the end of the archive the database can be
/// recovered; older sets keep the WAL that makes them consistent, and can be restored as of their own end. Null: no WAL may go.
/// </param>
public sealed record RetentionPlan(IReadOnlyList<Decision> Decisions, BackupSet? ContinuousFrom)
{
    /// <summary>The sets that stay, oldest first.</summary>
    public IEnumerable<BackupSet> Kept => Decisions.Where(decision => decision.Keep).Select(decision => decision.Set);

    /// <summary>Fulls (and orphans) that go, oldest first: pgBackRest drops what depends on each by itself.</summary>
    public IEnumerable<BackupSet> Expire => Decisions
        .Where(decision => !decision.Keep && (decision.Set.Type == BackupType.Full || decision.Reasons[0].Reason == Reason.Orphan))
        .Select(decision => decision.Set);

    /// <summary>
    /// <c>repo-retention-archive</c> with type <c>full</c>: the fulls that are left, counted from the newest back to
    /// <see cref="ContinuousFrom"/>. Null: no WAL may go.
    /// </summary>
    public int? FullsWithContinuousWal => ContinuousFrom is null
        ? null
        : Kept.Count(set => set.Type == BackupType.Full && string.CompareOrdinal(set.Label, ContinuousFrom.Label) >= 0);

    /// <summary>The fulls that hold a place in a tier: what can be restored.</summary>
    public int RestorableSets => Count(Reason.Daily) + Count(Reason.Weekly) + Count(Reason.Monthly);

    /// <summary>How many sets are kept for a reason.</summary>
    public int Count(Reason reason) => Decisions.Count(decision => decision.Keep && decision.Reasons.Any(because => because.Reason == reason));
}
