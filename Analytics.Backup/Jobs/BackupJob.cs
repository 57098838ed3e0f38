using Analytics.Backup.Manifests;
using Analytics.Backup.Repository;
using Analytics.Backup.Retention;

namespace Analytics.Backup.Jobs;

/// <summary>Takes a backup: manifest, pgBackRest, and after a full what retention lets go.</summary>
internal sealed class BackupJob(BackupSettings settings, PgBackRest pgBackRest, Primary primary, Restartpoints restartpoints, TimeProvider time)
{
    private readonly WriteProbe probe = new(pgBackRest);

    /// <summary>Runs it.</summary>
    /// <param name="run">What is told and recorded.</param>
    /// <param name="type"><c>full</c> or <c>diff</c>.</param>
    /// <param name="cancel">Stops it; pgBackRest ends its backup on the server before it goes.</param>
    public async Task RunAsync(JobRun run, string type, CancellationToken cancel)
    {
        await using var guard = await primary.LockAsync(cancel);
        var before = await pgBackRest.InfoAsync(cancel);
        await probe.TryAsync(before, cancel);
        var manifest = await new ManifestRecorder(guard, time, run.Say).RecordAsync(type, settings.ManifestTime, cancel);
        await restartpoints.HelpAsync(new Archiving(pgBackRest, probe).RequireAsync("backup", [$"--type={type}", "--repo=1", "--no-expire-auto", $"--annotation={BackupSet.ManifestKey}={manifest}"], guard, cancel));

        var info = await pgBackRest.InfoAsync(cancel);
        var set = info.Sets.LastOrDefault(set => set.Manifest == manifest && before.Find(set.Label) is null)
            ?? throw new BackupException("pgBackRest reported success, but the repository lists no new set with this run's manifest.", "See pgbackrest info; check whether two repositories are configured.");
        run.Detail["set"] = set.Label;
        run.Detail["size_bytes"] = set.Size;
        run.Detail["stored_bytes"] = set.StoredSize;
        run.Detail["manifest"] = manifest;
        // The metric is written by every full and diff, for the count changes with them.
        run.Detail["restorable_sets"] = GfsRetention.Plan(info.Sets, time.GetUtcNow(), settings.Policy).RestorableSets;
        run.Message = $"{set.Label}, {RetentionTable.Bytes(set.Size)}, {RetentionTable.Bytes(set.StoredSize)} stored";
        // The backup exists and can be restored; that pages were broken when it was taken still has to reach somebody.
        if (set.HasPageErrors)
            throw new BackupException($"Set {set.Label} was taken, but pages of the database failed their checksum (pgbackrest info --set={set.Label} names the files).", "docs/runbooks, corrupt page: the database itself is damaged, and so is this set.");
        if (type == "diff" && set.Type == BackupType.Full) run.Say("there was no full to build on: pgBackRest took one");
    }
}
