using System.Collections.Concurrent;
using Analytics.Ingest.Database;
using Analytics.Ingest.Telemetry;
using Hub.Shared;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Analytics.Ingest.Maintenance;

/// <summary>
/// Runs what the database does not run by itself on every edition: retention every hour; every five minutes the figures of model
/// performance, the roll-ups, and the jobs that a failover left standing; after an upgrade the move of the calls of the release before. Of
/// several instances one does it at a time, by an advisory lock that lives as long as its transaction (a session lock would stay behind in
/// the pool).
/// </summary>
internal sealed class MaintenanceService(
    NpgsqlDataSource dataSource, IOptions<IngestOptions> options, IngestMetrics metrics, TimeProvider time, ILogger<MaintenanceService> log)
    : BackgroundService
{
    private const string Retention = "retention", Performance = "model_performance", StuckJobs = "stuck_jobs",
        RollUps = "roll_ups", OldCalls = "old_calls";

    public static readonly TimeSpan RetentionEvery = TimeSpan.FromHours(1), PerformanceEvery = TimeSpan.FromMinutes(5),
        StuckJobsEvery = TimeSpan.FromMinutes(5), RollUpsEvery = TimeSpan.FromMinutes(5), OldCallsEvery = TimeSpan.FromSeconds(10);

    // After each hour of old calls it rests as long as moving it took: the other half of the time is for those who write and read.
    private const double Rest = 1;

    // Each run covers what an instance may have missed: late rows of the last hours, and at its start two days of nobody having run.
    private static readonly TimeSpan FirstWindow = TimeSpan.FromDays(2), LaterWindow = TimeSpan.FromHours(3);

    private const int CompactedAtOnce = 24;

    private static readonly TimeSpan ProgressEvery = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan TaskTimeout = TimeSpan.FromMinutes(5);

    private readonly ConcurrentDictionary<string, DateTimeOffset> succeeded = new();

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!options.Value.Maintenance) return;
        foreach (var task in new[] { Retention, Performance, StuckJobs, RollUps, OldCalls }) succeeded[task] = time.GetUtcNow();
        metrics.ObserveMaintenance(() => succeeded);
        await Task.WhenAll(
            RepeatAsync(RetentionEvery, Retention, ApplyRetentionAsync, stoppingToken),
            RepeatAsync(PerformanceEvery, Performance, RecordPerformanceAsync(), stoppingToken),
            RepeatAsync(RollUpsEvery, RollUps, CompactRollUpsAsync, stoppingToken),
            RepeatAsync(OldCallsEvery, OldCalls, MoveOldCallsAsync, stoppingToken),
            RepeatAsync(StuckJobsEvery, StuckJobs, RestartStuckJobsAsync, stoppingToken));
    }

    /// <summary>Drops what is older than its retention, on editions whose database has no policies of its own.</summary>
    public Task ApplyRetentionAsync(CancellationToken cancellationToken) =>
        RunLockedAsync(AdvisoryLocks.Retention, "SELECT count(*) FROM analytics.apply_retention()", [], cancellationToken);

    /// <summary>Records model performance for the whole hours of a window that ends now.</summary>
    public Task RecordPerformanceAsync(TimeSpan window, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow().UtcDateTime;
        var hour = new DateTime(now.Ticks - (now.Ticks % TimeSpan.TicksPerHour), DateTimeKind.Utc);
        return RunLockedAsync(AdvisoryLocks.ModelPerformance, "SELECT analytics.record_model_performance($1, $2)", [hour - window, hour],
            cancellationToken);
    }

    /// <summary>Sets background jobs going again that would never run by themselves, and says which.</summary>
    public async Task RestartStuckJobsAsync(CancellationToken cancellationToken)
    {
        if (await RunLockedAsync(AdvisoryLocks.StuckJobs,
            "SELECT string_agg(format('%s (%s)', job_id, procedure), ', ') FROM analytics.restart_stuck_jobs()", [],
            cancellationToken) is string jobs)
            log.LogWarning("Background jobs that would never have run again were restarted: {Jobs}", jobs);
    }

    /// <summary>Adds up the roll-ups of quarters of an hour that are over.</summary>
    public async Task CompactRollUpsAsync(CancellationToken cancellationToken)
    {
        // A part in a transaction, so that none holds back vacuum for long.
        while (await RunLockedAsync(AdvisoryLocks.RollUps, "SELECT analytics.compact_rollups($1)", [CompactedAtOnce], cancellationToken)
            is CompactedAtOnce)
        {
        }
    }

    /// <summary>Moves the calls of an earlier release, hour by hour, until none is left or another instance is at it.</summary>
    public async Task MoveOldCallsAsync(CancellationToken cancellationToken)
    {
        var reported = time.GetTimestamp() - (long)(ProgressEvery.TotalSeconds * time.TimestampFrequency);
        while (true)
        {
            var started = time.GetTimestamp();
            if (await RunLockedAsync(AdvisoryLocks.OldCalls, "SELECT analytics.move_old_calls()", [], cancellationToken)
                is not string progress) return;
            if (time.GetElapsedTime(reported) >= ProgressEvery || progress.StartsWith("finished", StringComparison.Ordinal))
            {
                log.LogInformation("Upgrade of the calls: {Progress}", progress);
                reported = time.GetTimestamp();
            }

            await Task.Delay(time.GetElapsedTime(started) * Rest, time, cancellationToken);
        }
    }

    private Func<CancellationToken, Task> RecordPerformanceAsync()
    {
        var window = FirstWindow;
        return async cancellationToken =>
        {
            await RecordPerformanceAsync(window, cancellationToken);
            window = LaterWindow;
        };
    }

    private async Task RepeatAsync(TimeSpan every, string what, Func<CancellationToken, Task> task, CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await task(stoppingToken);
                succeeded[what] = time.GetUtcNow();
            }
            catch (Exception failure) when (Failures.IsDatabase(failure)
                && !(failure is OperationCanceledException && stoppingToken.IsCancellationRequested))
            {
                log.LogWarning("Maintenance ({Task}) failed and will be retried in {Wait}: {Reason}", what, every, failure.Message);
            }

            await Task.Delay(every, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>What the statement answers in its first column; null as well while another instance is at it.</summary>
    private async Task<object?> RunLockedAsync(long key, string sql, object[] parameters, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using (var tryLock = new NpgsqlCommand("SELECT pg_try_advisory_xact_lock($1)",
            connection)
        { Parameters = { new() { Value = key } } })
        {
            if (await tryLock.ExecuteScalarAsync(cancellationToken) is not true) return null;
        }

        await using var run = new NpgsqlCommand(sql, connection) { CommandTimeout = (int)TaskTimeout.TotalSeconds };
        foreach (var parameter in parameters) run.Parameters.AddWithValue(parameter);
        var answer = await run.ExecuteScalarAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return answer;
    }
}
