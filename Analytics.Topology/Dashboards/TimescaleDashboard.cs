using static Analytics.Topology.Dashboards.Panels;

namespace Analytics.Topology.Dashboards;

/// <summary>
/// Chunks, compression, jobs and aggregates. What is now comes from TimescaleDB's own views, what was from the exporter's queries; both answer
/// on both editions: on the Apache edition nothing is compressed and Hub keeps the aggregates, and these panels say so.
/// </summary>
internal static class TimescaleDashboard
{
    public static Dashboard Dashboard { get; } = new()
    {
        Uid = DashboardUids.Timescale,
        Title = "Hub / TimescaleDB",
        Description = "Whether old data is compressed and dropped in time, and whether the jobs that do it run.",
        From = "now-7d",
        Rows = [Now, Tables, Jobs, History],
    };

    private static Row Now => new("Now",
        Stat("Edition", Units.Text, "timescale: compression, continuous aggregates and policies. apache: Hub does retention itself, nothing is compressed.",
            new Sql("SELECT current_setting('timescaledb.license') || ' ' || (SELECT value FROM analytics.schema_metadata WHERE key = 'timescaledb_version') AS edition")).Neutral() with
        { Width = 6 },
        Check("Job health", "background_jobs", "Failed, stuck or overdue jobs make this a warning or worse."),
        Check("Retention", "retention", "Chunks that should have been dropped."),
        Check("Compression", "compression", "Chunks that should have been compressed."),
        Stat("Chunks in all", Units.Count, "Over all hypertables. Planning a query takes longer with every chunk that it cannot exclude.",
            new Sql("SELECT count(*) AS chunks FROM timescaledb_information.chunks")).Until(10000, 50000) with
        { Width = 6 });

    private static Row Tables => new("Hypertables",
        Table("Hypertables", "Rows are an estimate of the last ANALYZE. Kept and compressed after: what analytics.table_lifecycles says.", new Sql("""
            SELECT l.hypertable, count(c.chunk_name) AS chunks, count(*) FILTER (WHERE c.is_compressed) AS compressed, public.hypertable_size(l.hypertable::regclass) AS size,
                   public.approximate_row_count(l.hypertable::regclass) AS rows, min(c.range_start) AS oldest, max(c.range_end) AS newest,
                   l.keep_for::text AS "kept for", l.compress_after::text AS "compressed after"
              FROM analytics.table_lifecycles l
              LEFT JOIN timescaledb_information.chunks c ON l.hypertable = format('%s.%s', c.hypertable_schema, c.hypertable_name)
             GROUP BY l.hypertable, l.keep_for, l.compress_after ORDER BY size DESC
            """), ("chunks", Units.Count), ("compressed", Units.Count), ("size", Units.Bytes), ("rows", Units.Count)).Wide(24),
        Table("Behind", "Chunks past the time at which they should have been compressed or dropped. All zero is good; on the Apache edition nothing can be compressed.", new Sql("""
            SELECT l.hypertable,
                   count(*) FILTER (WHERE current_setting('timescaledb.license') <> 'apache' AND NOT c.is_compressed AND c.range_end < now() - l.compress_after) AS "to compress",
                   count(*) FILTER (WHERE c.range_end < now() - l.keep_for) AS "to drop"
              FROM analytics.table_lifecycles l
              LEFT JOIN timescaledb_information.chunks c ON l.hypertable = format('%s.%s', c.hypertable_schema, c.hypertable_name)
             GROUP BY l.hypertable ORDER BY 2 DESC, 3 DESC, 1
            """), ("to compress", Units.Count), ("to drop", Units.Count)),
        Ranking("Size by hypertable", Units.Bytes, "On disk, indexes included.",
            new Sql("SELECT hypertable, public.hypertable_size(hypertable::regclass) AS size FROM analytics.table_lifecycles ORDER BY 2 DESC")).Wide(12),
        Bars("Chunks by day", Units.Count, "How many chunks hold each day, by hypertable: a gap is a day without data.", new Sql("""
            SELECT public.time_bucket('1 day', c.range_start) AS time, format('%s.%s', c.hypertable_schema, c.hypertable_name) AS metric, count(*) AS chunks
              FROM timescaledb_information.chunks c WHERE $__timeFilter(c.range_start) AND c.hypertable_schema IN ('analytics', 'events', 'metrics') GROUP BY 1, 2 ORDER BY 1
            """, Series: true)).Wide(24));

