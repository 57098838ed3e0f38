using Hub.Shared;

using static Analytics.Topology.Dashboards.Panels;
using static Analytics.Topology.Dashboards.UsageSql;

namespace Analytics.Topology.Dashboards;

/// <summary>How fast models answer and what fails, as their callers saw it.</summary>
internal static class ModelsDashboard
{
    private const string Hours = "FROM aggregates.hourly_request_stats WHERE $__timeFilter(bucket) AND " + Project + " AND " + Model;
    private const string Quarters = "FROM aggregates.error_rate_by_model WHERE $__timeFilter(bucket) AND " + Project + " AND " + Model;

    public static Dashboard Dashboard { get; } = new()
    {
        Uid = DashboardUids.Models,
        Title = "Hub / Latency and errors by model",
        Description = "How fast each model answers and how often it fails. Percentiles come from histograms that are summed over the step, so they are correct for any range.",
        From = "now-24h",
        Variables = [Projects, UsageSql.Models],
        Rows =
        [
            new Row("In the chosen time",
                Figure("Median", Quantile(0.5)),
                Figure("95th percentile", Quantile(0.95)),
                Figure("99th percentile", Quantile(0.99)),
                Figure("Mean", "sum(duration_seconds_sum) / nullif(sum(duration_count), 0)"),
                Stat("Errors", Units.Share, "Share of the calls that failed.",
                    new Sql($"SELECT (sum(errors) / nullif(sum(requests), 0))::double precision AS errors {Hours}")).Until(0.02, 0.1),
                Stat("Calls", Units.Count, "Calls on which these figures are based.", new Sql($"SELECT sum(requests)::double precision AS requests {Hours}")).Neutral()),
            new Row("Latency",
                OverTime("Median by model", 0.5),
                OverTime("95th percentile by model", 0.95),
                OverTime("99th percentile by model", 0.99),
                Ranking("Distribution", Units.Count, "Calls by duration: how many fell below each bound and above the one before. A second hump is a second kind of call.", new Sql($"""
                    SELECT bound AS "below", sum(calls)::bigint AS calls
                      FROM aggregates.hourly_request_stats, LATERAL (VALUES {Distribution()}) AS b (position, bound, calls)
                     WHERE $__timeFilter(bucket) AND {Project} AND {Model}
                     GROUP BY position, bound ORDER BY position
                    """)).Wide(12, 10),
                Lines("Time to first token (p95) by model", Units.Seconds, "Of streamed calls that report it; exact, written hourly into metrics.model_performance.", new Sql($"""
                    SELECT $__timeGroupAlias(time, '1h'), model AS metric, max(p95_time_to_first_token_seconds) AS p95
                      FROM metrics.model_performance WHERE $__timeFilter(time) AND {Project} AND {Model} GROUP BY 1, 2 ORDER BY 1
                    """, Series: true)) with { Step = Hourly, Width = 12, Height = 10 },
                Lines("Output tokens per second by model", Units.Count, "While a call runs, over successful calls that report both figures; written hourly.", new Sql($"""
                    SELECT $__timeGroupAlias(time, '1h'), model AS metric, avg(output_tokens_per_second) AS rate
                      FROM metrics.model_performance WHERE $__timeFilter(time) AND {Project} AND {Model} GROUP BY 1, 2 ORDER BY 1
                    """, Series: true)) with { Step = Hourly, Width = 24 }),
            new Row("Errors",
                Lines("Error share by model", Units.Share, "Share of failed calls, by 15 minutes.", new Sql($"""
                    SELECT $__timeGroupAlias(bucket, $__interval), model AS metric, (sum(errors) / sum(requests))::double precision AS errors {Quarters} GROUP BY 1, 2 ORDER BY 1
                    """, Series: true)) with { Step = "15m", Width = 12, Thresholds = [new(0.1, Colors.Bad)] },
                Bars("Failed calls by model", Units.Count, "Failed calls per step.", new Sql($"""
                    SELECT $__timeGroupAlias(bucket, $__interval), model AS metric, sum(errors)::bigint AS errors {Quarters} GROUP BY 1, 2 HAVING sum(errors) > 0 ORDER BY 1
                    """, Series: true)) with { Step = "15m", Width = 12 },
                Table("Models in figures", "The chosen time by model, most failures first.", new Sql($"""
                    SELECT provider, model, sum(requests)::bigint AS requests, sum(errors)::bigint AS errors, (sum(errors) / sum(requests))::double precision AS "error share",
                           {Quantile(0.5)} AS p50, {Quantile(0.95)} AS p95, {Quantile(0.99)} AS p99
                      {Hours} GROUP BY 1, 2 ORDER BY errors DESC, requests DESC LIMIT 100
                    """), ("requests", Units.Count), ("errors", Units.Count), ("error share", Units.Share), ("p50", Units.Seconds), ("p95", Units.Seconds), ("p99", Units.Seconds)).Wide(24),
                Table("Kinds of failure", "What failed calls reported, in the chosen time, most frequent first.", new Sql($"""
                    SELECT error_type AS "error", provider, model, count(*) AS calls, max(time) AS last
                      FROM events.error_logs WHERE $__timeFilter(time) AND {Project} AND {Model} GROUP BY 1, 2, 3 ORDER BY 4 DESC LIMIT 100
                    """), ("calls", Units.Count)).Wide(24)),
        ],
    };

    private static Panel Figure(string title, string figure) =>
        Stat(title, Units.Seconds, "Of the durations that callers measured.", new Sql($"SELECT {figure} AS seconds {Hours}")).Neutral();

    private static Panel OverTime(string title, double quantile)
    {
        var sql = $"SELECT $__timeGroupAlias(bucket, $__interval), model AS metric, {Quantile(quantile)} AS seconds {Hours} GROUP BY 1, 2 ORDER BY 1";
        return Lines(title, Units.Seconds, "Of the durations that callers measured, per step.", new Sql(sql, Series: true)) with { Step = Hourly };
    }

    private static string Distribution() => string.Join(", ", DurationBuckets.Bounds.Select(bound => $"{bound} s").Append("more")
        .Select((bound, bucket) => $"({bucket}, '{bound}', duration_bucket_{bucket})"));
}
