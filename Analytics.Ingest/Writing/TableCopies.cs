using Analytics.Ingest.Calls;
using Npgsql;
using NpgsqlTypes;

namespace Analytics.Ingest.Writing;

/// <summary>Binary COPY of calls into each table. Types are stated, so that nothing is looked up or guessed per value.</summary>
internal static class TableCopies
{
    public const string RequestColumns =
        "time, request_id, project_id, trace_id, span_id, provider, model, request_model, operation, service_name, environment, user_id, " +
        "conversation_id, streamed, finish_reason, is_error, error_type, duration_seconds, time_to_first_token_seconds, input_tokens, "
        + "output_tokens, cost_usd";

    public const string UsageColumns =
        "time, request_id, project_id, provider, model, input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, "
        + "reasoning_tokens, " +
        "uncached_input_tokens, total_tokens, cache_convention, contradictions";

    public const string CostColumns =
        "time, request_id, project_id, provider, model, currency, input_cost, cache_read_cost, cache_write_cost, output_cost, "
        + "total_cost, price_id, price_source";

    public const string ErrorColumns =
        "time, request_id, project_id, provider, model, error_type, severity, message, service_name, trace_id";

    /// <summary>The tables in the order in which every transaction writes them, with their columns and their writer.</summary>
    public static readonly IReadOnlyList<TableCopy> All =
    [
        new("analytics.llm_requests", RequestColumns, WriteRequest),
        new("analytics.token_usage", UsageColumns, WriteUsage),
        new("analytics.cost_tracking", CostColumns, WriteCost),
        new("events.error_logs", ErrorColumns, WriteError, ErrorsOnly: true),
    ];

    private static void WriteRequest(NpgsqlBinaryImporter to, QueuedCall queued)
    {
        WriteKey(to, queued);
        Write(to, queued.Call.TraceId);
        Write(to, queued.Call.SpanId);
        Write(to, queued.Call.Provider);
        Write(to, queued.Call.Model);
        Write(to, queued.Call.RequestModel);
        Write(to, queued.Call.Operation);
        Write(to, queued.Call.ServiceName);
        Write(to, queued.Call.Environment);
        Write(to, queued.Call.UserId);
        Write(to, queued.Call.ConversationId);
        Write(to, queued.Call.Streamed, NpgsqlDbType.Boolean);
        Write(to, queued.Call.FinishReason);
        to.Write(queued.Call.IsError, NpgsqlDbType.Boolean);
        Write(to, queued.Call.ErrorType);
        Write(to, queued.Call.DurationSeconds, NpgsqlDbType.Double);
        Write(to, queued.Call.TimeToFirstTokenSeconds, NpgsqlDbType.Double);
        Write(to, queued.Call.Usage.Input, NpgsqlDbType.Bigint);
        Write(to, queued.Call.Usage.Output, NpgsqlDbType.Bigint);
        Write(to, queued.Cost.Total, NpgsqlDbType.Numeric);
    }

    private static void WriteUsage(NpgsqlBinaryImporter to, QueuedCall queued)
    {
        WriteKey(to, queued);
        Write(to, queued.Call.Provider);
        Write(to, queued.Call.Model);
        Write(to, queued.Call.Usage.Input, NpgsqlDbType.Bigint);
        Write(to, queued.Call.Usage.Output, NpgsqlDbType.Bigint);
        Write(to, queued.Call.Usage.CacheRead, NpgsqlDbType.Bigint);
        Write(to, queued.Call.Usage.CacheWrite, NpgsqlDbType.Bigint);
        Write(to, queued.Call.Usage.Reasoning, NpgsqlDbType.Bigint);
        Write(to, queued.Call.Usage.Uncached, NpgsqlDbType.Bigint);
        Write(to, queued.Call.Usage.Total, NpgsqlDbType.Bigint);
        Write(to, queued.Call.Usage.Convention switch
        {
            CacheConvention.Inclusive => "inclusive",
            CacheConvention.Exclusive => "exclusive",
            _ => "none",
        });
        if (queued.Call.Usage.Contradictions is { } contradictions)
            to.Write(contradictions.ToArray(), NpgsqlDbType.Array | NpgsqlDbType.Text);
        else to.WriteNull();
    }

    private static void WriteCost(NpgsqlBinaryImporter to, QueuedCall queued)
    {
        WriteKey(to, queued);
        Write(to, queued.Call.Provider);
        Write(to, queued.Call.Model);
        Write(to, queued.Cost.Currency);
        Write(to, queued.Cost.Input, NpgsqlDbType.Numeric);
        Write(to, queued.Cost.CacheRead, NpgsqlDbType.Numeric);
        Write(to, queued.Cost.CacheWrite, NpgsqlDbType.Numeric);
        Write(to, queued.Cost.Output, NpgsqlDbType.Numeric);
        Write(to, queued.Cost.Total, NpgsqlDbType.Numeric);
        Write(to, queued.Cost.PriceId, NpgsqlDbType.Integer);
        Write(to, queued.Cost.Source);
    }

    private static void WriteError(NpgsqlBinaryImporter to, QueuedCall queued)
    {
        WriteKey(to, queued);
        Write(to, queued.Call.Provider);
        Write(to, queued.Call.Model);
        Write(to, queued.Call.ErrorType);
        Write(to, "error");
        Write(to, queued.Call.ErrorMessage);
        Write(to, queued.Call.ServiceName);
        Write(to, queued.Call.TraceId);
    }

    private static void WriteKey(NpgsqlBinaryImporter to, QueuedCall queued)
    {
        to.Write(queued.Call.Time, NpgsqlDbType.TimestampTz);
        to.Write(queued.Call.RequestId, NpgsqlDbType.Uuid);
        to.Write(queued.Call.ProjectId, NpgsqlDbType.Integer);
    }

    private static void Write(NpgsqlBinaryImporter to, string? text)
    {
        if (text is null) to.WriteNull();
        else to.Write(text, NpgsqlDbType.Text);
    }

    private static void Write<T>(NpgsqlBinaryImporter to, T? value, NpgsqlDbType type) where T : struct
    {
        if (value is { } known) to.Write(known, type);
        else to.WriteNull();
    }
}

/// <summary>How calls get into one table.</summary>
internal sealed record TableCopy(string Table, string Columns, Action<NpgsqlBinaryImporter, QueuedCall> WriteRow, bool ErrorsOnly = false)
{
    /// <summary>The name of the temporary table that stands in for it.</summary>
    public string Staging => "hub_new_" + Table[(Table.IndexOf('.', StringComparison.Ordinal) + 1)..];

    /// <summary>Copies calls into the table, or into its stand-in.</summary>
    public async Task CopyAsync(NpgsqlConnection connection, IReadOnlyList<QueuedCall> calls, bool staging,
        CancellationToken cancellationToken)
    {
        if (ErrorsOnly && !calls.Any(queued => queued.Call.IsError)) return;
        await using var importer = await connection.BeginBinaryImportAsync(
            $"COPY {(staging ? Staging : Table)} ({Columns}) FROM STDIN (FORMAT binary)", cancellationToken);
        foreach (var queued in calls)
        {
            if (ErrorsOnly && !queued.Call.IsError) continue;
            // Synchronous writes only fill Npgsql's buffer; awaiting each value costs more than the COPY itself (npgsql #2760).
            await importer.StartRowAsync(cancellationToken);
            WriteRow(importer, queued);
        }

        await importer.CompleteAsync(cancellationToken);
    }
}
