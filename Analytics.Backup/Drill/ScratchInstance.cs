using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Analytics.Backup.Restore;
using Npgsql;

namespace Analytics.Backup.Drill;

/// <summary>Where recovery ends.</summary>
/// <param name="Settings">PostgreSQL's settings for it.</param>
/// <param name="Pauses">Whether the server stays in recovery there, for reading only.</param>
internal sealed record RecoveryTarget(IReadOnlyDictionary<string, string> Settings, bool Pauses)
{
    /// <summary>As soon as the backup is consistent: the state at its end.</summary>
    public static RecoveryTarget EndOfBackup { get; } =
        new(new Dictionary<string, string> { ["recovery_target"] = "immediate", ["recovery_target_action"] = "pause" }, Pauses: true);

    /// <summary>All WAL that there is.</summary>
    public static RecoveryTarget EndOfArchive { get; } = new(new Dictionary<string, string>(), Pauses: false);

    /// <summary>Where a restore was asked to end; the server takes writes there.</summary>
    public static RecoveryTarget For(RestorePlan plan)
    {
        var settings = plan switch
        {
            { Moment: { } moment } => new Dictionary<string, string>(At(moment).Settings),
            { Type: RestoreType.Immediate } => new Dictionary<string, string>
            {
                ["recovery_target"] = "immediate",
                ["recovery_target_action"] = "promote"
            },
            _ => [],
        };
        if (plan.IsAbandoned) settings["recovery_target_timeline"] = "current";
        return new RecoveryTarget(settings, Pauses: false);
    }

    /// <summary>Just before the first commit after a moment.</summary>
    public static RecoveryTarget At(DateTimeOffset moment) => new(
        new Dictionary<string, string>
        {
            ["recovery_target_time"] = moment.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss.ffffff'+00'", CultureInfo.InvariantCulture),
            ["recovery_target_inclusive"] = "off",
            ["recovery_target_action"] = "promote",
        },
        Pauses: false);
}

/// <summary>
/// A server over the restored files. It listens on a socket in a private directory only, archives nothing, and runs neither vacuum nor
/// TimescaleDB's jobs: what is compared is what was restored.
/// </summary>
internal sealed partial class ScratchInstance(ScratchDirectory directory, string superuser, string major, TimeProvider time)
{
    /// <summary>The cluster's own postgresql.conf is not read: it names files and hosts that are not here.</summary>
    private async Task<IEnumerable<string>> SettingsAsync(RecoveryTarget target, CancellationToken cancel)
    {
        var hba = Path.Combine(directory.Root, "pg_hba.conf");
        var (conf, ident) = (Path.Combine(directory.Root, "postgresql.conf"), Path.Combine(directory.Root, "pg_ident.conf"));
        await File.WriteAllTextAsync(hba, "local all all trust\n", cancel);
        await File.WriteAllTextAsync(conf, "", cancel);
        await File.WriteAllTextAsync(ident, "", cancel);
        var settings = new Dictionary<string, string>
        {
            ["config_file"] = conf,
            ["hba_file"] = hba,
            ["ident_file"] = ident,
            ["listen_addresses"] = "",
            ["unix_socket_directories"] = directory.Sockets,
            ["unix_socket_permissions"] = "0700",
            ["ssl"] = "off",
            ["archive_mode"] = "off",
            ["primary_conninfo"] = "",
            ["primary_slot_name"] = "",
            ["synchronous_standby_names"] = "",
            ["shared_preload_libraries"] = "timescaledb",
            ["timescaledb.max_background_workers"] = "0",
            ["timescaledb.telemetry_level"] = "off",
            ["autovacuum"] = "off",
            ["hot_standby"] = "on",
            ["logging_collector"] = "off",
            ["log_destination"] = "stderr",
            ["log_timezone"] = "UTC",
            ["shared_buffers"] = "128MB",
            ["maintenance_work_mem"] = "128MB",
            // It is thrown away; only pg_amcheck's and the checks' temporary files are ever synced.
            ["fsync"] = "off",
            ["full_page_writes"] = "off",
        };
        foreach (var (name, value) in await MinimaAsync(cancel)) settings[name] = value;
        foreach (var (name, value) in target.Settings) settings[name] = value;
        return settings.SelectMany(setting => new[] { "-c", $"{setting.Key}={setting.Value}" });
    }

