using System.Collections.Concurrent;
using Analytics.Ingest.Database;
using Analytics.Ingest.Telemetry;
using Hub.Shared;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Analytics.Ingest.Maintenance;

/// <summary>
/// Runs what the database does not run by itself on every edition: retention every hour, the roll-up of model performance every five minutes, and
/// as often the jobs that a failover left standing. Of several instances one does it at a time, by an advisory lock that lives as long as its
/// transaction (a session lock would stay behind in the pool).
/// </summary>
internal sealed class MaintenanceService(
    NpgsqlDataSource dataSource, IOptions<IngestOptions> options, IngestMetrics metrics, TimeProvider time, ILogger<MaintenanceService> log)
    : BackgroundService
{
    private const string Retention = "retention", RollUp = "model_performance", StuckJobs = "stuck_jobs";

    public static readonly TimeSpan RetentionEvery = TimeSpan.FromHours(1), RollUpEvery = TimeSpan.FromMinutes(5), StuckJobsEvery = TimeSpan.FromMinutes(5);

    // Each run covers what an instance may have missed: late rows of the last hours, and at its start two days of nobody having run.
    private static readonly TimeSpan FirstWindow = TimeSpan.FromDays(2), LaterWindow = TimeSpan.FromHours(3);

    private static readonly TimeSpan TaskTimeout = TimeSpan.FromMinutes(5);

    private readonly ConcurrentDictionary<string, DateTimeOffset> succeeded = new();

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!options.Value.Maintenance) return;
        foreach (var task in new[] { Retention, RollUp, StuckJobs }) succeeded[task] = time.GetUtcNow();
        metrics.ObserveMaintenance(() => succeeded);
        await Task.WhenAll(
            RepeatAsync(RetentionEvery, Retention, ApplyRetentionAsync, stoppingToken),
            RepeatAsync(RollUpEvery, RollUp, RollUpAsync(), stoppingToken),
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
        return RunLockedAsync(AdvisoryLocks.ModelPerformance, "SELECT analytics.record_model_performance($1, $2)", [hour - window, hour], cancellationToken);
    }

    /// <summary>Sets background jobs going again that would never run by themselves, and says which.</summary>
    public async Task RestartStuckJobsAsync(CancellationToken cancellationToken)
    {
        if (await RunLockedAsync(AdvisoryLocks.StuckJobs, "SELECT string_agg(format('%s (%s)', job_id, procedure), ', ') FROM analytics.restart_stuck_jobs()", [], cancellationToken) is string jobs)
            log.LogWarning("Background jobs that would never have run again were restarted: {Jobs}", jobs);
    }

    private Func<CancellationToken, Task> RollUpAsync()
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
            catch (Exception failure) when (Failures.IsDatabase(failure) && !(failure is OperationCanceledException && stoppingToken.IsCancellationRequested))
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
        await using (var tryLock = new NpgsqlCommand("SELECT pg_try_advisory_xact_lock($1)", connection) { Parameters = { new() { Value = key } } })
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
