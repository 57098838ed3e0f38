using System.Globalization;
using System.Text.RegularExpressions;
using Analytics.Topology.Containers;

namespace Analytics.Topology.Postgres;

/// <summary>
/// postgresql.conf, derived from cores, memory and disk. Merged in a fixed order: derived, then the definition's overrides, then
/// what Hub depends on.
/// </summary>
public sealed partial class PostgresSettings
{
    /// <summary>Settings that Patroni takes from the DCS only, in a member's own file it drops them: all members must have the same.</summary>
    private static readonly string[] OnlyInDcs =
    [
        "hot_standby", "max_connections", "max_locks_per_transaction", "max_prepared_transactions", "max_replication_slots", "max_wal_senders",
        "max_worker_processes", "track_commit_timestamp", "wal_keep_size", "wal_level", "wal_log_hints",
    ];

    /// <summary>Settings that Patroni writes itself.</summary>
    private static readonly string[] PatroniOwned =
    [
        "cluster_name", "config_file", "data_directory", "hba_file", "ident_file", "listen_addresses", "port", "primary_conninfo",
        "primary_slot_name", "synchronous_standby_names",
    ];

    private PostgresSettings(SortedDictionary<string, string> all, ByteSize sharedBuffers, ByteSize maxWalSize, int maxConnections)
    {
        SharedBuffers = sharedBuffers;
        MaxWalSize = maxWalSize;
        MaxConnections = maxConnections;
        Dcs = Where(all, dcs: true);
        Local = Where(all, dcs: false);
    }

    public ByteSize SharedBuffers { get; }

    public ByteSize MaxWalSize { get; }

    public int MaxConnections { get; }

    /// <summary>For Patroni's <c>bootstrap.dcs.postgresql.parameters</c>.</summary>
    public IReadOnlyDictionary<string, string> Dcs { get; }

    /// <summary>For <c>postgresql.parameters</c> in patroni.yml: a change is a reload, not an edit of the DCS.</summary>
    public IReadOnlyDictionary<string, string> Local { get; }

    /// <summary>Names that a definition may not override.</summary>
    public static IReadOnlySet<string> Mandatory { get; } = MandatorySettings("", 1).Keys.ToHashSet();

