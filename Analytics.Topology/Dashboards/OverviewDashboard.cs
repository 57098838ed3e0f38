using Analytics.Topology.Monitoring;
using static Analytics.Topology.Dashboards.Panels;

namespace Analytics.Topology.Dashboards;

/// <summary>Is it healthy: the first row answers within five seconds, the others say where to look.</summary>
internal static class OverviewDashboard
{
    public static Dashboard For(ClusterTopology topology) => new()
    {
        Uid = DashboardUids.Overview,
        Title = "Hub / Overview",
        Description = "Whether the hub is healthy: everything is green. Each other colour links to the dashboard with the details.",
        From = "now-3h",
        Rows = [Verdict(topology), Traffic, Where],
    };

    private static Row Verdict(ClusterTopology topology)
    {
        var (members, etcd) = (topology.Database.Members, topology.Etcd.Members);
        return new Row("Is it healthy?",
            Stat("Critical alerts", Units.Count, "Firing alerts of severity critical: act now.", Firing("critical")).Until(1, 1).Wide(3),
            Stat("Warnings", Units.Count, "Firing alerts of severity warning: act today.", Firing("warning")).Until(1, 10).Wide(3),
            Stat("Primary", Units.Count, "Members that hold the leader's lease: exactly one. None: writes wait. Two: split brain.",
                new Prometheus("sum(patroni_primary{@})", Instant: true)) with
            { Base = Colors.Bad, Thresholds = [new(1, Colors.Good), new(2, Colors.Bad)], Width = 3, LinkTo = DashboardUids.Database },
            Stat("Replicas streaming", Units.Count, $"Replicas that receive the primary's WAL: {members - 1} of {members - 1}.",
                new Prometheus("sum(patroni_replica{@} * patroni_postgres_streaming{@})", Instant: true)).From(Math.Min(1, members - 1), members - 1).To(DashboardUids.Database).Wide(3),
            Stat("etcd with a leader", Units.Count, $"etcd members that know a leader: {etcd} of {etcd}. Fewer than {(etcd / 2) + 1}: no failover is possible.",
                new Prometheus("sum(etcd_server_has_leader{@})", Instant: true)).From((etcd / 2) + 1, etcd).To(DashboardUids.Database).Wide(3),
            Stat("Gateways with a primary", Units.Share, "Share of the gateways whose HAProxy has a primary.",
                new Prometheus("avg(haproxy_backend_active_servers{@,proxy=\"primary\"} > bool 0)", Instant: true)).From(0.5, 1).To(DashboardUids.Gateway).Wide(3),
            Stat("Ingest", Units.Share, "Share of the ingest instances that answer.", new Prometheus("avg(up{@,job=\"ingest\"})", Instant: true)).From(0.5, 1).To(DashboardUids.Ingest).Wide(3),
            Stat("Blind spots", Units.Count, "Scrape targets that do not answer: their components are not monitored.",
                new Prometheus("count(up{@} == 0) or vector(0)", Instant: true)).Until(1, 2).Wide(3));
    }

    private static Row Traffic => new("What it does",
        Lines("Model calls", Units.RowsPerSecond, "Calls committed, duplicates recognised, calls rejected because of their content.",
            new Prometheus("sum(rate(hub_ingest_rows_stored_total{@}[$__rate_interval]))", "stored"),
            new Prometheus("sum(rate(hub_ingest_rows_duplicate_total{@}[$__rate_interval])) or vector(0)", "duplicate"),
            new Prometheus("sum(rate(hub_ingest_rows_rejected_total{@}[$__rate_interval])) or vector(0)", "rejected")).To(DashboardUids.Ingest),
        Lines("Time to commit", Units.Seconds, "From a batch's connection to its commit on the primary and a synchronous standby.",
            new Prometheus("histogram_quantile(0.5, sum by (le) (rate(hub_ingest_commit_duration_seconds_bucket{@}[$__rate_interval])))", "p50"),
            new Prometheus("histogram_quantile(0.99, sum by (le) (rate(hub_ingest_commit_duration_seconds_bucket{@}[$__rate_interval])))", "p99")).Until(1, 5).To(DashboardUids.Ingest),
        Lines("Refused requests", Units.RequestsPerSecond, "Requests answered with an error: 4xx is the sender's, 5xx is Hub's.",
            new Prometheus("sum by (status) (rate(hub_ingest_requests_refused_total{@}[$__rate_interval])) or vector(0)", "{{status}}")).To(DashboardUids.Ingest),
        Lines("Replication lag", Units.Bytes, "WAL that a replica has yet to replay. From 16 MiB on the gateway sends it no readers.",
            new Prometheus("max by (application_name) (pg_stat_replication_pg_wal_lsn_diff{@})", "{{application_name}}")).Until(16 << 20, 1 << 30).To(DashboardUids.Database),
        Lines("Waiting for a connection", Units.Seconds, "The longest that a client has been waiting in the pool.",
            new Prometheus("max by (database) (pgbouncer_pools_client_maxwait_seconds{@})", "{{database}}")).Until(1, 5).To(DashboardUids.Gateway),
        Lines("Cost per hour", Units.Dollars, "Of the calls that have a price, by the hour in which they started.",
            new Sql("SELECT $__timeGroupAlias(bucket, '1h'), sum(cost_usd)::double precision AS cost FROM aggregates.hourly_request_stats WHERE $__timeFilter(bucket) GROUP BY 1 ORDER BY 1", Series: true))
            with
        { Step = UsageSql.Hourly, LinkTo = DashboardUids.Usage });

    private static Row Where => new("Where does it hurt?",
        Table("Firing alerts", "What fires now, with where. Empty is good.",
            new Prometheus($"ALERTS{{@,alertstate=\"firing\",product=\"{RuleFile.Product}\"}}", Instant: true)),
        Table("Health checks", "What the database says about itself: analytics.system_health_check().",
            new Sql("SELECT check_name AS \"check\", status, detail FROM analytics.system_health_check() ORDER BY array_position(ARRAY['critical', 'warning', 'ok'], status), 1")) with
        { Mappings = [new("ok", "ok", Colors.Good), new("warning", "warning", Colors.Attention), new("critical", "critical", Colors.Bad)] });

    /// <summary>Only Hub's own: a shared Prometheus evaluates other people's rules too, and one of them usually fires by design.</summary>
    private static Prometheus Firing(string severity) =>
        new($"count(ALERTS{{@,alertstate=\"firing\",severity=\"{severity}\",product=\"{RuleFile.Product}\"}}) or vector(0)", Instant: true);
}
