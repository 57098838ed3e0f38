using Analytics.Ingest.Rows;
using Npgsql;
using NpgsqlTypes;

namespace Analytics.Ingest.Writing;

/// <summary>Binary COPY of rows into each table. Types are stated, so that nothing is looked up or guessed per value.</summary>
internal static class TableCopies
{
    public const string RequestColumns =
        "time, request_id, project_id, trace_id, span_id, provider, model, request_model, operation, service_name, environment, user_id, " +
        "conversation_id, streamed, finish_reason, is_error, error_type, duration_seconds, time_to_first_token_seconds, input_tokens, output_tokens, cost_usd";

    public const string UsageColumns =
        "time, request_id, project_id, provider, model, input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, reasoning_tokens, " +
        "uncached_input_tokens, total_tokens, cache_convention, contradictions";

    public const string CostColumns =
        "time, request_id, project_id, provider, model, currency, input_cost, cache_read_cost, cache_write_cost, output_cost, total_cost, price_id, price_source";

    public const string ErrorColumns = "time, request_id, project_id, provider, model, error_type, severity, message, service_name, trace_id";

    /// <summary>The tables in the order in which every transaction writes them, with their columns and their writer.</summary>
    public static readonly IReadOnlyList<TableCopy> All =
    [
        new("analytics.llm_requests", RequestColumns, WriteRequest),
        new("analytics.token_usage", UsageColumns, WriteUsage),
        new("analytics.cost_tracking", CostColumns, WriteCost),
        new("events.error_logs", ErrorColumns, WriteError, ErrorsOnly: true),
    ];

    private static void WriteRequest(NpgsqlBinaryImporter to, RequestRow row)
    {
        WriteKey(to, row);
        Write(to, row.TraceId);
        Write(to, row.SpanId);
        Write(to, row.Provider);
        Write(to, row.Model);
        Write(to, row.RequestModel);
        Write(to, row.Operation);
        Write(to, row.ServiceName);
        Write(to, row.Environment);
        Write(to, row.UserId);
        Write(to, row.ConversationId);
        Write(to, row.Streamed, NpgsqlDbType.Boolean);
        Write(to, row.FinishReason);
        to.Write(row.IsError, NpgsqlDbType.Boolean);
        Write(to, row.ErrorType);
        Write(to, row.DurationSeconds, NpgsqlDbType.Double);
        Write(to, row.TimeToFirstTokenSeconds, NpgsqlDbType.Double);
        Write(to, row.Usage.Input, NpgsqlDbType.Bigint);
        Write(to, row.Usage.Output, NpgsqlDbType.Bigint);
        Write(to, row.Cost.Total, NpgsqlDbType.Numeric);
    }

    private static void WriteUsage(NpgsqlBinaryImporter to, RequestRow row)
    {
        WriteKey(to, row);
        Write(to, row.Provider);
        Write(to, row.Model);
        Write(to, row.Usage.Input, NpgsqlDbType.Bigint);
        Write(to, row.Usage.Output, NpgsqlDbType.Bigint);
        Write(to, row.Usage.CacheRead, NpgsqlDbType.Bigint);
        Write(to, row.Usage.CacheWrite, NpgsqlDbType.Bigint);
        Write(to, row.Usage.Reasoning, NpgsqlDbType.Bigint);
        Write(to, row.Usage.Uncached, NpgsqlDbType.Bigint);
        Write(to, row.Usage.Total, NpgsqlDbType.Bigint);
        Write(to, row.Usage.Convention switch
        {
            Spans.CacheConvention.Inclusive => "inclusive",
            Spans.CacheConvention.Exclusive => "exclusive",
            _ => "none",
        });
        if (row.Usage.Contradictions is { } contradictions) to.Write(contradictions.ToArray(), NpgsqlDbType.Array | NpgsqlDbType.Text);
        else to.WriteNull();
    }

    private static void WriteCost(NpgsqlBinaryImporter to, RequestRow row)
    {
        WriteKey(to, row);
        Write(to, row.Provider);
        Write(to, row.Model);
        Write(to, row.Cost.Currency);
        Write(to, row.Cost.Input, NpgsqlDbType.Numeric);
        Write(to, row.Cost.CacheRead, NpgsqlDbType.Numeric);
        Write(to, row.Cost.CacheWrite, NpgsqlDbType.Numeric);
        Write(to, row.Cost.Output, NpgsqlDbType.Numeric);
        Write(to, row.Cost.Total, NpgsqlDbType.Numeric);
        Write(to, row.Cost.PriceId, NpgsqlDbType.Integer);
        Write(to, row.Cost.Source);
    }

    private static void WriteError(NpgsqlBinaryImporter to, RequestRow row)
    {
        WriteKey(to, row);
        Write(to, row.Provider);
        Write(to, row.Model);
        Write(to, row.ErrorType);
        Write(to, "error");
        Write(to, row.ErrorMessage);
        Write(to, row.ServiceName);
        Write(to, row.TraceId);
    }

    private static void WriteKey(NpgsqlBinaryImporter to, RequestRow row)
    {
        to.Write(row.Time, NpgsqlDbType.TimestampTz);
        to.Write(row.RequestId, NpgsqlDbType.Uuid);
        to.Write(row.ProjectId, NpgsqlDbType.Integer);
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

/// <summary>How rows get into one table.</summary>
internal sealed record TableCopy(string Table, string Columns, Action<NpgsqlBinaryImporter, RequestRow> WriteRow, bool ErrorsOnly = false)
{
    /// <summary>The name of the temporary table that stands in for it.</summary>
    public string Staging => "hub_new_" + Table[(Table.IndexOf('.', StringComparison.Ordinal) + 1)..];

    /// <summary>Copies rows into the table, or into its stand-in.</summary>
    public async Task CopyAsync(NpgsqlConnection connection, IReadOnlyList<QueuedRow> rows, bool staging, CancellationToken cancellationToken)
    {
        if (ErrorsOnly && !rows.Any(row => row.Row.IsError)) return;
        await using var importer = await connection.BeginBinaryImportAsync(
            $"COPY {(staging ? Staging : Table)} ({Columns}) FROM STDIN (FORMAT binary)", cancellationToken);
        foreach (var row in rows)
        {
            if (ErrorsOnly && !row.Row.IsError) continue;
            // Synchronous writes only fill Npgsql's buffer; awaiting each value costs more than the COPY itself (npgsql #2760).
            await importer.StartRowAsync(cancellationToken);
            WriteRow(importer, row.Row);
        }

        await importer.CompleteAsync(cancellationToken);
    }
}
