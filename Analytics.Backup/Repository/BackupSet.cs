namespace Analytics.Backup.Repository;

/// <summary>A backup's kind.</summary>
public enum BackupType
{
    /// <summary>Complete by itself.</summary>
    Full,

    /// <summary>What changed since its full.</summary>
    Differential,

    /// <summary>What changed since the backup before it.</summary>
    Incremental,
}

/// <summary>One backup as pgBackRest lists it.</summary>
/// <param name="Label">Its name: <c>20261122-020000F</c>, <c>20261122-020000F_20261122-060000D</c>.</param>
/// <param name="Type">Its kind.</param>
/// <param name="Start">When it began, UTC, to the second.</param>
/// <param name="Stop">When it ended.</param>
public sealed record BackupSet(string Label, BackupType Type, DateTimeOffset Start, DateTimeOffset Stop)
{
    /// <summary>Annotation: SHA-256 of the manifest of the database that was recorded just before it.</summary>
    public const string ManifestKey = "hub-manifest";

    /// <summary>Annotation: when every file of it, and the WAL that it needs, was last read and found right.</summary>
    public const string VerifiedKey = "hub-verified";

    /// <summary>Annotation: since when it is known that a file of it is altered or missing.</summary>
    public const string DamagedKey = "hub-damaged";

    /// <summary>Annotation: since when it lies on a timeline that the cluster has left, because it was restored to a moment before this set
    /// ended.</summary>
    public const string AbandonedKey = "hub-abandoned";

    /// <summary>The backup that it builds on; null for a full.</summary>
    public string? Prior { get; init; }

    /// <summary>Every backup that it needs files of.</summary>
    public IReadOnlyList<string> References { get; init; } = [];

    /// <summary>The first WAL segment that makes it consistent; null for one taken offline.</summary>
    public string? WalStart { get; init; }

    /// <summary>The last of them.</summary>
    public string? WalStop { get; init; }

    /// <summary>Which database of the stanza's history it is of (a new one after pg_upgrade or a new cluster).</summary>
    public int DatabaseId { get; init; } = 1;

    /// <summary>Whether pages failed their checksum while it was taken: the database was broken already.</summary>
    public bool HasPageErrors { get; init; }

    /// <summary>Size of the database in bytes.</summary>
    public long Size { get; init; }

    /// <summary>Bytes that it added to the repository.</summary>
    public long StoredSize { get; init; }

    /// <summary>What was noted on it.</summary>
    public IReadOnlyDictionary<string, string> Annotations { get; init; } = new Dictionary<string, string>();

    /// <summary>SHA-256 of its manifest in lower-case hex; null when hub-backup did not take it.</summary>
    public string? Manifest => Annotations.GetValueOrDefault(ManifestKey);

    /// <summary>Whether the newest verification found it whole.</summary>
    public bool IsVerified => Annotations.ContainsKey(VerifiedKey) && !IsDamaged;

    /// <summary>Whether it cannot be relied on: altered files, or pages that were broken when it was taken.</summary>
    public bool IsDamaged => HasPageErrors || Annotations.ContainsKey(DamagedKey);

    /// <summary>Whether recovery along the cluster's newest timeline cannot begin with it.</summary>
    public bool IsAbandoned => Annotations.ContainsKey(AbandonedKey);

    /// <summary>The full that it belongs to, by its label; its own for a full.</summary>
    public string FullLabel => Label.Split('_')[0];
}
