namespace Analytics.Backup.Repository;

/// <summary>
/// Which pgBackRest runs. From <see cref="Oldest"/> on every one will do; what it is known to get wrong is said at the start of each job, so
/// that whoever reads the log of one that failed need not look for it.
/// </summary>
internal static class PgBackRestVersion
{
    /// <summary>The oldest that hub-backup understands.</summary>
    public static readonly Version Oldest = new(2, 55);

    /// <summary>The oldest without a fault that is known to matter here.</summary>
    public static readonly Version Advised = Faults.Max(fault => fault.MendedIn)!;

    /// <summary>From pgBackRest's own release notes: what Hub does, or may be told to do.</summary>
    private static Fault[] Faults =>
    [
        new(new(2, 55, 0), new(2, 55, 1), "a bucket with object lock refuses what it writes (2613)"),
        new(new(0, 0), new(2, 57), "an unreachable storage is waited for up to nine times as long as io-timeout"),
        new(new(0, 0), new(2, 58), "a stopped job may hang; it is killed after 20 s (2710)"),
        new(new(0, 0), new(2, 59), "expire may remove a backup that runs on another host; the lock of hub-backup keeps its own jobs apart, not manual runs of pgbackrest (2622)"),
        new(new(0, 0), new(2, 59), "an asynchronous archive-get may fail where the timeline changes; Hub's members fetch one segment at a time (2423)"),
        new(new(2, 58), new(2, 59, 1), "an upload to object storage in several parts may hang"),
        new(new(0, 0), new(2, 59, 1), "after an interrupted full on a storage that lists removed directories (MinIO with object lock, SeaweedFS) each differential fails: 'is not later than latest backup label'"),
    ];

    /// <summary>Reads what <c>pgbackrest version</c> says: <c>pgBackRest 2.55.1</c>.</summary>
    /// <exception cref="BackupException">It is not a version, or it is too old.</exception>
    public static Version Require(string text)
    {
        var word = text.Split(' ', '\n').ElementAtOrDefault(1)?.Trim() ?? "";
        // 2.60.0dev: what will be that version.
        if (!Version.TryParse(word.EndsWith("dev", StringComparison.Ordinal) ? word[..^3] : word, out var version))
            throw new BackupException($"pgbackrest version printed '{text.Trim()}', which contains no version.", $"Install pgBackRest {Oldest} or newer.");
        return version >= Oldest ? version : throw new BackupException($"pgBackRest {version} is too old.", $"{Oldest} or newer is needed, {Advised} or newer is advised.");
    }

    /// <summary>What this version is known to get wrong, each with the version that mends it.</summary>
    public static IReadOnlyList<string> Known(Version version) =>
        [.. Faults.Where(fault => version >= fault.Since && version < fault.MendedIn).Select(fault => $"{fault.MendedIn} mends: {fault.What}")];

    /// <param name="Since">The first version that has it.</param>
    /// <param name="MendedIn">The first that has it no more.</param>
    /// <param name="What">What one sees of it, and the number of pgBackRest's issue where there is one.</param>
    private sealed record Fault(Version Since, Version MendedIn, string What);
}
