namespace Analytics.Backup.Repository;

/// <summary>The stanza's state: <c>status.code</c> of <c>pgbackrest info</c> (src/command/info/info.c,
/// INFO_STANZA_STATUS_CODE_*).</summary>
public enum StanzaStatus
{
    /// <summary>There are backups.</summary>
    Ok = 0,

    /// <summary>The stanza is not in the repository; or the repository is another, or empty.</summary>
    MissingPath = 1,

    /// <summary>The stanza is there, without a backup.</summary>
    NoBackup = 2,

    /// <summary>backup.info or archive.info is missing.</summary>
    MissingData = 3,

    /// <summary>Repositories differ.</summary>
    Mixed = 4,

    /// <summary>Repositories are of different databases.</summary>
    DatabaseMismatch = 5,

    /// <summary>The set that was asked for does not exist.</summary>
    SetMissing = 6,

    /// <summary>The repository cannot be read; the message says why.</summary>
    Other = 99,
}

/// <summary>One database of the stanza's history.</summary>
/// <param name="Id">1 for the first; the highest is the current one.</param>
/// <param name="SystemId">PostgreSQL's system identifier.</param>
/// <param name="Version">PostgreSQL's major version.</param>
public sealed record RepositoryDatabase(int Id, decimal SystemId, string Version);

/// <summary>The WAL archive of one database.</summary>
/// <param name="Id"><c>17-1</c>: major version and database.</param>
/// <param name="DatabaseId">The database.</param>
/// <param name="First">The lowest segment; null when it is empty.</param>
/// <param name="Last">The highest.</param>
public sealed record RepositoryArchive(string Id, int DatabaseId, string? First, string? Last);

/// <summary>What <c>pgbackrest info --output=json</c> says of one stanza.</summary>
/// <param name="Stanza">Its name.</param>
/// <param name="Status">Its state.</param>
/// <param name="Message">The state in pgBackRest's words, complete for <see cref="StanzaStatus.Other"/>.</param>
public sealed record RepositoryInfo(string Stanza, StanzaStatus Status, string Message)
{
    /// <summary>Oldest first.</summary>
    public IReadOnlyList<BackupSet> Sets { get; init; } = [];

    /// <summary>Oldest first.</summary>
    public IReadOnlyList<RepositoryDatabase> Databases { get; init; } = [];

    /// <summary>One for each database that has WAL.</summary>
    public IReadOnlyList<RepositoryArchive> Archives { get; init; } = [];

    /// <summary>Whether a backup or an expiration runs on this host now.</summary>
    public bool IsLocked { get; init; }

    /// <summary>The whole bytes that the sets take in the repository, WAL not counted.</summary>
    public long StoredSize => Sets.Sum(set => set.StoredSize);

    /// <summary>A set by its label.</summary>
    public BackupSet? Find(string label) => Sets.FirstOrDefault(set => set.Label == label);

    /// <summary>Answers itself when the repository could be read, with or without backups.</summary>
    /// <exception cref="BackupException">It could not; says why.</exception>
    public RepositoryInfo RequireReadable() => Status is StanzaStatus.Ok or StanzaStatus.NoBackup
        ? this
        : throw PgBackRestErrors.Explain(Status, Stanza, Message);
}
