using Analytics.Ingest.Database;
using Analytics.Ingest.Telemetry;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Analytics.Ingest.Writing;

/// <summary>Writes one batch in one transaction. Outcomes are set only by a commit.</summary>
internal sealed class BatchWriter(NpgsqlDataSource dataSource, IOptions<IngestOptions> options, TimeProvider time, IngestMetrics metrics)
{
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
        HashSet<(Guid, DateTime)>? stored;
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
            queued.Outcome = stored is null || stored.Contains((queued.Call.RequestId, queued.Call.Time))
                ? CallOutcome.Stored : CallOutcome.Duplicate;
        }

        Interlocked.Increment(ref commits);
        metrics.Committed(calls.Count, time.GetElapsedTime(started), ignoreDuplicates);
    }

    /// <summary>One transaction, from connection to commit. Returns the keys that were new where it looked for duplicates, and on how many
    /// members it is.</summary>
    private async Task<(HashSet<(Guid, DateTime)>? Stored, int Copies)> TransactAsync(IReadOnlyList<QueuedCall> calls,
        bool ignoreDuplicates, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        HashSet<(Guid, DateTime)>? stored = null;
        if (ignoreDuplicates)
        {
            stored = await StageAsync(connection, calls, cancellationToken);
        }
        else
        {
            foreach (var table in TableCopies.All) await table.CopyAsync(connection, calls, staging: false, cancellationToken);
        }

        var copies = await CommitCopies.RequireAsync(connection, cancellationToken);
        await CommitAsync(connection, transaction, cancellationToken);
        return (stored, copies);
    }

    /// <summary>
    /// The same batch without the calls that are there already. Returns the keys of those that were not.
    /// Creating the temporary tables writes WAL under a transaction id, so this commit also waits for the synchronous standby: even when
    /// every call is a duplicate, the answer says that the calls are on two servers, the first writer's among them, whose own wait may have
    /// been cut short.
    /// </summary>
    private static async Task<HashSet<(Guid, DateTime)>> StageAsync(
        NpgsqlConnection connection, IReadOnlyList<QueuedCall> calls, CancellationToken cancellationToken)
    {
        var stored = new HashSet<(Guid, DateTime)>(calls.Count);
        foreach (var table in TableCopies.All)
        {
            if (table.ErrorsOnly && !calls.Any(queued => queued.Call.IsError)) continue;
            // ON COMMIT DROP, because the transaction pool gives this session to somebody else afterwards.
            await using (var create = new NpgsqlCommand($"CREATE TEMP TABLE {table.Staging} (LIKE {table.Table}) ON COMMIT DROP",
                connection))
            {
                await create.ExecuteNonQueryAsync(cancellationToken);
            }

            // LIKE takes over NOT NULL but no default, so columns that are not copied (ingested_at) must be nullable here.
            await using (var relax = new NpgsqlCommand(
                table.Columns == TableCopies.RequestColumns ? $"ALTER TABLE {table.Staging} ALTER ingested_at DROP NOT NULL" : "SELECT 1",
                connection))
            {
                await relax.ExecuteNonQueryAsync(cancellationToken);
            }

            await table.CopyAsync(connection, calls, staging: true, cancellationToken);
            await using var insert = new NpgsqlCommand(
                $"INSERT INTO {table.Table} ({table.Columns}) SELECT {table.Columns} FROM {table.Staging} ORDER BY time, request_id " +
                "ON CONFLICT (request_id, time) DO NOTHING RETURNING request_id, time", connection);
            await using var reader = await insert.ExecuteReaderAsync(cancellationToken);
            while (await reader.ReadAsync(cancellationToken))
            {
                if (table.Columns == TableCopies.RequestColumns) stored.Add((reader.GetGuid(0), reader.GetDateTime(1)));
            }
        }

        return stored;
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
