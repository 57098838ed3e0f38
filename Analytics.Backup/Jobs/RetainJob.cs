using System.Globalization;
using Analytics.Backup.Repository;
using Analytics.Backup.Retention;
using Spectre.Console;

namespace Analytics.Backup.Jobs;

/// <summary>Applies a <see cref="RetentionPlan"/>.</summary>
internal sealed class RetainJob(BackupSettings settings, PgBackRest pgBackRest, Primary primary, TimeProvider time, IAnsiConsole console)
{
    // Nothing but what is named goes: neither sets nor WAL by pgBackRest's own counting, whatever its configuration says.
    private static readonly string[] KeepAll =
        ["--repo=1", "--repo1-retention-full-type=count", "--repo1-retention-full=9999999", "--repo1-retention-diff=9999999", "--repo1-retention-archive-type=full"];

    /// <summary>Shows what would be done.</summary>
    public async Task ShowAsync(CancellationToken cancel) => Show(await PlanAsync(cancel));

    /// <summary>Does it.</summary>
    public async Task RunAsync(JobRun run, CancellationToken cancel)
    {
        await using var guard = await primary.LockAsync(cancel);
        var plan = await PlanAsync(cancel);
        Show(plan);
        foreach (var set in plan.Expire)
        {
            await Primary.RequireLockAsync(guard, cancel);
            // While sets go one by one, "the newest N fulls" means something else after each: so no WAL goes with them.
            await pgBackRest.RequireAsync("expire", [.. KeepAll, "--repo1-retention-archive=9999999", $"--set={set.Label}"], cancel);
        }

        var left = await pgBackRest.InfoAsync(cancel);
        RequireAsPlanned(plan, left);
        // Under the lock no set is added between this check and the next command, so the count of full backups is the plan's.
        if (plan.FullsWithContinuousWal is { } fulls)
        {
            await Primary.RequireLockAsync(guard, cancel);
            await pgBackRest.RequireAsync("expire", [.. KeepAll, string.Create(CultureInfo.InvariantCulture, $"--repo1-retention-archive={fulls}")], cancel);
        }

        run.Detail["restorable_sets"] = plan.RestorableSets;
        run.Detail["daily"] = plan.Count(Reason.Daily);
        run.Detail["weekly"] = plan.Count(Reason.Weekly);
        run.Detail["monthly"] = plan.Count(Reason.Monthly);
        run.Detail["expired"] = plan.Decisions.Count(decision => !decision.Keep);
        run.Detail["size_bytes"] = left.StoredSize;
        run.Message = RetentionTable.Summary(plan, settings.Policy);
    }

    private async Task<RetentionPlan> PlanAsync(CancellationToken cancel) =>
        GfsRetention.Plan((await pgBackRest.InfoAsync(cancel)).Sets, time.GetUtcNow(), settings.Policy);

    private void Show(RetentionPlan plan)
    {
        console.Write(RetentionTable.Render(plan));
        console.WriteLine(RetentionTable.Summary(plan, settings.Policy));
    }

    private static void RequireAsPlanned(RetentionPlan plan, RepositoryInfo left)
    {
        var (planned, there) = (plan.Kept.Select(set => set.Label).ToHashSet(), left.Sets.Select(set => set.Label).ToHashSet());
        if (planned.Except(there).FirstOrDefault() is { } gone)
            throw new BackupException($"Set {gone} should have been kept and is gone.", "Something else expires sets: set expire-auto=n and repo1-retention-full=9999999 in pgbackrest.conf, and look for other jobs.");
        if (there.Except(planned).FirstOrDefault() is { } stayed)
            throw new BackupException($"Set {stayed} should have been expired and is still there.", "pgBackRest's log is above.");
    }
}
