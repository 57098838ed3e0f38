using Analytics.Ingest.Calls;
using Analytics.Ingest.Database;
using Analytics.Ingest.Telemetry;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Analytics.Ingest.Writing;

/// <summary>Writes one batch in one transaction. Outcomes are set only by a commit.</summary>
internal sealed class BatchWriter(NpgsqlDataSource dataSource, IOptions<IngestOptions> options, TimeProvider time, IngestMetrics metrics)
{
    /// <summary>
    /// Calls that began longer ago than this are inserted, not copied: their chunk may be compressed (COPY into one crashes TimescaleDB
    /// 2.13.1 and is refused by 2.15.3), or the call may be in a table of an earlier release. Migration 16 moves the last hour at once, so
    /// what is younger than half of that is not in such a table.
    /// </summary>
    private static readonly TimeSpan LateAfter = TimeSpan.FromMinutes(30);

    private long commits;

    /// <summary>How many transactions with calls have been committed, over all lanes.</summary>
    public long Commits => Interlocked.Read(ref commits);

    /// <summary>
    /// Writes calls that are sorted by key and hold no key twice. Afterwards every call has its outcome. When it throws, all of them may be
    /// stored or none, and the same again is right.
    /// </summary>
    public async Task WriteAsync(IReadOnlyList<QueuedCall> calls, CancellationToken cancellationToken)
    {
        var ignoreDuplicates = false;
        while (true)
        {
            try
            {
                await WriteOnceAsync(calls, ignoreDuplicates, cancellationToken);
                return;
            }
            catch (PostgresException duplicate) when (!ignoreDuplicates && Failures.Classify(duplicate) == Failure.Duplicate)
            {
                ignoreDuplicates = true;
            }
        }
    }

    /// <summary>
    /// Commits a transaction that changes something and holds no call. A server that is away, read-only, without its standby, without room
    /// for a page or without transaction ids refuses it.
    /// </summary>
    public async Task ProbeAsync(CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(options.Value.AttemptTimeout, time);
        using var attempt = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        await using var connection = await dataSource.OpenConnectionAsync(attempt.Token);
        await using var transaction = await connection.BeginTransactionAsync(attempt.Token);
        await using (var create = new NpgsqlCommand("CREATE TEMP TABLE hub_probe () ON COMMIT DROP", connection))
        {
            await create.ExecuteNonQueryAsync(attempt.Token);
        }

        await CommitCopies.RequireAsync(connection, attempt.Token);
        await CommitAsync(connection, transaction, attempt.Token);
    }

    private async Task WriteOnceAsync(IReadOnlyList<QueuedCall> calls, bool ignoreDuplicates, CancellationToken cancellationToken)
    {
        using var span = IngestTracing.StartWrite(calls.Count, ignoreDuplicates);

        // The source's own timer: one that calls Cancel may do so when the source is disposed of already, and an exception on a timer ends
        // the process.
        using var limit = new CancellationTokenSource(options.Value.AttemptTimeout, time);
        using var attempt = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        var started = time.GetTimestamp();
        HashSet<CallKey>? stored;
        int copies;
        try
        {
            (stored, copies) = await TransactAsync(calls, ignoreDuplicates, attempt.Token);
        }
        catch (Exception failure)
        {
            IngestTracing.Failed(span, failure);
            throw;
        }

        foreach (var queued in calls)
        {
            queued.Copies = copies;
            queued.Outcome = stored is null || stored.Contains(queued.Call.Key)
                ? CallOutcome.Stored : CallOutcome.Duplicate;
        }

        Interlocked.Increment(ref commits);
        metrics.Committed(calls.Count, time.GetElapsedTime(started), ignoreDuplicates);
    }

    /// <summary>One transaction, from connection to commit. Returns the keys that were new where it looked for duplicates, and on how many
    /// members it is.</summary>
    private async Task<(HashSet<CallKey>? Stored, int Copies)> TransactAsync(IReadOnlyList<QueuedCall> calls,
        bool ignoreDuplicates, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var latest = ignoreDuplicates ? DateTime.MaxValue : time.GetUtcNow().UtcDateTime - LateAfter;
        var fresh = calls.Where(queued => queued.Call.Time >= latest).ToList();
        var late = calls.Where(queued => queued.Call.Time < latest).ToList();
        var stored = late.Count == 0 ? null : await InsertAsync(connection, late, cancellationToken);
        await TableCopies.Calls.CopyAsync(connection, fresh, cancellationToken);
        if (stored is not null)
        {
            late.RemoveAll(queued => !stored.Contains(queued.Call.Key));
            await InsertErrorsAsync(connection, late, cancellationToken);
            stored.UnionWith(fresh.Select(queued => queued.Call.Key));
        }

        await TableCopies.Errors.CopyAsync(connection, fresh.FindAll(queued => queued.Call.IsError), cancellationToken);
        await TableCopies.RollUps.CopyAsync(connection, RollUp.Of(fresh.Concat(late)), cancellationToken);
        var copies = await CommitCopies.RequireAsync(connection, cancellationToken);
        await CommitAsync(connection, transaction, cancellationToken);
        return (stored, copies);
    }

    /// <summary>Inserts those of the calls that are not there yet. Returns their keys.</summary>
    private static async Task<HashSet<CallKey>> InsertAsync(
        NpgsqlConnection connection, List<QueuedCall> calls, CancellationToken cancellationToken)
    {
        await TableCopies.Calls.StageAsync(connection, calls, cancellationToken);
        await using var insert = new NpgsqlCommand(TableCopies.Calls.Insert(
            "WHERE NOT analytics.is_in_old_tables(s.project_id, s.time, s.call_id) ORDER BY s.project_id, s.time, s.call_id "
            + "ON CONFLICT DO NOTHING RETURNING project_id, time, call_id"), connection);
        await using var reader = await insert.ExecuteReaderAsync(cancellationToken);
        var stored = new HashSet<CallKey>(calls.Count);
        while (await reader.ReadAsync(cancellationToken))
        {
            stored.Add(new CallKey(reader.GetInt32(0), reader.GetDateTime(1), reader.GetInt64(2)));
        }

        return stored;
    }

    private static async Task InsertErrorsAsync(NpgsqlConnection connection, List<QueuedCall> calls, CancellationToken cancellationToken)
    {
        var errors = calls.FindAll(queued => queued.Call.IsError);
        if (errors.Count == 0) return;
        await TableCopies.Errors.StageAsync(connection, errors, cancellationToken);
        await using var insert = new NpgsqlCommand(TableCopies.Errors.Insert("ORDER BY s.time, s.request_id ON CONFLICT DO NOTHING"),
            connection);
        await insert.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>
    /// Commits, and treats a warning as a failure: a server whose wait for the standby is cancelled (such as by a timeout) commits locally,
    /// answers success, and says only in a warning that the standby may not have the calls.
    /// </summary>
    private static async Task CommitAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, CancellationToken cancellationToken)
    {
        string? warning = null;
        void OnNotice(object sender, NpgsqlNoticeEventArgs args)
        {
            if (args.Notice.InvariantSeverity == "WARNING") warning = args.Notice.MessageText;
        }

        connection.Notice += OnNotice;
        try
        {
            await transaction.CommitAsync(cancellationToken);
        }
        finally
        {
            connection.Notice -= OnNotice;
        }

        if (warning is not null) throw new ReplicationNotConfirmedException(warning);
    }
}
