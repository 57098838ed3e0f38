using System.Globalization;
using Hub.Shared;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Analytics.Ingest.Usage;

/// <summary>Answers from aggregates.hourly_request_stats, which both editions have.</summary>
internal sealed class UsageReader(NpgsqlDataSource dataSource, IOptions<IngestOptions> options)
{
    /// <summary>More groups than this are not listed: a model name is free text, and a sender may write anything into it.</summary>
    public const int MaxGroups = 10_000;


    private static readonly string Counts =
        "ARRAY[" + DurationBuckets.Columns(column => $"sum(s.{column})") + "]::bigint[]";

    public async Task<UsageAnswer> ReadAsync(int projectId, UsageQuery query, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        // One transaction, because SET LOCAL is the only setting that the transaction pool forgets with it.
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using (var limit = new NpgsqlCommand(
            "SET TRANSACTION READ ONLY; SET LOCAL statement_timeout = " +
            ((long)options.Value.QueryTimeout.TotalMilliseconds).ToString(CultureInfo.InvariantCulture), connection))
        {
            await limit.ExecuteNonQueryAsync(cancellationToken);
        }

        await using var command = new NpgsqlCommand(Sql(query), connection);
        command.Parameters.AddWithValue(projectId);
        command.Parameters.AddWithValue(query.From.UtcDateTime);
        command.Parameters.AddWithValue(query.To.UtcDateTime);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var groups = new List<UsageGroup>();
        UsageGroup? total = null;
        while (await reader.ReadAsync(cancellationToken))
        {
            var group = Read(reader);
            if (reader.GetInt32(0) == 1) total = group;
            else groups.Add(group);
        }

        var truncated = groups.Count > MaxGroups;
        return new UsageAnswer
        {
            From = query.From,
            To = query.To,
            GroupBy = query.GroupBy,
            Groups = truncated ? groups[..MaxGroups] : groups,
            Truncated = truncated,
            Total = total!,
        };
    }

    // The empty grouping set is the total: its percentiles come from the summed histogram, not from percentiles of groups.
    private static string Sql(UsageQuery query) => $"""
        SELECT grouping({query.GroupExpression}) AS is_total,
               {query.GroupExpression} AS key,
               coalesce(sum(s.requests), 0)::bigint AS requests,
               coalesce(sum(s.input_tokens), 0)::bigint,
               coalesce(sum(s.output_tokens), 0)::bigint,
               round(sum(s.cost_usd), 9),
               coalesce(sum(s.unpriced_requests), 0)::bigint,
               coalesce(sum(s.errors), 0)::bigint,
               analytics.histogram_quantile(0.5, {Counts}),
               analytics.histogram_quantile(0.95, {Counts})
        FROM aggregates.hourly_request_stats s
        JOIN analytics.projects p ON p.project_id = s.project_id
        WHERE s.project_id = $1 AND s.bucket >= $2 AND s.bucket < $3
        GROUP BY GROUPING SETS (({query.GroupExpression}), ())
        ORDER BY is_total DESC, {(query.IsByTime ? "key" : "requests DESC, key")}
        LIMIT {MaxGroups + 2}
        """;

    private static UsageGroup Read(NpgsqlDataReader reader)
    {
        var requests = reader.GetInt64(2);
        var unpriced = reader.GetInt64(6);
        var errors = reader.GetInt64(7);
        return new UsageGroup
        {
            Key = reader.IsDBNull(1) ? null : reader.GetString(1),
            Requests = requests,
            InputTokens = reader.GetInt64(3),
            OutputTokens = reader.GetInt64(4),
            CostUsd = reader.IsDBNull(5) ? null : reader.GetDecimal(5),
            UnpricedRequests = unpriced,
            PricedCoverage = requests == 0 ? null : (requests - unpriced) / (double)requests,
            Errors = errors,
            ErrorRate = requests == 0 ? null : errors / (double)requests,
            P50LatencySeconds = reader.IsDBNull(8) ? null : reader.GetDouble(8),
            P95LatencySeconds = reader.IsDBNull(9) ? null : reader.GetDouble(9),
        };
    }
}
