using System.Diagnostics;
using Hub.Shared;
using Npgsql;

namespace Analytics.Backup.Jobs;

/// <summary>The primary of the cluster, where the state before a backup is read, jobs exclude each other, and results are kept.</summary>
internal sealed class Primary(BackupSettings settings, TimeProvider time, Action<string> log)
{
    // A failover takes up to half a minute; a job should not fail for it.
    private static readonly TimeSpan Failover = TimeSpan.FromSeconds(60);

    // A job that has waited in vain asks once more at its end, and does not wait again.
    private TimeSpan timeout = settings.LockTime < Failover ? settings.LockTime : Failover;

    /// <summary>Connects, waiting out a failover.</summary>
    /// <exception cref="BackupException">There is no primary within a minute, or the settings are wrong.</exception>
    public async Task<NpgsqlConnection> OpenAsync(CancellationToken cancel)
    {
        var builder = Settings(settings.RequireConnectionString(), BackupSettings.Database);
        if (builder.Host!.Contains(',', StringComparison.Ordinal)) builder.TargetSessionAttributes ??= "primary";
        var started = time.GetTimestamp();
        while (true)
        {
            var connection = new NpgsqlConnection(builder.ConnectionString);
            string problem;
            try
            {
                await connection.OpenAsync(cancel);
                await using var command = new NpgsqlCommand("SELECT pg_is_in_recovery()", connection);
                if (await command.ExecuteScalarAsync(cancel) is false) return connection;
                problem = "it is a replica";
            }
            catch (Exception e) when (e is NpgsqlException or TimeoutException or IOException)
            {
                problem = e is PostgresException p ? $"{p.SqlState} {p.MessageText}" : Innermost(e).Message;
            }

            await connection.DisposeAsync();
            var waited = time.GetElapsedTime(started);
            if (waited >= timeout)
            {
                timeout = TimeSpan.Zero;
                throw new BackupException($"No primary at {builder.Host}:{builder.Port}/{builder.Database} for {waited.TotalSeconds:0} s: {problem}.", "See `./hub status`; if the cluster is healthy, check password and certificate.");
            }

            await Task.Delay(TimeSpan.FromSeconds(1), time, cancel);
        }
    }

    /// <summary>
    /// Waits until no other job changes the repository. pgBackRest's own lock is a file on one host; jobs run in pods of their own, and two that
    /// write backup.info at once would lose a set.
    /// </summary>
    /// <returns>The connection that holds the lock until it ends.</returns>
    public async Task<NpgsqlConnection> LockAsync(CancellationToken cancel)
    {
        var connection = await OpenAsync(cancel);
        try
        {
            var started = time.GetTimestamp();
            var said = false;
            while (true)
            {
                if (await TryAsync(connection, cancel)) return connection;
                if (!said) log("another backup job runs; waiting for it");
                said = true;
                if (time.GetElapsedTime(started) >= settings.LockTime)
                    throw new BackupException($"Another backup job held the lock for {settings.LockTime:c}.", "See pg_stat_activity for application_name hub-backup; HUB_BACKUP_LOCK_SECONDS sets how long to wait.");
                await Task.Delay(TimeSpan.FromSeconds(2), time, cancel);
            }
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <summary>The same without waiting.</summary>
    /// <returns>Null while another job holds it.</returns>
    public async Task<NpgsqlConnection?> TryLockAsync(CancellationToken cancel)
    {
        var connection = await OpenAsync(cancel);
        try
        {
            if (await TryAsync(connection, cancel)) return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }

        await connection.DisposeAsync();
        return null;
    }

    private static async Task<bool> TryAsync(NpgsqlConnection connection, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand("SELECT pg_try_advisory_lock($1)", connection) { Parameters = { new NpgsqlParameter { Value = AdvisoryLocks.Backup } } };
        return await command.ExecuteScalarAsync(cancel) is true;
    }

    /// <summary>Whether the connection, and with it the lock, is still there: asked before anything is deleted.</summary>
    /// <exception cref="BackupException">It is not.</exception>
    public static async Task RequireLockAsync(NpgsqlConnection connection, CancellationToken cancel)
    {
        try
        {
            await using var command = new NpgsqlCommand(
                "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid() AND granted)", connection);
            if (await command.ExecuteScalarAsync(cancel) is true) return;
        }
        catch (Exception e) when (e is NpgsqlException or InvalidOperationException or IOException)
        {
            throw Lost(e.Message);
        }

        throw Lost("it is not held any more");

        static BackupException Lost(string why) => new($"The lock against other backup jobs was lost: {why}.", "Nothing more was changed in the repository. Start the job again.");
    }

    /// <summary>A connection of a job: no pool, and a server that is gone is noticed.</summary>
    /// <param name="text">The connection string.</param>
    /// <param name="variable">Where it is from.</param>
    /// <exception cref="BackupException">It cannot be read.</exception>
    internal static NpgsqlConnectionStringBuilder Settings(string text, string variable)
    {
        try
        {
            var builder = new NpgsqlConnectionStringBuilder(text)
            {
                Pooling = false,
                Enlist = false,
                ApplicationName = "hub-backup",
                CommandTimeout = 60,
                KeepAlive = 30,
                TcpKeepAlive = true,
            };
            if (string.IsNullOrWhiteSpace(builder.Host) || string.IsNullOrWhiteSpace(builder.Database))
                throw new BackupException($"{variable} names no Host or no Database.", exitCode: ExitCodes.Configuration);
            return builder;
        }
        catch (ArgumentException e)
        {
            // The message names the keyword, never a value.
            throw new BackupException($"{variable} cannot be read: {e.Message}", exitCode: ExitCodes.Configuration);
        }
    }

    [DebuggerStepThrough]
    private static Exception Innermost(Exception e) => e.InnerException is null ? e : Innermost(e.InnerException);
}
