using System.Globalization;
using Analytics.Backup.Repository;
using Npgsql;

namespace Analytics.Backup.Jobs;

/// <summary>Says why WAL does not arrive. pgBackRest itself only waits for it (<c>archive-timeout</c>) and gives up.</summary>
internal sealed class Archiving(PgBackRest pgBackRest, WriteProbe probe)
{
    // ArchiveTimeoutError of its src/build/error/error.yaml.
    private const int NotArrived = 82;

    /// <summary>Runs a command that waits for WAL.</summary>
    /// <param name="command">Such as <c>backup</c>.</param>
    /// <param name="arguments">Its options.</param>
    /// <param name="guard">The connection that holds the lock against other jobs; null: another one holds it.</param>
    /// <param name="cancel">Stops it.</param>
    /// <exception cref="BackupException">It failed. Where WAL did not arrive: because the repository takes nothing, or with what the server
    /// says of its archiving.</exception>
    public async Task RequireAsync(string command, IEnumerable<string> arguments, NpgsqlConnection? guard, CancellationToken cancel)
    {
        var result = await pgBackRest.RunAsync(command, arguments, cancel);
        if (result.ExitCode == 0) return;
        var problem = PgBackRestErrors.Explain(command, result);
        if (PgBackRestErrors.CodeOf(result) != NotArrived || guard is null) throw problem;
        await Primary.RequireLockAsync(guard, cancel);
        bool tried;
        try
        {
            tried = await probe.TryAsync(await pgBackRest.InfoAsync(cancel), cancel);
        }
        catch (BackupException cause)
        {
            throw new BackupException($"WAL did not arrive in the repository, which takes nothing: {cause.Message}", cause.Todo);
        }

        throw new BackupException(
            $"{problem.Message}{(tried ? " The repository takes what this job writes." : "")} {await ServerAsync(guard, cancel)}",
            "Look at the primary's log for archive-push, and compare its keys for the repository with this job's; "
                + "then start the job again.");
    }

    /// <summary>What the server knows: which segment it could not hand over, and since when.</summary>
    private static async Task<string> ServerAsync(NpgsqlConnection connection, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(
            "SELECT failed_count, last_failed_wal, last_failed_time, last_archived_wal, last_archived_time, "
                + "current_setting('archive_mode') FROM pg_stat_archiver", connection);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        await reader.ReadAsync(cancel);
        var archived = reader.IsDBNull(3) ? "it has archived nothing" : string.Create(CultureInfo.InvariantCulture,
            $"it archived {reader.GetString(3)} at {reader.GetDateTime(4):u}");
        return reader.GetString(5) == "off" ? "The server's archive_mode is off."
            : reader.IsDBNull(1) || (!reader.IsDBNull(4) && reader.GetDateTime(4) > reader.GetDateTime(2))
                ? $"The server knows of no failure: {archived}."
            : string.Create(CultureInfo.InvariantCulture,
                $"The server failed to archive {reader.GetString(1)} at {reader.GetDateTime(2):u}, "
                + $"{reader.GetInt64(0)} failures in all; {archived}.");
    }
}
