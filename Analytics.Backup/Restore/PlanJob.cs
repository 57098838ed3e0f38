using System.Text.Json;
using Analytics.Backup.Jobs;
using Analytics.Backup.Repository;
using Npgsql;

namespace Analytics.Backup.Restore;

/// <summary>Looks whether a target can be recovered to, and says how. Changes nothing that is restored.</summary>
internal sealed class PlanJob(BackupSettings settings, PgBackRest pgBackRest, Primary primary, TimeProvider time)
{
    /// <summary>Makes the plan.</summary>
    /// <param name="to">The target.</param>
    /// <param name="live">There is a primary: what it has not archived yet is archived first, so that any moment until now can be
    /// recovered.</param>
    /// <param name="cancel">Stops it.</param>
    /// <exception cref="BackupException">The target cannot be recovered to.</exception>
    public async Task<RestorePlan> MakeAsync(string to, bool live, CancellationToken cancel)
    {
        var info = await pgBackRest.InfoAsync(cancel);
        var plan = RestorePlan.Resolve(info, to, time.GetUtcNow());
        if (plan.Type != RestoreType.Immediate && live)
        {
            await ArchiveAsync(to, cancel);
            // Soon after a failover this brought the new timeline's first segment, in a directory of its own.
            info = await pgBackRest.InfoAsync(cancel);
        }

        if (plan.Moment is { } moment && await NewestWalAsync(info, cancel) is var newest && (newest is null || newest < moment))
        {
            throw new BackupException(
                newest is null
                    ? "There is no WAL in the repository."
                    : $"--to: {moment:u} is after the newest WAL in the repository, which arrived at {newest:u}.",
                "Recover to the end of the archive with `--to latest`.", ExitCodes.Configuration);
        }

        return plan;
    }

    /// <summary>
    /// Recovery to a moment stops at the first commit after it; in a database that rests there may be none. So one is made, and
    /// pgBackRest's check brings the segment that holds it into the repository.
    /// </summary>
    private async Task ArchiveAsync(string to, CancellationToken cancel)
    {
        settings.RequireConnectionString();
        await using (var connection = await primary.OpenAsync(cancel))
        await using (var command = new NpgsqlCommand(
            "INSERT INTO events.system_events (time, component, kind, severity, message) VALUES (now(), 'backup', 'restore', 'info', $1)",
            connection))
        {
            command.Parameters.Add(new NpgsqlParameter { Value = $"restore to {to}: asked for" });
            await command.ExecuteNonQueryAsync(cancel);
        }

        await pgBackRest.RequireAsync("check", [], cancel);
    }

    /// <summary>
    /// When the newest segment arrived, from the repository's own list:
    /// <code>
    /// {".":{"type":"path"},"000000010000000000000004-17b1….lz4":{"type":"file","size":1979984,"time":1795380503}}
    /// </code>
    /// </summary>
    private async Task<DateTimeOffset?> NewestWalAsync(RepositoryInfo info, CancellationToken cancel)
    {
        if (info.Archives.LastOrDefault(archive => archive.Last is not null) is not { Last: { } last } archive) return null;
        // Timeline and the upper half of the position: the directory that the highest segment is in.
        var result = await pgBackRest.RequireAsync("repo-ls",
            ["--repo=1", "--output=json", $"archive/{info.Stanza}/{archive.Id}/{last[..16]}"], cancel);
        using var document = JsonDocument.Parse(result.Output);
        return document.RootElement.EnumerateObject()
            .Where(file => file.Value.TryGetProperty("time", out _) && file.Name.Length > 24)
            .Select(file => (DateTimeOffset?)DateTimeOffset.FromUnixTimeSeconds(file.Value.GetProperty("time").GetInt64())).Max();
    }
}
