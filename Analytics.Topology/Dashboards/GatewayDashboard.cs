using static Analytics.Topology.Dashboards.Panels;

namespace Analytics.Topology.Dashboards;

/// <summary>PgBouncer and HAProxy.</summary>
internal static class GatewayDashboard
{
    /// <summary>Without PgBouncer's console, which is not a database.</summary>
    private const string Real = "database=~\"llm_analytics.*\"";
    private const string Ways = "proxy=~\"primary|replica\"";

    public static Dashboard Dashboard { get; } = new()
    {
        Uid = DashboardUids.Gateway,
        Title = "Hub / Gateway and pool",
        Description = "Whether clients get connections, and whether they get them from the right member.",
        Rows =
        [
            new Row("Pool",
                Lines("Clients", Units.Count, "Served clients, and waiting clients.",
                    new Prometheus($"sum by (database) (pgbouncer_pools_client_active_connections{{@,{Real}}})", "{{database}} served"),
                    new Prometheus($"sum by (database) (pgbouncer_pools_client_waiting_connections{{@,{Real}}})", "{{database}} waiting")),
                Lines("Longest wait", Units.Seconds, "Of a client for a server connection. After 30 s it is refused.",
                    new Prometheus($"max by (member, database) (pgbouncer_pools_client_maxwait_seconds{{@,{Real}}})", "{{member}} {{database}}")).Until(1, 5),
                Lines("Client connections in use", Units.Share, "Share of the connections that each PgBouncer accepts.",
                    new Prometheus("pgbouncer_used_clients{@} / on (member) pgbouncer_config_max_client_connections{@}", "{{member}}")).Until(0.8, 0.95),
                Lines("Server connections", Units.Count, "Active, and idle in the pool.",
                    new Prometheus($"sum by (database) (pgbouncer_pools_server_active_connections{{@,{Real}}})", "{{database}} busy"),
                    new Prometheus($"sum by (database) (pgbouncer_pools_server_idle_connections{{@,{Real}}})", "{{database}} idle"),
                    new Prometheus($"sum by (database) (pgbouncer_pools_server_login_connections{{@,{Real}}})", "{{database}} logging in")),
                Lines("Pool in use", Units.Share, "Share of the server connections that the pool may open.",
                    new Prometheus("sum by (name) (pgbouncer_databases_current_connections{@,name=~\"llm_analytics.*\"}) / sum by (name) (pgbouncer_databases_pool_size{@,name=~\"llm_analytics.*\"})", "{{name}}")).Until(0.8, 1),
                Lines("Statements", Units.OperationsPerSecond, "Statements and transactions through the pool.",
                    new Prometheus($"sum by (database) (rate(pgbouncer_stats_queries_pooled_total{{@,{Real}}}[$__rate_interval]))", "{{database}} statements"),
                    new Prometheus($"sum by (database) (rate(pgbouncer_stats_sql_transactions_pooled_total{{@,{Real}}}[$__rate_interval]))", "{{database}} transactions")),
                Lines("Mean statement", Units.Seconds, "Time of a statement in the server, idle time of transactions not counted.",
                    new Prometheus($"sum by (database) (rate(pgbouncer_stats_queries_duration_seconds_total{{@,{Real}}}[$__rate_interval])) / (sum by (database) (rate(pgbouncer_stats_queries_pooled_total{{@,{Real}}}[$__rate_interval])) > 0)", "{{database}}")).Until(0.5, 2),
                Lines("Clients' waiting time", Units.Share, "Seconds waited per second, over all clients.",
                    new Prometheus($"sum by (database) (rate(pgbouncer_stats_client_wait_seconds_total{{@,{Real}}}[$__rate_interval]))", "{{database}}")).Until(0.5, 5),
                Lines("Bytes", Units.BytesPerSecond, "Received from clients and sent to them.",
                    new Prometheus($"sum by (database) (rate(pgbouncer_stats_received_bytes_total{{@,{Real}}}[$__rate_interval]))", "{{database}} received"),
                    new Prometheus($"sum by (database) (rate(pgbouncer_stats_sent_bytes_total{{@,{Real}}}[$__rate_interval]))", "{{database}} sent"))),
            new Row("Ways to the members",
                States("Primary, as HAProxy sees it", "Which member the read-write port leads to.",
                    new Prometheus("max by (server) (haproxy_server_status{@,proxy=\"primary\",state=\"UP\"})", "{{server}}")) with
                { Mappings = [new("0", "not", Colors.Neutral), new("1", "primary", Colors.Good)] },
                Lines("Members behind each port", Units.Count, "Exactly one primary; every replica that is less than 16 MB behind.",
                    new Prometheus($"min by (proxy) (haproxy_backend_active_servers{{@,{Ways}}})", "{{proxy}}")),
                Lines("Sessions", Units.Count, "Open sessions, by port.", new Prometheus($"sum by (proxy) (haproxy_backend_current_sessions{{@,{Ways}}})", "{{proxy}}")),
                Lines("New sessions", Units.OperationsPerSecond, "Accepted connections, by port. PgBouncer keeps its connections for half an hour.",
                    new Prometheus($"sum by (proxy) (rate(haproxy_backend_sessions_total{{@,{Ways}}}[$__rate_interval]))", "{{proxy}}")),
                Lines("Connections that failed", Units.OperationsPerSecond, "To a member, by port. Some during a failover are normal.",
                    new Prometheus($"sum by (proxy) (rate(haproxy_backend_connection_errors_total{{@,{Ways}}}[$__rate_interval]))", "{{proxy}}")).Until(0.1, 1),
                Lines("Health checks", Units.Seconds, "Time of Patroni's answer to HAProxy.",
                    new Prometheus("max by (server) (haproxy_server_check_duration_seconds{@,proxy=\"primary\"})", "{{server}}")).Until(1, 2),
                Lines("Bytes through HAProxy", Units.BytesPerSecond, "To members and back, by port.",
                    new Prometheus($"sum by (proxy) (rate(haproxy_backend_bytes_in_total{{@,{Ways}}}[$__rate_interval]))", "{{proxy}} in"),
                    new Prometheus($"sum by (proxy) (rate(haproxy_backend_bytes_out_total{{@,{Ways}}}[$__rate_interval]))", "{{proxy}} out"))),
        ],
    };
}
