using static Analytics.Topology.Dashboards.Panels;
using static Analytics.Topology.Dashboards.UsageSql;

namespace Analytics.Topology.Dashboards;

/// <summary>What was used and what it cost, from the aggregates.</summary>
internal static class UsageDashboard
{
    private const string Requests = "FROM aggregates.hourly_request_stats WHERE $__timeFilter(bucket) AND " + Project;
    private const string Costs = "FROM aggregates.daily_cost_summary WHERE $__timeFilter(bucket) AND " + Project;

    public static Dashboard Dashboard { get; } = new()
    {
        Uid = DashboardUids.Usage,
        Title = "Hub / LLM usage and cost",
        Description = "What was used, by whom, and what it cost. Sums omit calls without a known price; the unpriced share shows how many.",
        From = "now-7d",
        Variables = [Projects],
        Rows =
        [
            new Row("In the chosen time",
                Total("Requests", Units.Count, "Model calls stored, by the time at which they started.", "sum(requests)"),
                Total("Input tokens", Units.Count, "Cached tokens included.", "sum(input_tokens)"),
                Total("Output tokens", Units.Count, "Reasoning tokens included.", "sum(output_tokens)"),
                Total("Cost", Units.Dollars, "Of the calls that have a price.", "sum(cost_usd)"),
                Total("Cost of 1 000 calls", Units.Dollars, "Mean over the calls that have a price.", "1000 * sum(cost_usd) / nullif(sum(requests) - sum(unpriced_requests), 0)"),
                Stat("Unpriced", Units.Share, "Share of the calls whose model has no price: above 5 % the cost is unreliable, above 50 % it is wrong.",
                    new Sql($"SELECT (sum(unpriced_requests) / nullif(sum(requests), 0))::double precision AS unpriced {Requests}")).Until(0.05, 0.5)),
            new Row("Over time",
                Series(Bars("Requests by model", Units.Count, "Calls per step, by model.", new Sql(
                    $"SELECT $__timeGroupAlias(bucket, $__interval), model AS metric, sum(requests)::bigint AS requests {Requests} GROUP BY 1, 2 ORDER BY 1", Series: true))),
                Series(Bars("Cost by model", Units.Dollars, "Cost per step, by model.", new Sql(
                    $"SELECT $__timeGroupAlias(bucket, $__interval), model AS metric, sum(cost_usd)::double precision AS cost {Requests} GROUP BY 1, 2 ORDER BY 1", Series: true))),
                Series(Bars("Tokens", Units.Count, "Input and output tokens per step.", new Sql(
                    $"SELECT $__timeGroupAlias(bucket, $__interval), sum(input_tokens)::bigint AS input, sum(output_tokens)::bigint AS output {Requests} GROUP BY 1 ORDER BY 1", Series: true))),
                Bars("Cost per day, by what was paid for", Units.Dollars, "Fresh input, cache reads, cache writes and output, per UTC day. When cache reads grow while fresh input shrinks, money is saved.",
                    new Sql($"""
                    SELECT $__timeGroupAlias(bucket, '1d'), sum(input_cost)::double precision AS input, sum(cache_read_cost)::double precision AS "cache read",
                           sum(cache_write_cost)::double precision AS "cache write", sum(output_cost)::double precision AS output
                      {Costs} GROUP BY 1 ORDER BY 1
                    """, Series: true)) with { Width = 12, Step = "1d" },
                Series(Bars("Cost by project", Units.Dollars, "Cost per step, by project.", new Sql($"""
                    SELECT $__timeGroupAlias(bucket, $__interval), p.name AS metric, sum(cost_usd)::double precision AS cost
                      FROM aggregates.hourly_request_stats JOIN analytics.projects p USING (project_id)
                     WHERE $__timeFilter(bucket) AND {Project} GROUP BY 1, 2 ORDER BY 1
                    """, Series: true)) with { Width = 12 })),
            new Row("Who and what",
                Table("Models", "The chosen time by model, dearest first.", new Sql($"""
                    SELECT provider, model, sum(requests)::bigint AS requests, sum(input_tokens)::bigint AS "input tokens", sum(output_tokens)::bigint AS "output tokens",
                           sum(cost_usd)::double precision AS cost, (1000 * sum(cost_usd) / nullif(sum(requests) - sum(unpriced_requests), 0))::double precision AS "cost of 1 000 calls",
                           sum(unpriced_requests)::bigint AS unpriced
                      {Requests} GROUP BY 1, 2 ORDER BY cost DESC NULLS LAST, requests DESC LIMIT 100
                    """), ("requests", Units.Count), ("input tokens", Units.Count), ("output tokens", Units.Count), ("cost", Units.Dollars),
                    ("cost of 1 000 calls", Units.Dollars), ("unpriced", Units.Count)).To(DashboardUids.Models).Wide(24),
                Table("Projects", "The chosen time by project, dearest first.", new Sql($"""
                    SELECT p.name AS project, sum(requests)::bigint AS requests, sum(input_tokens)::bigint AS "input tokens", sum(output_tokens)::bigint AS "output tokens",
                           sum(cost_usd)::double precision AS cost, (sum(unpriced_requests) / sum(requests))::double precision AS unpriced
                      FROM aggregates.hourly_request_stats JOIN analytics.projects p USING (project_id)
                     WHERE $__timeFilter(bucket) AND {Project} GROUP BY 1 ORDER BY cost DESC NULLS LAST LIMIT 100
                    """), ("requests", Units.Count), ("input tokens", Units.Count), ("output tokens", Units.Count), ("cost", Units.Dollars), ("unpriced", Units.Share)),
                Table("Models without a price", "Used in the last seven days and in no price list: add them to analytics.model_prices. Empty is good.",
                    new Sql("SELECT provider, model, requests, first_seen, last_seen FROM analytics.unpriced_models ORDER BY requests DESC LIMIT 50"), ("requests", Units.Count))),
        ],
    };

    private static Panel Total(string title, string unit, string description, string figure) =>
        Stat(title, unit, description, new Sql($"SELECT ({figure})::double precision AS value {Requests}")).Neutral();

    private static Panel Series(Panel panel) => panel with { Step = Hourly };
}
