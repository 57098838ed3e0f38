using System.Globalization;
using Analytics.Backup.Retention;

namespace Analytics.Backup;

/// <summary>What the environment says. pgBackRest reads its own <c>PGBACKREST_*</c> variables beside these.</summary>
public sealed record BackupSettings
{
    internal const string Database = "ConnectionStrings__Database", Standbys = "ConnectionStrings__Standbys";

    /// <summary><c>HUB_BACKUP_STANZA</c>: pgBackRest's name for the cluster. Required.</summary>
    public required string Stanza { get; init; }

    /// <summary><c>PGBACKREST_CONFIG</c>: pgBackRest's configuration. Default /etc/pgbackrest/pgbackrest.conf.</summary>
    public string PgBackRestConfig { get; init; } = "/etc/pgbackrest/pgbackrest.conf";

    /// <summary>
    /// <c>ConnectionStrings__Database</c>: as llm_app, straight at the primary (an advisory lock is held: no transaction pool). Null only for
    /// verbs that change nothing in the repository; their result is then not recorded.
    /// </summary>
    public string? ConnectionString { get; init; }

    /// <summary>
    /// <c>ConnectionStrings__Standbys</c>: as llm_app, at any standby; asked for a restartpoint when pgBackRest waits for one. Null where there is none.
    /// </summary>
    public string? StandbyConnectionString { get; init; }

    /// <summary><c>HUB_BACKUP_KEEP_DAILY</c>, <c>_WEEKLY</c>, <c>_MONTHLY</c>: 1 to 1000, 0 to 1000, 0 to 1000. Default 7, 4, 12.</summary>
    public GfsPolicy Policy { get; init; } = GfsPolicy.Default;

    /// <summary><c>HUB_BACKUP_SCRATCH</c>: where a drill restores to; needs the size of the database. Required for drills only.</summary>
    public string? Scratch { get; init; }

    /// <summary><c>HUB_BACKUP_MANIFEST_SECONDS</c>: how long checksums may be taken before a backup. Default 300, 0 to 86400.</summary>
    public TimeSpan ManifestTime { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary><c>HUB_BACKUP_LOCK_SECONDS</c>: how long to wait for another job to end, or (a minute at most) for a primary. Default 7200, 0 to 86400.</summary>
    public TimeSpan LockTime { get; init; } = TimeSpan.FromHours(2);

    /// <summary>Reads the environment.</summary>
    /// <param name="variable">The value of a variable, null when it is not set.</param>
    /// <exception cref="BackupException">A variable is missing or out of its range; the message names it.</exception>
    public static BackupSettings Read(Func<string, string?> variable)
    {
        ArgumentNullException.ThrowIfNull(variable);
        return new BackupSettings
        {
            Stanza = Text("HUB_BACKUP_STANZA") ?? throw Missing("HUB_BACKUP_STANZA", "the stanza of the cluster, as in pgbackrest.conf"),
            PgBackRestConfig = Text("PGBACKREST_CONFIG") ?? "/etc/pgbackrest/pgbackrest.conf",
            ConnectionString = Text(Database),
            StandbyConnectionString = Text(Standbys),
            Policy = new GfsPolicy(
                Number("HUB_BACKUP_KEEP_DAILY", GfsPolicy.Default.Daily, 1, 1000),
                Number("HUB_BACKUP_KEEP_WEEKLY", GfsPolicy.Default.Weekly, 0, 1000),
                Number("HUB_BACKUP_KEEP_MONTHLY", GfsPolicy.Default.Monthly, 0, 1000)),
            Scratch = Text("HUB_BACKUP_SCRATCH"),
            ManifestTime = TimeSpan.FromSeconds(Number("HUB_BACKUP_MANIFEST_SECONDS", 300, 0, 86400)),
            LockTime = TimeSpan.FromSeconds(Number("HUB_BACKUP_LOCK_SECONDS", 7200, 0, 86400)),
        };

        string? Text(string name) => variable(name) is { } value && !string.IsNullOrWhiteSpace(value) ? value.Trim() : null;

        int Number(string name, int otherwise, int least, int most)
        {
            if (Text(name) is not { } text) return otherwise;
            return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most
                ? number
                : throw new BackupException($"{name} is '{text}'.", $"Set it to a whole number from {least} to {most}.", ExitCodes.Configuration);
        }
    }

    /// <summary>The connection string, for verbs that cannot do without.</summary>
    /// <exception cref="BackupException">It is not set.</exception>
    public string RequireConnectionString() =>
        ConnectionString ?? throw Missing(Database, "a connection of llm_app, straight at the primary");

    /// <summary>The scratch directory, for drills.</summary>
    /// <exception cref="BackupException">It is not set or is not a directory.</exception>
    public string RequireScratch()
    {
        var path = Scratch ?? throw Missing("HUB_BACKUP_SCRATCH", "a directory with room for the whole database");
        return Directory.Exists(path)
            ? Path.GetFullPath(path)
            : throw new BackupException($"HUB_BACKUP_SCRATCH: there is no directory {path}.", "Mount a volume there.", ExitCodes.Configuration);
    }

    private static BackupException Missing(string name, string what) => new($"{name} is not set.", $"Set it to {what}.", ExitCodes.Configuration);
}
