using Analytics.Ingest.Calls;
using Analytics.Ingest.Database;
using Analytics.Ingest.Telemetry;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Analytics.Ingest.Writing;

/// <summary>Writes one batch in one transaction, and by halves when the database refuses one of its calls. Outcomes are set only by a
/// commit.</summary>
internal sealed class BatchWriter(NpgsqlDataSource dataSource, IOptions<IngestOptions> options, TimeProvider time, IngestMetrics metrics)
{
    /// <summary>
    /// Calls that began longer ago than this are inserted, not copied: their chunk may be compressed (COPY into one crashes TimescaleDB
    /// 2.13.1 and is refused by 2.15.3), or the call may be in a table of an earlier release. Migration 13 moves the last hour at once, so
    /// what is younger than half of that is not in such a table.
    /// </summary>
    private static readonly TimeSpan LateAfter = TimeSpan.FromMinutes(30);

    /// <summary>
    /// Writes calls that are sorted by key and hold no key twice. Afterwards every call has its outcome.
    /// Throws what <see cref="Failures.Classify"/> calls transient or unknown; some of the calls may then be stored, and the same call
    /// again is right.
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
            catch (PostgresException refused) when (Failures.Classify(refused) == Failure.Data)
            {
                await WriteHalvesAsync(calls, refused, cancellationToken);
                return;
            }
        }
    }

    private async Task WriteHalvesAsync(IReadOnlyList<QueuedCall> calls, PostgresException refused, CancellationToken cancellationToken)
    {
        if (calls.Count == 1)
        {
            calls[0].Outcome = CallOutcome.Rejected;
            // The message names the type or the constraint. Detail and context could repeat the call's content, so they are left out.
            calls[0].Reason = $"refused by the database: {refused.SqlState} {refused.MessageText}";
            metrics.Rejected("database");
            return;
        }

        var half = calls.Count / 2;
        await WriteAsync([.. calls.Take(half)], cancellationToken);
        await WriteAsync([.. calls.Skip(half)], cancellationToken);
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
