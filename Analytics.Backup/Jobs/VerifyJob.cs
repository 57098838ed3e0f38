using System.Globalization;
using Analytics.Backup.Repository;
using Analytics.Backup.Retention;
using Analytics.Backup.Verification;
using Npgsql;

namespace Analytics.Backup.Jobs;

/// <summary>Reads every file of the repository, says which are altered or missing, and marks the sets.</summary>
internal sealed class VerifyJob(BackupSettings settings, PgBackRest pgBackRest, Primary primary, TimeProvider time)
{
    /// <summary>Runs it.</summary>
    /// <exception cref="BackupException">Something is wrong with the repository; every file, segment and set is named above.</exception>
    public async Task RunAsync(JobRun run, CancellationToken cancel)
    {
        // Says what is wrong with an unreachable repository; verify itself would only say that it found no info file.
        var before = await pgBackRest.InfoAsync(cancel);
        if (before.Sets.Count == 0)
            throw new BackupException("There is no backup to verify.", "Take one with `hub-backup full`.");
        // Asked first, so that whatever the server was told is archived has to be found below.
        var archived = settings.ConnectionString is null ? null : await LastArchivedAsync(run, cancel);
        var result = await pgBackRest.RunAsync("verify", ["--repo=1", "--output=text", "--verbose"], cancel, level: "detail");
        if (result.ExitCode != 0) throw Aborted(result, before);
        var report = VerifyReport.Parse(result.Output, result.Log);

        // It may have taken hours. Sets come and go meanwhile, so it is judged by what there is now, and marked under the lock.
        await using var guard = settings.ConnectionString is null ? null : await LockAsync(run, cancel);
        var info = await pgBackRest.InfoAsync(cancel);
        var findings = Findings.Judge(report, info, GfsRetention.Plan(info.Sets, time.GetUtcNow(), settings.Policy).ContinuousFrom);
        var problems = findings.Problems.ToList();
        if (archived is not null && Behind(archived.Value, report) is { } behind) problems.Add(behind);
        if (guard is not null || settings.ConnectionString is null) await MarkAsync(info, findings, guard, cancel);

        foreach (var problem in problems) run.Say($"✗ {problem}");
        // What was found damaged holds no place any more; the metric should not wait for the next backup.
        run.Detail["restorable_sets"] = GfsRetention.Plan((await pgBackRest.InfoAsync(cancel)).Sets, time.GetUtcNow(), settings.Policy).RestorableSets;
        run.Detail["sets"] = info.Sets.Count;
        run.Detail["whole"] = findings.Whole.Count;
        run.Detail["damaged"] = findings.Damaged.Count;
        run.Detail["wal_segments"] = report.WalChecked;
        run.Detail["size_bytes"] = info.StoredSize;
        run.Message = string.Create(CultureInfo.InvariantCulture, $"{findings.Whole.Count} of {info.Sets.Count} sets and {report.WalChecked} WAL segments read, all intact");
        if (problems.Count > 0)
        {
            throw new BackupException($"The repository is damaged, {problems.Count} findings: {string.Join("; ", problems.Take(20))}{(problems.Count > 20 ? "; …" : "")}.",
                "Take a full backup now (`hub-backup full`); then docs/runbooks, repository lost. Sets that are marked damaged are not restored, not counted, and are removed after a week.");
        }
    }

    /// <summary>
    /// It reads the oldest WAL segment of each archive before all else, to learn the segments' size, and gives up without a name when that one
    /// cannot be read (verifyArchive in src/command/verify/verify.c).
    /// </summary>
    private static BackupException Aborted(PgBackRestResult result, RepositoryInfo info)
    {
        var explained = PgBackRestErrors.Explain("verify", result);
        var oldest = info.Archives.Where(archive => archive.First is not null).Select(archive => $"{archive.Id} {archive.First}").ToList();
        return result.ExitCode is 26 or 28 or 29 or 95 && oldest.Count > 0
            ? new BackupException($"{explained.Message} It stopped before it had read anything else; what it reads first is the oldest WAL segment of each archive, so that is altered: {string.Join(", ", oldest)}.",
                "Sets that need this segment to be consistent are lost; take a full backup now (`hub-backup full`), whose retention drops the segment once no set needs it.")
            : explained;
    }

    private async Task MarkAsync(RepositoryInfo info, Findings findings, NpgsqlConnection? guard, CancellationToken cancel)
    {
        var now = time.GetUtcNow().UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);
        foreach (var set in info.Sets)
        {
            // An empty value takes an annotation away.
            string[] annotations = findings.Whole.Contains(set.Label) ? [$"{BackupSet.VerifiedKey}={now}", .. set.Annotations.ContainsKey(BackupSet.DamagedKey) ? new[] { $"{BackupSet.DamagedKey}=" } : []]
                : findings.Damaged.ContainsKey(set.Label) && !set.Annotations.ContainsKey(BackupSet.DamagedKey) ? [$"{BackupSet.DamagedKey}={now}"] : [];
            if (annotations.Length == 0) continue;
            if (guard is not null) await Primary.RequireLockAsync(guard, cancel);
            await pgBackRest.RequireAsync("annotate", ["--repo=1", $"--set={set.Label}", .. annotations.Select(annotation => $"--annotation={annotation}")], cancel);
        }
    }

    /// <summary>Without the database the repository is still checked; the run then fails, because it cannot be recorded.</summary>
    private async Task<NpgsqlConnection?> LockAsync(JobRun run, CancellationToken cancel)
    {
        try
        {
            return await primary.LockAsync(cancel);
        }
        catch (BackupException e) when (e.ExitCode == ExitCodes.Failed)
        {
            run.Say($"sets are not marked: {e.Message}");
            return null;
        }
    }

    private async Task<WalSegment?> LastArchivedAsync(JobRun run, CancellationToken cancel)
    {
        try
        {
            await using var connection = await primary.OpenAsync(cancel);
            // Backup labels and timeline histories are archived too. 0 for a server that has archived nothing since it started.
            await using var command = new NpgsqlCommand("SELECT last_archived_wal FROM pg_stat_archiver WHERE last_archived_wal ~ '^[0-9A-F]{24}$'", connection);
            return await command.ExecuteScalarAsync(cancel) is string name ? WalSegment.Parse(name) : null;
        }
        catch (Exception e) when (e is BackupException { ExitCode: ExitCodes.Failed } or NpgsqlException)
        {
            run.Say($"the server was not asked what it archived last: {e.Message}");
            return null;
        }
    }

    private static string? Behind(WalSegment archived, VerifyReport report) =>
        report.Ranges.Any(range => range.First.Timeline == archived.Timeline && range.First.Number <= archived.Number && archived.Number <= range.Last.Number)
            ? null
            : $"WAL {archived} is missing, although the server was told that it is archived";
}
