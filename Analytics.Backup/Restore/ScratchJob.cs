using Analytics.Backup.Drill;
using Analytics.Backup.Repository;
using Analytics.Backup.Retention;
using Npgsql;
using Spectre.Console;

namespace Analytics.Backup.Restore;

/// <summary>
/// Restores into a scratch instance that stays up until the program is told to end: to look into the past, or to take a lost table out of
/// it.
/// </summary>
internal sealed class ScratchJob(BackupSettings settings, PgBackRest pgBackRest, TimeProvider time, IAnsiConsole console)
{
    /// <summary>Begins the line that says that it can be connected to; libpq's words follow.</summary>
    public const string Ready = "ready: ";

    /// <summary>Runs it until it is cancelled.</summary>
    /// <exception cref="BackupException">It did not come up.</exception>
    public async Task RunAsync(RestorePlan plan, CancellationToken cancel)
    {
        var info = await pgBackRest.InfoAsync(cancel);
        var set = info.Find(plan.Set) ?? throw new BackupException($"Set {plan.Set} is gone.", "See `./hub backup list`.");
        var major = info.Databases.FirstOrDefault(database => database.Id == set.DatabaseId)?.Version
            ?? throw new BackupException($"The repository does not know the database of set {set.Label}.");
        // A directory of its own: drills go on meanwhile.
        var parent = Directory.CreateDirectory(Path.Combine(settings.RequireScratch(), "restore")).FullName;
        await using var scratch = await ScratchDirectory.CreateAsync(parent, Say);
        DrillJob.RequireRoom(set, scratch);
        var started = time.GetTimestamp();
        Say($"restoring {plan.Description}, {RetentionTable.Bytes(plan.Size)}");
        await DrillJob.RestoreAsync(settings, scratch, set, line => Say($"  {line}"), cancel);
        Say("recovering");
        var instance = new ScratchInstance(scratch, "postgres", major, time);
        await instance.StartAsync(RecoveryTarget.For(plan), Say, cancel);
        Say(string.Create(System.Globalization.CultureInfo.InvariantCulture,
            $"recovered in {time.GetElapsedTime(started).TotalSeconds:0.0} s"));
        Say($"{Ready}host={scratch.Sockets} user=postgres dbname={Database}");
        try
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, time, cancel);
        }
        catch (OperationCanceledException)
        {
            Say("removing the scratch instance");
        }
    }

    private string Database => settings.ConnectionString is { } text
        && new NpgsqlConnectionStringBuilder(text).Database is { Length: > 0 } name ? name : "llm_analytics";

    private void Say(string line) => console.WriteLine(line);
}
