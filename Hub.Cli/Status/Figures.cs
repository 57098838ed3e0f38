using Analytics.Topology.Dashboards;

namespace Hub.Cli.Status;

/// <summary>A figure of <c>hub status</c>.</summary>
/// <param name="Component">Whose.</param>
/// <param name="Name">What it is.</param>
/// <param name="Unit">One of <see cref="Units"/>.</param>
/// <param name="Query">Where it comes from; a single number.</param>
internal sealed record Figure(string Component, string Name, string Unit, Query Query);

/// <summary>The three figures of each component that say most about it. A test asks each of them of a running hub.</summary>
internal static class Figures
{
    public static IReadOnlyList<Figure> All { get; } =
    [
        Metric("ingest", "calls stored per second", Units.RowsPerSecond, "sum(rate(hub_ingest_rows_stored_total[5m]))"),
        Metric("ingest", "time to commit (p99)", Units.Seconds,
            "histogram_quantile(0.99, sum by (le) (rate(hub_ingest_commit_duration_seconds_bucket[5m])))"),
        Metric("ingest", "calls in the queue", Units.Count, "sum(hub_ingest_queue_rows)"),
        Metric("gateway", "clients waiting", Units.Count, "sum(pgbouncer_pools_client_waiting_connections{database=~\"llm_analytics.*\"})"),
        Metric("gateway", "longest wait", Units.Seconds, "max(pgbouncer_pools_client_maxwait_seconds{database=~\"llm_analytics.*\"})"),
        Metric("gateway", "pool in use", Units.Share, "max(pgbouncer_databases_current_connections{name=~\"llm_analytics.*\"} / "
            + "pgbouncer_databases_pool_size{name=~\"llm_analytics.*\"})"),
        Metric("database", "transactions per second", Units.OperationsPerSecond,
            "sum(rate(pg_stat_database_xact_commit{datname=\"llm_analytics\"}[5m]))"),
        Metric("database", "connections in use", Units.Share, "max(hub_connections_used / hub_connections_allowed)"),
        Metric("database", "replay lag", Units.Bytes, "max(pg_stat_replication_pg_wal_lsn_diff) or vector(0)"),
        new("timescaledb", "chunks", Units.Count, new Sql("SELECT count(*)::double precision FROM timescaledb_information.chunks")),
        new("timescaledb", "data on disk", Units.Bytes,
            new Sql("SELECT sum(public.hypertable_size(hypertable::regclass))::double precision FROM analytics.table_lifecycles")),
        new("timescaledb", "calls of the last hour", Units.Count,
            // Project by project: that is what the key of the calls finds.
            new Sql("SELECT coalesce(sum(c.calls), 0)::double precision "
                + "FROM (SELECT DISTINCT project_id FROM aggregates.call_rollups WHERE time > now() - INTERVAL '75 minutes') p "
                + "CROSS JOIN LATERAL (SELECT count(*) AS calls FROM analytics.calls "
                + "WHERE project_id = p.project_id AND time > now() - INTERVAL '1 hour') c")),
        Metric("etcd", "members with a leader", Units.Count, "sum(etcd_server_has_leader)"),
        Metric("etcd", "fsync (p99)", Units.Seconds,
            "histogram_quantile(0.99, sum by (le) (rate(etcd_disk_wal_fsync_duration_seconds_bucket[5m])))"),
        Metric("etcd", "quota in use", Units.Share, "max(etcd_mvcc_db_total_size_in_bytes / etcd_server_quota_backend_bytes)"),
        Metric("backup", "age of the last backup", Units.Seconds,
            "time() - max(hub_backup_last_success_timestamp_seconds{type=~\"full|diff\"} > 0)"),
        Metric("backup", "backups to restore from", Units.Count, "max(hub_backup_restorable_sets)"),
        Metric("backup", "WAL waiting for the archive", Units.Seconds, "max(pg_stat_archiver_oldest_waiting_seconds)"),
        Metric("monitoring", "targets that answer", Units.Share, "avg(up)"),
        Metric("monitoring", "alert rules", Units.Count, "sum(prometheus_rule_group_rules) or vector(0)"),
        Metric("monitoring", "samples per second", Units.OperationsPerSecond, "sum(rate(prometheus_tsdb_head_samples_appended_total[5m]))"),
    ];

    private static Figure Metric(string component, string name, string unit, string expression) =>
        new(component, name, unit, new Prometheus(expression, Instant: true));

    /// <summary>A figure for people: 1.2 k, 350 ms, 12 %, 3.4 GiB; a dash for an unknown figure.</summary>
    public static string Text(FigureStatus figure) => figure.Value is not { } value || !double.IsFinite(value) ? "–" : figure.Unit switch
    {
        Units.Share => FormattableString.Invariant($"{value * 100:0.#} %"),
        Units.Bytes => Scaled(value, 1024, ["B", "KiB", "MiB", "GiB", "TiB"]),
        Units.Seconds => Duration(value),
        _ => Scaled(value, 1000, ["", "k", "M", "G"]),
    };

    private static string Duration(double seconds) => seconds switch
    {
        < 1 => FormattableString.Invariant($"{seconds * 1000:0} ms"),
        < 120 => FormattableString.Invariant($"{seconds:0.#} s"),
        < 7200 => FormattableString.Invariant($"{seconds / 60:0} min"),
        < 172_800 => FormattableString.Invariant($"{seconds / 3600:0} h"),
        _ => FormattableString.Invariant($"{seconds / 86_400:0} d"),
    };

    private static string Scaled(double value, double step, string[] units)
    {
        var unit = 0;
        while (Math.Abs(value) >= step && unit < units.Length - 1)
            (value, unit) = (value / step, unit + 1);
        return FormattableString.Invariant($"{value:0.#} {units[unit]}").TrimEnd();
    }
}
