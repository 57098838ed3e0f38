using System.Globalization;
using System.Text.Json.Nodes;
using Analytics.Backup.Jobs;
using Analytics.Backup.Manifests;
using Analytics.Backup.Repository;
using Analytics.Backup.Retention;
using Npgsql;

namespace Analytics.Backup.Drill;

/// <summary>What a drill is asked for.</summary>
/// <param name="Label">A set; null for the newest that can serve the target.</param>
/// <param name="To">A moment to recover to; null for the end of the archive.</param>
internal sealed record DrillRequest(string? Label, DateTimeOffset? To);

/// <summary>
/// Restores a set into a scratch instance and looks whether everything is there. Recovery is done in two steps: first to the end of the
/// backup, where the database has to be what the primary recorded; then on to the target, which shows that WAL can be replayed that far,
/// how long it takes (RTO) and how much would be lost (RPO).
/// </summary>
internal sealed class DrillJob(BackupSettings settings, PgBackRest pgBackRest, TimeProvider time, Action<string> log)
{
    private readonly List<CheckResult> results = [];
    private TimeSpan recovering;

    /// <summary>Runs it.</summary>
    /// <exception cref="BackupException">A step or a check failed.</exception>
    public async Task RunAsync(JobRun run, DrillRequest request, CancellationToken cancel)
    {
        var info = await pgBackRest.InfoAsync(cancel);
        var set = Choose(info, request);
        var began = time.GetUtcNow();
        run.Detail["set"] = set.Label;
        run.Say($"restoring {set.Label}, {RetentionTable.Bytes(set.Size)}, "
            + $"{(request.To is { } to ? $"to {to.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC" : "to the end of the archive")}");
        await using var scratch = await ScratchDirectory.CreateAsync(settings.RequireScratch(), run.Say);
        RequireRoom(set, scratch);
        var major = info.Databases.FirstOrDefault(database => database.Id == set.DatabaseId)?.Version
            ?? throw new BackupException($"The repository does not know the database of set {set.Label}.");
        var instance = new ScratchInstance(scratch, "postgres", major, time);

        await MeasureAsync(run, "restored", () => RestoreAsync(settings, scratch, set, log, cancel));
        await MeasureAsync(run, "consistent", () => instance.StartAsync(RecoveryTarget.EndOfBackup, run.Say, cancel));
        var expected = await CompareAsync(run, instance, set, cancel);
        await MeasureAsync(run, "recovered", async () =>
        {
            await instance.StopAsync(cancel);
            await instance.StartAsync(request.To is { } moment ? RecoveryTarget.At(moment) : RecoveryTarget.EndOfArchive, run.Say, cancel);
        });
        await LookAtTargetAsync(run, instance, expected, request.To, request.To ?? began, cancel);
        Conclude(run, set);
    }

    private static BackupSet Choose(RepositoryInfo info, DrillRequest request)
    {
        if (request.Label is { } label && label != "latest")
        {
            var named = info.Find(label) ?? throw new BackupException($"There is no set {label}.", "See `hub-backup list`.",
                ExitCodes.Configuration);
            return request.To is null || named.Stop <= request.To
                ? named
                : throw new BackupException($"Set {label} ended at {named.Stop:u}, after the target {request.To:u}.",
                    "Choose an older set, or omit --set.", ExitCodes.Configuration);
        }

        // A damaged one is used when there is no other: a failed drill tells more than no drill.
        var candidates = info.Sets.Where(set => !set.IsAbandoned && (request.To is null || set.Stop <= request.To)).ToList();
        return candidates.LastOrDefault(set => !set.IsDamaged) ?? candidates.LastOrDefault()
            ?? throw new BackupException(request.To is null ? "There is no backup yet." : $"No set ended before {request.To:u}.",
                "Take one with `hub-backup full`; `hub-backup list` shows the earliest recoverable time.");
    }

    internal static void RequireRoom(BackupSet set, ScratchDirectory scratch)
    {
        var free = new DriveInfo(scratch.Root).AvailableFreeSpace;
        if (free < set.Size)
            throw new BackupException($"HUB_BACKUP_SCRATCH has {RetentionTable.Bytes(free)} free, set {set.Label} needs "
                + $"{RetentionTable.Bytes(set.Size)} and its WAL.", "Give it a larger volume.");
    }

    private async Task MeasureAsync(JobRun run, string step, Func<Task> action)
    {
        var started = time.GetTimestamp();
        await action();
        var elapsed = time.GetElapsedTime(started);
        recovering += elapsed;
        run.Say(string.Create(CultureInfo.InvariantCulture, $"{step} in {elapsed.TotalSeconds:0.0} s"));
    }

    internal static async Task RestoreAsync(BackupSettings settings, ScratchDirectory scratch, BackupSet set, Action<string> log,
        CancellationToken cancel)
    {
        await File.WriteAllTextAsync(
            scratch.PgBackRestConfig, DrillConfig.Render(await File.ReadAllTextAsync(settings.PgBackRestConfig, cancel), settings.Stanza,
                scratch.Root, scratch.Data), cancel);
        // Where recovery ends is said to the server at each of its two starts.
        await new PgBackRest(settings, log, scratch.PgBackRestConfig).RequireAsync(
            "restore", ["--repo=1", $"--set={set.Label}", "--type=default", "--archive-mode=off",
                $"--tablespace-map-all={scratch.Tablespaces}"], cancel);
    }

    private async Task<DatabaseManifest> CompareAsync(JobRun run, ScratchInstance instance, BackupSet set, CancellationToken cancel)
    {
        await using var connection = await ConnectAsync(instance, cancel);
        var text = set.Manifest is null ? null : await ScalarAsync<string>(connection,
            "SELECT manifest FROM events.backup_manifests WHERE sha256 = $1", cancel, set.Manifest);
        Tell(run, new CheckResult("manifest", 1, text is null
            ? [set.Manifest is null ? $"set {set.Label} has no annotation {BackupSet.ManifestKey}: hub-backup did not take it"
                : $"the manifest {set.Manifest} is not in the restored database"]
            : DatabaseManifest.Hash(text) == set.Manifest
                ? [] : [$"the restored manifest's SHA-256 is {DatabaseManifest.Hash(text)}, the set's annotation says {set.Manifest}"]));
        if (text is null) throw Failure(set);

        var expected = DatabaseManifest.Parse(text);
        foreach (var result in DrillChecks.Compare(expected, await DrillReader.ReadAsync(connection, expected, _ => true, cancel),
            await DrillReader.LifetimesAsync(connection, cancel)))
            Tell(run, result);
        return expected;
    }

    private async Task LookAtTargetAsync(JobRun run, ScratchInstance instance, DatabaseManifest expected, DateTimeOffset? to,
        DateTimeOffset reference, CancellationToken cancel)
    {
        await using (var connection = await ConnectAsync(instance, cancel))
        {
            Tell(run, DrillChecks.RowsAtTarget(expected,
                await DrillReader.ReadAsync(connection, expected, chunk => !chunk.Sealed, cancel)));
            Tell(run, await DrillReader.AnswersAsync(connection, cancel));
            var newest = await DrillReader.NewestAsync(connection, cancel);
            Tell(run, DrillChecks.Target(expected, newest, to));
            run.Detail["recovery_seconds"] = Math.Round(recovering.TotalSeconds, 3);
            if (newest.Any is { } at)
            {
                run.Detail["newest_row"] = at.UtcDateTime.ToString("O", CultureInfo.InvariantCulture);
                run.Detail["newest_row_age_seconds"] = Math.Max(0, Math.Round((reference - at).TotalSeconds, 3));
            }
        }

        var (exitCode, output) = await instance.CheckFilesAsync(Database, cancel);
        Tell(run, new CheckResult("pg_amcheck", 1,
            exitCode == 0 ? [] : [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Take(20)]));
    }

    private void Conclude(JobRun run, BackupSet set)
    {
        run.Detail["size_bytes"] = set.Size;
        run.Detail["checks"] =
            new JsonObject(
                [.. results.Select(result => KeyValuePair.Create(result.Name, (JsonNode?)(result.Passed ? "passed" : "failed")))]);
        if (results.Any(result => !result.Passed)) throw Failure(set);
        run.Message = string.Create(CultureInfo.InvariantCulture,
            $"{set.Label} restored: {results.Count} checks of {results.Sum(result => result.Compared)} things passed; "
                + $"recovered in {run.Detail["recovery_seconds"]} s (RTO), "
                + $"{(run.Detail["newest_row_age_seconds"] is { } age ? $"newest row {age} s old (RPO)" : "nothing was stored yet")}");
    }

    private void Tell(JobRun run, CheckResult result)
    {
        results.Add(result);
        run.Say(string.Create(CultureInfo.InvariantCulture, $"{(result.Passed ? "✓" : "✗")} {result.Name} ({result.Compared})"));
        foreach (var problem in result.Problems.Take(20)) run.Say($"    {problem}");
        if (result.Problems.Count > 20) run.Say($"    and {result.Problems.Count - 20} more");
    }

    private BackupException Failure(BackupSet set)
    {
        var failed = results.Where(result => !result.Passed).ToList();
        return new BackupException(
            $"Set {set.Label} was restored but did not pass, {failed.Count} of {results.Count} checks failed: "
                + $"{string.Join("; ", failed.Select(result => $"{result.Name} ({result.Problems[0]})"))}.",
            "Do not rely on this set: drill an older one (`hub-backup drill --set`), take a full backup, and drill that.");
    }

    private Task<NpgsqlConnection> ConnectAsync(ScratchInstance instance, CancellationToken cancel) =>
        instance.ConnectAsync(Database, cancel);

    /// <summary>The database of the cluster's connection string; Hub's own name without one.</summary>
    private string Database => settings.ConnectionString is { } text
        && new NpgsqlConnectionStringBuilder(text).Database is { Length: > 0 } name ? name : "llm_analytics";

    private static async Task<T?> ScalarAsync<T>(NpgsqlConnection connection, string sql, CancellationToken cancel,
        params object[] parameters)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        foreach (var parameter in parameters) command.Parameters.Add(new NpgsqlParameter { Value = parameter });
        return await command.ExecuteScalarAsync(cancel) is T value ? value : default;
    }
}
