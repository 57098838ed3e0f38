using Analytics.Ingest.Calls;
using Analytics.Ingest.Pricing;
using Npgsql;
using NpgsqlTypes;

namespace Analytics.Ingest.Writing;

/// <summary>Binary COPY of rows into each table. Types are stated, so that nothing is looked up or guessed per value.</summary>
internal static class TableCopies
{
    public static readonly TableCopy<QueuedCall> Calls = new("analytics.calls",
        "time, project_id, call_id, trace_id, request_id, provider, model, request_model, operation, service_name, environment, user_id, "
        + "conversation_id, streamed, finish_reason, is_error, error_type, duration_seconds, time_to_first_token_seconds, input_tokens, "
        + "output_tokens, cache_read_tokens, cache_write_tokens, reasoning_tokens, cache_convention, contradictions, input_cost, "
        + "cache_read_cost, cache_write_cost, output_cost, cost_usd, price_id, price_source", WriteCall);

    public static readonly TableCopy<QueuedCall> Errors = new("events.error_logs",
        "time, request_id, project_id, provider, model, error_type, severity, message, service_name, trace_id", WriteError);

    public static readonly TableCopy<RollUp> RollUps = new("aggregates.call_rollups", RollUp.Columns, RollUp.Write);

    public static void Write(NpgsqlBinaryImporter to, string? text)
    {
        if (text is null) to.WriteNull();
        else to.Write(text, NpgsqlDbType.Text);
    }

    public static void Write<T>(NpgsqlBinaryImporter to, T? value, NpgsqlDbType type) where T : struct
    {
        if (value is { } known) to.Write(known, type);
        else to.WriteNull();
    }

    private static void WriteCall(NpgsqlBinaryImporter to, QueuedCall queued)
    {
        var (call, usage, cost) = (queued.Call, queued.Call.Usage, queued.Cost);
        to.Write(call.Time, NpgsqlDbType.TimestampTz);
        to.Write(call.ProjectId, NpgsqlDbType.Integer);
        to.Write(call.CallId, NpgsqlDbType.Bigint);
        Write(to, call.TraceId, NpgsqlDbType.Uuid);
        Write(to, call.GivenId, NpgsqlDbType.Uuid);
        Write(to, call.Provider);
        Write(to, call.Model);
        Write(to, call.RequestModel);
        Write(to, call.Operation);
        Write(to, call.ServiceName);
        Write(to, call.Environment);
        Write(to, call.UserId);
        Write(to, call.ConversationId);
        Write(to, call.Streamed, NpgsqlDbType.Boolean);
        Write(to, call.FinishReason);
        to.Write(call.IsError, NpgsqlDbType.Boolean);
        Write(to, call.ErrorType);
        Write(to, call.DurationSeconds, NpgsqlDbType.Double);
        Write(to, call.TimeToFirstTokenSeconds, NpgsqlDbType.Double);
        Write(to, usage.Input, NpgsqlDbType.Bigint);
        Write(to, usage.Output, NpgsqlDbType.Bigint);
        Write(to, usage.CacheRead, NpgsqlDbType.Bigint);
        Write(to, usage.CacheWrite, NpgsqlDbType.Bigint);
        Write(to, usage.Reasoning, NpgsqlDbType.Bigint);
        to.Write(Letter(usage.Convention), NpgsqlDbType.InternalChar);
        if (usage.Contradictions is { } contradictions) to.Write(contradictions.ToArray(), NpgsqlDbType.Array | NpgsqlDbType.Text);
        else to.WriteNull();
        Write(to, cost.Input, NpgsqlDbType.Numeric);
        Write(to, cost.CacheRead, NpgsqlDbType.Numeric);
        Write(to, cost.CacheWrite, NpgsqlDbType.Numeric);
        Write(to, cost.Output, NpgsqlDbType.Numeric);
        Write(to, cost.Total, NpgsqlDbType.Numeric);
        Write(to, cost.PriceId, NpgsqlDbType.Integer);
        to.Write(cost.Source[0], NpgsqlDbType.InternalChar);
    }

