using Hub.Shared;

namespace Analytics.Topology.Dashboards;

/// <summary>What the two SQL dashboards about model calls share.</summary>
internal static class UsageSql
{
    /// <summary>The chosen projects; 0, which is not a project, means all.</summary>
    public const string Project = "(0 IN (${project:csv}) OR project_id IN (${project:csv}))";

    /// <summary>The chosen models; the empty name stands for all.</summary>
    public const string Model = "('' IN (${model:sqlstring}) OR model IN (${model:sqlstring}))";

    /// <summary>Aggregates hold one row for each hour, so a finer step would only draw gaps.</summary>
    public const string Hourly = "1h";

    /// <summary>The buckets of aggregates.hourly_request_stats added up over the group: percentiles of percentiles would be wrong.</summary>
    public static string Quantile(double quantile) => FormattableString.Invariant(
        $"analytics.histogram_quantile({quantile}, ARRAY[{DurationBuckets.Columns(column => $"sum({column})")}]::bigint[])");

    public static Variable Projects { get; } = new("project", "Project", new Sql("SELECT name AS __text, project_id AS __value FROM analytics.projects ORDER BY 1"), "0");

    public static Variable Models { get; } = new("model", "Model",
        new Sql("SELECT DISTINCT model FROM aggregates.hourly_request_stats WHERE bucket > now() - INTERVAL '30 days' ORDER BY 1"), "''");
}
