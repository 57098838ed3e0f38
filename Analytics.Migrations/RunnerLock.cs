using Hub.Shared;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Analytics.Migrations;

/// <summary>One runner at a time: a session-level advisory lock, which the server releases when the session ends, however it ends.</summary>
internal static class RunnerLock
{
    /// <summary>Takes the lock, waiting for a runner that has it.</summary>
    /// <exception cref="MigrationException">Not within <see cref="MigrationOptions.RunnerTimeout"/>.</exception>
    public static async Task AcquireAsync(
        NpgsqlConnection connection, MigrationOptions options, ILogger logger, TimeProvider time, CancellationToken cancel)
    {
        var started = time.GetTimestamp();
        long? reported = null;
        // Asking again and again, because a blocking pg_advisory_lock could neither report progress nor be told from a hang.
        while (!await TryAcquireAsync(connection, cancel))
        {
            var waited = time.GetElapsedTime(started);
            if (waited >= options.RunnerTimeout)
                throw new MigrationException($"Another runner ({await HolderAsync(connection, cancel)}) has not finished within {options.RunnerTimeout:c}.");
            if (reported is null || time.GetElapsedTime(reported.Value) >= options.ProgressInterval)
            {
                reported = time.GetTimestamp();
                logger.LogInformation("Another runner ({Holder}) is active; waiting for it, {Waited:F0} s so far",
                    await HolderAsync(connection, cancel), waited.TotalSeconds);
            }

            await Task.Delay(options.PollInterval, time, cancel);
        }
    }

    private static async Task<bool> TryAcquireAsync(NpgsqlConnection connection, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand("SELECT pg_try_advisory_lock($1)", connection) { Parameters = { new() { Value = AdvisoryLocks.Migrations } } };
        return (bool)(await command.ExecuteScalarAsync(cancel))!;
    }

    private static async Task<string> HolderAsync(NpgsqlConnection connection, CancellationToken cancel)
    {
        const string sql = """
            SELECT format('pid %s, from %s, since %s', l.pid, coalesce(host(a.client_addr), 'a socket'), to_char(a.backend_start, 'HH24:MI:SS TZ'))
              FROM pg_locks l LEFT JOIN pg_stat_activity a USING (pid)
             WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1 AND l.classid::bigint = $1 AND l.objid::bigint = $2
               AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
            """;
        await using var command = new NpgsqlCommand(sql, connection)
        {
            Parameters = { new() { Value = AdvisoryLocks.Migrations >> 32 }, new() { Value = AdvisoryLocks.Migrations & 0xffff_ffffL } },
        };
        return await command.ExecuteScalarAsync(cancel) as string ?? "just finished";
    }
}