    private static void WriteError(NpgsqlBinaryImporter to, QueuedCall queued)
    {
        var call = queued.Call;
        to.Write(call.Time, NpgsqlDbType.TimestampTz);
        // Not the sender's: the same one may come from two projects, and this table's key does not name the project.
        to.Write(CallId.ToRequestId(call.Time, call.CallId), NpgsqlDbType.Uuid);
        to.Write(call.ProjectId, NpgsqlDbType.Integer);
        Write(to, call.Provider);
        Write(to, call.Model);
        Write(to, call.ErrorType);
        Write(to, "error");
        Write(to, call.ErrorMessage);
        Write(to, call.ServiceName);
        Write(to, call.TraceId?.ToString("N"));
    }

    private static char Letter(CacheConvention convention) => convention switch
    {
        CacheConvention.Inclusive => 'i',
        CacheConvention.Exclusive => 'e',
        _ => 'n',
    };
}

/// <summary>How rows get into one table.</summary>
/// <param name="Table">Its name.</param>
/// <param name="Columns">What is written of it.</param>
/// <param name="WriteRow">Writes these of one row, in this order.</param>
internal sealed record TableCopy<TRow>(string Table, string Columns, Action<NpgsqlBinaryImporter, TRow> WriteRow)
{
    /// <summary>The name of the temporary table that stands in for it.</summary>
    private string Staging => "hub_new_" + Table[(Table.IndexOf('.', StringComparison.Ordinal) + 1)..];

    /// <summary>Copies rows into the table.</summary>
    public Task CopyAsync(NpgsqlConnection connection, IReadOnlyCollection<TRow> rows, CancellationToken cancellationToken) =>
        CopyAsync(connection, Table, rows, cancellationToken);

    /// <summary>Copies rows into a temporary table, from which <see cref="Insert"/> takes them.</summary>
    /// <remarks>
    /// Creating a temporary table writes WAL under a transaction id, so this commit also waits for the synchronous standby: even when every
    /// row is a duplicate, the answer says that the calls are on two servers, the first writer's among them, whose own wait may have been
    /// cut short.
    /// </remarks>
    public async Task StageAsync(NpgsqlConnection connection, IReadOnlyCollection<TRow> rows, CancellationToken cancellationToken)
    {
        // ON COMMIT DROP, because the transaction pool gives this session to somebody else afterwards.
        await using (var create = new NpgsqlCommand(
            $"CREATE TEMP TABLE {Staging} ON COMMIT DROP AS SELECT {Columns} FROM {Table} WITH NO DATA", connection))
        {
            await create.ExecuteNonQueryAsync(cancellationToken);
        }

        await CopyAsync(connection, Staging, rows, cancellationToken);
    }

    /// <summary>The statement that brings staged rows into the table but for those that are there already.</summary>
    /// <param name="rest">What follows SELECT … FROM the staged rows, called s.</param>
    public string Insert(string rest) => $"INSERT INTO {Table} ({Columns}) SELECT {Columns} FROM {Staging} s {rest}";

    private async Task CopyAsync(
        NpgsqlConnection connection, string to, IReadOnlyCollection<TRow> rows, CancellationToken cancellationToken)
    {
        if (rows.Count == 0) return;
        await using var importer = await connection.BeginBinaryImportAsync(
            $"COPY {to} ({Columns}) FROM STDIN (FORMAT binary)", cancellationToken);
        foreach (var row in rows)
        {
            // Synchronous writes only fill Npgsql's buffer; awaiting each value costs more than the COPY itself (npgsql #2760).
            await importer.StartRowAsync(cancellationToken);
            WriteRow(importer, row);
        }

        await importer.CompleteAsync(cancellationToken);
    }
}