    /// <summary>The rule that an override breaks, or null. An override that breaks one is left out of the derived settings.</summary>
    public static string? OverrideProblem(string name, string value)
    {
        if (!SettingName().IsMatch(name))
            return "must be a setting's name in lower case";
        if (Mandatory.Contains(name))
            return "is fixed by Hub and cannot be overridden";
        if (PatroniOwned.Contains(name))
            return "is set by Patroni and cannot be overridden";
        if (name is "shared_buffers" or "max_wal_size" && Size(value) is null)
            return "must be a whole number followed by kB, MB or GB";
        if (name is "max_connections" && !int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out _))
            return "must be a whole number";
        return null;
    }

    public static PostgresSettings Derive(ClusterDefinition cluster)
    {
        ArgumentNullException.ThrowIfNull(cluster);
        var database = cluster.Database;
        var all = Derived(database, cluster.Backup);
        foreach (var (name, value) in database.Settings.Where(setting => OverrideProblem(setting.Key, setting.Value) is null))
            all[name] = value;
        foreach (var (name, value) in MandatorySettings(ArchiveCommand(cluster), database.Members))
            all[name] = value;
        return new PostgresSettings(all, Size(all["shared_buffers"]) ?? default, Size(all["max_wal_size"]) ?? default,
            int.Parse(all["max_connections"], CultureInfo.InvariantCulture));
    }

    private static SortedDictionary<string, string> Derived(DatabaseTier database, BackupPolicy backup)
    {
        var memory = database.Resources.MemoryLimit;
        var cores = Math.Max(1, database.Resources.CpuLimitMillis / 1000);
        var ssd = database.Disk == DiskKind.Ssd;
        var sharedBuffers = (memory * 0.25).Clamp(ByteSize.MiB(64), ByteSize.GiB(64));

        // A quarter of what is left, spread over the connections and the nodes of a plan that may each take one.
        var workMemory = new ByteSize((memory.Bytes - sharedBuffers.Bytes) / 4 / Math.Max(1, database.MaxConnections) * 2).Clamp(ByteSize.MiB(4), ByteSize.MiB(256));
        var maxWal = (database.WalVolume * 0.3).Clamp(ByteSize.MiB(256), ByteSize.GiB(16));
        var timescaleWorkers = Math.Clamp(cores * 2, 8, 32);
        return new SortedDictionary<string, string>(StringComparer.Ordinal)
        {
            // Memory
            ["shared_buffers"] = sharedBuffers.ToPostgres(),
            ["effective_cache_size"] = (memory * 0.75).Clamp(ByteSize.MiB(128), ByteSize.GiB(1024)).ToPostgres(),
            ["work_mem"] = workMemory.ToPostgres(),
            ["maintenance_work_mem"] = (memory * (1.0 / 16)).Clamp(ByteSize.MiB(32), ByteSize.GiB(2)).ToPostgres(),
            ["huge_pages"] = "try",

            // Planner and parallelism
            ["random_page_cost"] = ssd ? "1.1" : "4",
            ["effective_io_concurrency"] = ssd ? "200" : "2",
            ["default_statistics_target"] = "100",
            ["max_parallel_workers"] = Text(cores),
            ["max_parallel_workers_per_gather"] = Text(Math.Max(1, cores / 2)),
            ["max_parallel_maintenance_workers"] = Text(Math.Clamp(cores / 2, 1, 4)),

            // TimescaleDB's jobs and its launcher come on top of parallel workers and of PostgreSQL's own.
            ["timescaledb.max_background_workers"] = Text(timescaleWorkers),
            ["timescaledb.telemetry_level"] = "off",
            ["max_worker_processes"] = Text(timescaleWorkers + cores + 4),

            // A query over a year of daily chunks locks each of them and its indexes.
            ["max_locks_per_transaction"] = database.MaxConnections >= 150 ? "512" : "256",
            ["max_connections"] = Text(database.MaxConnections),
            ["max_prepared_transactions"] = "0",

            // WAL
            ["wal_buffers"] = "16MB",
            ["max_wal_size"] = maxWal.ToPostgres(),
            ["min_wal_size"] = (maxWal * 0.25).Clamp(ByteSize.MiB(80), ByteSize.GiB(2)).ToPostgres(),
            ["checkpoint_timeout"] = "15min",
            ["checkpoint_completion_target"] = "0.9",
            ["wal_compression"] = "on",

            // pg_rewind needs the WAL since the last checkpoint that both sides share: with less than max_wal_size kept, a primary that was
            // killed in a burst of writes could not rejoin.
            ["wal_keep_size"] = (database.WalVolume * 0.4).Clamp(ByteSize.MiB(320), ByteSize.GiB(24)).ToPostgres(),

            // A slot whose standby is gone must not fill the WAL volume: half of it, then the standby is rebuilt.
            ["max_slot_wal_keep_size"] = (database.WalVolume * 0.5).Clamp(ByteSize.MiB(128), ByteSize.GiB(512)).ToPostgres(),
            ["max_wal_senders"] = Text(10 + database.Members),
            ["max_replication_slots"] = Text(10 + database.Members),

            // WAL is archived at least five times within the recovery point objective, one minute at most.
            ["archive_timeout"] = Text((int)Math.Min(60, backup.RecoveryPointObjective.TotalSeconds / 5)) + "s",

            // Cleaning up
            ["autovacuum_max_workers"] = Text(Math.Clamp(cores / 2, 2, 6)),
            ["autovacuum_vacuum_cost_limit"] = "2000",
            ["autovacuum_vacuum_scale_factor"] = "0.05",
            ["autovacuum_analyze_scale_factor"] = "0.02",
            ["idle_in_transaction_session_timeout"] = "10min",

            // A dead peer is noticed within half a minute instead of two hours.
            ["tcp_keepalives_idle"] = "10",
            ["tcp_keepalives_interval"] = "5",
            ["tcp_keepalives_count"] = "3",
            ["tcp_user_timeout"] = "20s",
            ["wal_sender_timeout"] = "10s",
            ["wal_receiver_timeout"] = "10s",

            // A standby that has just lost its primary may sleep this long, and does not see in its sleep that it is promoted. The default is 5 s.
            ["wal_retrieve_retry_interval"] = "1s",

            // Logging
            ["log_checkpoints"] = "on",
            ["log_lock_waits"] = "on",
            ["log_temp_files"] = "10MB",
            ["log_autovacuum_min_duration"] = "10s",
            ["log_min_duration_statement"] = "1s",
            ["log_line_prefix"] = "%m [%p] %q%u@%d/%a ",
            ["log_destination"] = "jsonlog",
            ["logging_collector"] = "on",

            // Links to the container's error stream, made by start-database.sh.
            ["log_directory"] = "/tmp/postgresql-log",
            ["log_filename"] = "postgresql-%H.log",
            ["log_rotation_age"] = "1h",
            ["log_rotation_size"] = "0",
            ["log_truncate_on_rotation"] = "on",
            ["track_io_timing"] = "on",
            ["pg_stat_statements.max"] = "5000",
            ["pg_stat_statements.track"] = "all",
            ["jit"] = "off", // Compiling costs more than it saves on plans over many chunks.
        };
    }

    private static Dictionary<string, string> MandatorySettings(string archiveCommand, int members) => new()
    {
        ["shared_preload_libraries"] = "timescaledb,pg_stat_statements",
        ["unix_socket_directories"] = Paths.SocketDirectory,
        ["ssl"] = "on",
        ["ssl_ca_file"] = Paths.CaFile,
        ["ssl_cert_file"] = Paths.CertFile,
        ["ssl_key_file"] = Paths.KeyFile,
        ["ssl_min_protocol_version"] = "TLSv1.2",
        ["password_encryption"] = "scram-sha-256",
        ["wal_level"] = "replica",
        ["wal_log_hints"] = "on", // pg_rewind
        ["hot_standby"] = "on",
        ["track_commit_timestamp"] = "off",
        ["fsync"] = "on",
        ["full_page_writes"] = "on",
        ["synchronous_commit"] = "on",

        // Not PostgreSQL's but Hub's: with more than one, a server that commits alone is a fault (analytics.system_health_check, ingest).
        [ClusterNames.MembersSetting] = Text(members),

        // Never "true" or anything that ends well without archiving: PostgreSQL keeps each segment until this says that it is safe.
        ["archive_mode"] = "on",
        ["archive_command"] = archiveCommand,
        ["timezone"] = "UTC",
        ["log_timezone"] = "UTC",
    };

    private static string ArchiveCommand(ClusterDefinition cluster)
    {
        var archive = $"pgbackrest --stanza={cluster.Name} archive-push \"%p\"";
        return cluster.Backup.Repository is S3Repository { Bucket: null, Required: false } ? BackupContainers.OptionalArchiveCommand(archive) : archive;
    }

    private static SortedDictionary<string, string> Where(SortedDictionary<string, string> all, bool dcs) =>
        new(all.Where(setting => OnlyInDcs.Contains(setting.Key) == dcs).ToDictionary(), StringComparer.Ordinal);

    private static string Text(int value) => value.ToString(CultureInfo.InvariantCulture);

    private static ByteSize? Size(string value)
    {
        var match = SizeText().Match(value);
        if (!match.Success)
            return null;
        var count = long.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture);
        return match.Groups[2].Value switch
        {
            "GB" => ByteSize.GiB(count),
            "MB" => ByteSize.MiB(count),
            _ => new ByteSize(count << 10),
        };
    }

    // Upper-case names would be other keys than the ones below and yet the same settings to PostgreSQL.
    [GeneratedRegex(@"\A[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)?\z")]
    private static partial Regex SettingName();

    [GeneratedRegex(@"\A([0-9]{1,9})(kB|MB|GB)\z")]
    private static partial Regex SizeText();
}
