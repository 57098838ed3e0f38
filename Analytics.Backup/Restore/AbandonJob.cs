using System.Globalization;
using Analytics.Backup.Jobs;
using Analytics.Backup.Repository;
using Spectre.Console;

namespace Analytics.Backup.Restore;

/// <summary>
/// Notes on sets that the cluster went on from a moment before them: recovery along the newest timeline cannot begin with such a set
/// ("requested timeline is not a child of this server's history"), so it is passed over unless it is named.
/// </summary>
internal sealed class AbandonJob(PgBackRest pgBackRest, Primary primary, TimeProvider time, IAnsiConsole console)
{
    /// <summary>Runs it.</summary>
    /// <param name="labels">The sets.</param>
    /// <param name="takeBack">They belong to the cluster's history again: a restore was undone.</param>
    /// <param name="cancel">Stops it.</param>
    /// <exception cref="BackupException">There is no such set.</exception>
    public async Task RunAsync(IReadOnlyList<string> labels, bool takeBack, CancellationToken cancel)
    {
        await using var guard = await primary.LockAsync(cancel);
        var info = await pgBackRest.InfoAsync(cancel);
        // What retention has let go since needs no note any more.
        var sets = labels.Select(label => info.Find(label)
            ?? (takeBack ? null : throw new BackupException($"There is no set {label}.", "See `hub-backup list`.",
                ExitCodes.Configuration))).OfType<BackupSet>().ToList();
        var value = takeBack ? "" : time.GetUtcNow().UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);
        foreach (var set in sets.Where(set => set.IsAbandoned == takeBack))
        {
            await Primary.RequireLockAsync(guard, cancel);
            // An empty value takes an annotation away.
            await pgBackRest.RequireAsync("annotate", ["--repo=1", $"--set={set.Label}", $"--annotation={BackupSet.AbandonedKey}={value}"],
                cancel);
            console.WriteLine(
                takeBack
                    ? $"{set.Label}: part of the cluster's history again"
                    : $"{set.Label}: left behind by a restore; restored by its label only");
        }
    }
}