    private static Row Jobs => new("Jobs and aggregates",
        Table("Jobs", "Policies and TimescaleDB's own. On the Apache edition only the latter, and the licence keeps them from running.", new Sql("""
            SELECT j.job_id AS job, j.proc_name::text AS runs, concat_ws('.', j.hypertable_schema, j.hypertable_name) AS "on", j.schedule_interval::text AS every, s.last_run_status AS "last result",
                   nullif(s.last_successful_finish, '-infinity') AS "last success", s.last_run_duration::text AS took, nullif(s.next_start, '-infinity') AS next, s.total_failures AS failures
              FROM timescaledb_information.jobs j LEFT JOIN timescaledb_information.job_stats s USING (job_id)
             ORDER BY s.last_run_status = 'Failed' DESC NULLS LAST, j.job_id
            """), ("failures", Units.Count)).Wide(24),
        Table("Aggregates", "How far each aggregate reaches, and how old its newest bucket is. What is younger than two days is answered from raw rows, exactly.", new Sql("""
            SELECT name AS aggregate, kind, newest, extract(epoch FROM now() - newest)::double precision AS age
              FROM (SELECT 'hourly_request_stats' AS name, max(bucket) AS newest FROM aggregates.hourly_request_stats WHERE bucket > now() - INTERVAL '7 days'
                    UNION ALL SELECT 'daily_cost_summary', max(bucket) FROM aggregates.daily_cost_summary WHERE bucket > now() - INTERVAL '7 days'
                    UNION ALL SELECT 'error_rate_by_model', max(bucket) FROM aggregates.error_rate_by_model WHERE bucket > now() - INTERVAL '7 days') a
             CROSS JOIN LATERAL (SELECT CASE WHEN EXISTS (SELECT FROM timescaledb_information.continuous_aggregates c WHERE c.view_name = a.name)
                                             THEN 'continuous aggregate' ELSE 'view' END AS kind) k ORDER BY 1
            """), ("age", Units.Seconds)).Wide(24));

    private static Row History => new("Over time",
        Lines("Chunks", Units.Count, "By hypertable.", new Prometheus("max by (hypertable) (hub_hypertable_chunks{@})", "{{hypertable}}")),
        Lines("Compressed chunks", Units.Count, "By hypertable; none on the Apache edition.", new Prometheus("max by (hypertable) (hub_hypertable_compressed_chunks{@})", "{{hypertable}}")),
        Lines("Saved by compression", Units.Share, "Of the size that compressed chunks had before. 0 where nothing is compressed.",
            new Prometheus("1 - sum by (hypertable) (hub_hypertable_compressed_after_bytes{@}) / (sum by (hypertable) (hub_hypertable_compressed_before_bytes{@}) > 0) or 0 * sum by (hypertable) (hub_hypertable_compressed_before_bytes{@})", "{{hypertable}}")),
        Lines("Overdue for compression", Units.Count, "Chunks that have been due for more than two days.",
            new Prometheus("max by (hypertable) (hub_hypertable_compression_overdue{@})", "{{hypertable}}")).Until(1, 10),
        Lines("Overdue for dropping", Units.Count, "Chunks that are more than two days older than the retention allows.",
            new Prometheus("max by (hypertable) (hub_hypertable_retention_overdue{@})", "{{hypertable}}")).Until(1, 10),
        Lines("Jobs in trouble", Units.Count, "Failed in the last run, never running again, overdue.",
            new Prometheus("max(hub_timescaledb_jobs_failed{@})", "failed"),
            new Prometheus("max(hub_timescaledb_jobs_stuck{@})", "stuck"),
            new Prometheus("max(hub_timescaledb_jobs_overdue{@})", "overdue")).Until(1, 2),
        Lines("Background workers", Units.Share, "In use, of timescaledb.max_background_workers.",
            new Prometheus("hub_timescaledb_workers_used{@} / hub_timescaledb_workers_limit{@}", "{{member}}")).Until(0.8, 1).Wide(12),
        Lines("Age of the last refresh", Units.Seconds, "By aggregate; 0 for the views of the Apache edition.",
            new Prometheus("max by (aggregate) (hub_aggregate_refresh_age_seconds{@})", "{{aggregate}}")).Wide(12));

    private static Panel Check(string title, string name, string description) =>
        Stat(title, Units.Text, description, new Sql($"SELECT status FROM analytics.system_health_check() WHERE check_name = '{name}'")) with
        {
            Width = 4,
            Base = Colors.Neutral,
            Mappings = [new("ok", "ok", Colors.Good), new("warning", "warning", Colors.Attention), new("critical", "critical", Colors.Bad)],
        };
}
