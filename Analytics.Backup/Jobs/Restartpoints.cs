using Npgsql;

namespace Analytics.Backup.Jobs;

/// <summary>
/// Ends a wait that pgBackRest does not end itself. It takes its files from a standby, and for that needs a restartpoint at or after the place
/// where the backup begins. It asks for one once, as soon as that place is replayed. A standby that is catching up has then not replayed the
/// checkpoint's own record, which lies behind that place: nothing happens, and pgBackRest waits for the next restartpoint, which may be
/// checkpoint_timeout (15 min) away, and fails after archive-timeout (5 min). Seen with 2.55.1 under load.
/// </summary>
/// <param name="settings">Where the standbys are.</param>
/// <param name="time">The clock.</param>
/// <param name="log">Where it says what it did.</param>
internal sealed class Restartpoints(BackupSettings settings, TimeProvider time, Action<string> log)
{
    // What pgBackRest's own request needs; only then is it stuck.
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    // Read at once, so that a mistake in it is told before the backup begins.
    private readonly string? connectionString =
        settings.StandbyConnectionString is { } standbys ? Primary.Settings(standbys, BackupSettings.Standbys).ConnectionString : null;

    private volatile bool waiting;

    /// <summary>Takes in a line of pgBackRest's log.</summary>
    public void Observe(string line)
    {
        if (line.Contains("wait for replay on the standby to reach", StringComparison.Ordinal)) waiting = true;
        else if (line.Contains("replay on the standby reached", StringComparison.Ordinal)) waiting = false;
    }

    /// <summary>Runs a backup, and while it waits for a standby, has the standbys make restartpoints.</summary>
    /// <param name="backup">pgBackRest, whose lines come to <see cref="Observe"/>.</param>
    public async Task HelpAsync(Task backup)
    {
        using var ended = new CancellationTokenSource();
        var requests = RequestAsync(ended.Token);
        try
        {
            await backup;
        }
        finally
        {
            await ended.CancelAsync();
            await requests;
        }
    }

    private async Task RequestAsync(CancellationToken ended)
    {
        if (connectionString is null) return;
        var said = "";
        while (!ended.IsCancellationRequested)
        {
            await Task.Delay(Interval, time, ended).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (!waiting || ended.IsCancellationRequested) continue;
            var done = await RequestOneAsync(connectionString, ended);
            if (done != said && !ended.IsCancellationRequested) log(done);
            said = done;
        }
    }

    /// <summary>At one of them; which, the gateway chooses. The next request finds another.</summary>
    /// <returns>What to tell.</returns>
    private static async Task<string> RequestOneAsync(string connectionString, CancellationToken ended)
    {
        const string Waits = "pgBackRest waits for a restartpoint of a standby";
        try
        {
            await using var connection = new NpgsqlConnection(connectionString);
            await connection.OpenAsync(ended);
            // On a primary it would be a checkpoint at full speed, which does not help here.
            await using var command = new NpgsqlCommand("DO $$BEGIN IF pg_is_in_recovery() THEN CHECKPOINT; END IF; END$$", connection);
            await command.ExecuteNonQueryAsync(ended);
            return $"{Waits}: requested one";
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.InsufficientPrivilege)
        {
            return $"{Waits}, which may take minutes: GRANT pg_checkpoint TO llm_app lets this job request one";
        }
        catch (Exception e) when (e is NpgsqlException or TimeoutException or IOException or OperationCanceledException)
        {
            return $"{Waits}; none could be requested yet (the gateway does not route to a standby that lags far behind): {e.Message}";
        }
    }
}