    /// <summary>Starts it and waits until it is where it should be.</summary>
    /// <exception cref="BackupException">It ended before; says what its log says.</exception>
    public async Task StartAsync(RecoveryTarget target, Action<string> say, CancellationToken cancel)
    {
        var start = new ProcessStartInfo("/bin/sh",
            ["-c", """exec "$0" "$@" >> "$HUB_DRILL_LOG" 2>&1 < /dev/null""", Programs.Find("postgres", major), "-D", directory.Data,
                .. await SettingsAsync(target, cancel)]);
        start.Environment["HUB_DRILL_LOG"] = directory.Log;
        // The same reason as in PgBackRest: restore_command is told everything by its own configuration.
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("PGBACKREST_PG", StringComparison.Ordinal)
            || name == "PGBACKREST_CONFIG").ToList())
            start.Environment.Remove(name);
        using var server = Programs.Start(start);
        try
        {
            await WaitAsync(server, target, say, cancel);
        }
        catch
        {
            // Its pid file may not be there yet for pg_ctl to find.
            await Signals.StopAsync(server, Signals.Quit, TimeSpan.FromSeconds(30));
            throw;
        }
    }

    private async Task WaitAsync(Process server, RecoveryTarget target, Action<string> say, CancellationToken cancel)
    {
        var (started, said) = (time.GetTimestamp(), time.GetTimestamp());
        while (!await IsThereAsync(target, cancel))
        {
            if (server.HasExited) throw await ExplainAsync(cancel);
            if (time.GetElapsedTime(said) > TimeSpan.FromSeconds(15))
            {
                said = time.GetTimestamp();
                var line = await LastLineAsync(cancel);
                say(string.Create(CultureInfo.InvariantCulture, $"recovering, {time.GetElapsedTime(started).TotalSeconds:0} s: {line}"));
            }

            await Task.Delay(TimeSpan.FromMilliseconds(100), time, cancel);
        }
    }

    /// <summary>Stops it.</summary>
    public async Task StopAsync(CancellationToken cancel)
    {
        var (exitCode, output) = await Programs.RunAsync(Programs.Find("pg_ctl", major),
            ["stop", "--pgdata", directory.Data, "--mode=fast", "--wait", "--timeout=600"], cancel);
        if (exitCode != 0) throw new BackupException($"The scratch instance does not stop: {output.Trim()}");
    }

    /// <summary>Connects.</summary>
    public async Task<NpgsqlConnection> ConnectAsync(string database, CancellationToken cancel)
    {
        var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder
        {
            Host = directory.Sockets,
            Username = superuser,
            Database = database,
            Pooling = false,
            ApplicationName = "hub-drill",
            CommandTimeout = 0,
            IncludeErrorDetail = true,
        }.ConnectionString);
        try
        {
            await connection.OpenAsync(cancel);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <summary>Runs pg_amcheck over a database: heap and B-tree of every table, chunks and catalogues included.</summary>
    public Task<(int ExitCode, string Output)> CheckFilesAsync(string database, CancellationToken cancel) => Programs.RunAsync(
        Programs.Find("pg_amcheck", major),
        ["--host", directory.Sockets, "--username", superuser, "--install-missing", "--jobs", "2", "--no-strict-names", "--database",
            database], cancel);

    private async Task<bool> IsThereAsync(RecoveryTarget target, CancellationToken cancel)
    {
        try
        {
            await using var connection = await ConnectAsync("postgres", cancel);
            await using var command = new NpgsqlCommand(
                target.Pauses ? "SELECT pg_is_in_recovery() AND pg_get_wal_replay_pause_state() = 'paused'"
                    : "SELECT NOT pg_is_in_recovery()", connection);
            return await command.ExecuteScalarAsync(cancel) is true;
        }
        catch (NpgsqlException)
        {
            // Not up yet, or not consistent yet.
            return false;
        }
    }

    /// <summary>A server in recovery has to allow at least what the primary did, or it stops: the control file knows.</summary>
    private async Task<IReadOnlyDictionary<string, string>> MinimaAsync(CancellationToken cancel)
    {
        var (exitCode, output) = await Programs.RunAsync(Programs.Find("pg_controldata", major), [directory.Data], cancel);
        if (exitCode != 0) throw new BackupException($"The restored control file cannot be read: {output.Trim()}",
            "The set is damaged: run `hub-backup verify`.");
        return ControlSetting().Matches(output).ToDictionary(
            match => match.Groups["name"].Value switch
            {
                "max_prepared_xacts" => "max_prepared_transactions",
                "max_locks_per_xact" => "max_locks_per_transaction",
                var name => name
            },
            match => match.Groups["value"].Value);
    }

    private async Task<BackupException> ExplainAsync(CancellationToken cancel) =>
        Explain(File.Exists(directory.Log) ? await File.ReadAllLinesAsync(directory.Log, cancel) : []);

    /// <summary>
    /// Why the server ended, by its log. What it says to whoever connects while it starts or ends (<c>FATAL: the database system is …</c>)
    /// is an answer, not a reason, and may come after the reason.
    /// </summary>
    internal static BackupException Explain(string[] log)
    {
        var fatal =
            log.LastOrDefault(
                line => (line.Contains("FATAL:", StringComparison.Ordinal) || line.Contains("PANIC:", StringComparison.Ordinal))
            && !line.Contains("the database system is ", StringComparison.Ordinal)) ?? log.LastOrDefault() ?? "it wrote no log";
        var text = fatal[(fatal.IndexOf("FATAL:", StringComparison.Ordinal) is var at && at >= 0 ? at + 6 : 0)..].Trim();
        return text switch
        {
            _ when text.Contains("before configured recovery target was reached", StringComparison.Ordinal) =>
                new($"The archive ends before the target: {text}. Last: {LastRestored(log)}",
                    "WAL up to that moment has not arrived, or a segment is missing: run `hub-backup verify`."),
            _ when text.Contains("end of online backup", StringComparison.Ordinal) || text.Contains("consistent recovery",
                StringComparison.Ordinal) || text.Contains("checkpoint record", StringComparison.Ordinal) =>
                new($"WAL that makes the set consistent is missing: {text}. Last: {LastRestored(log)}",
                    "Run `hub-backup verify`: it names the segment; then take a full backup."),
            _ => new($"The scratch instance ended: {text}", $"The end of its log: {string.Join(" | ", log.TakeLast(8))}"),
        };
    }

    private static string LastRestored(string[] log) =>
        log.Select(line => Restored().Match(line)).LastOrDefault(match => match.Success)?.Groups[1].Value ?? "no WAL file was restored";

    private async Task<string> LastLineAsync(CancellationToken cancel) =>
        File.Exists(directory.Log) ? (await File.ReadAllLinesAsync(directory.Log, cancel)).LastOrDefault() ?? "" : "";

    [GeneratedRegex(@"^(?<name>max_[a-z_]+) setting:\s+(?<value>\d+)", RegexOptions.Multiline)]
    private static partial Regex ControlSetting();

    [GeneratedRegex("restored log file \"([0-9A-F]{24})\"")]
    private static partial Regex Restored();
}
