using static Analytics.Topology.Dashboards.Panels;

namespace Analytics.Topology.Dashboards;

/// <summary>PostgreSQL, its replicas, Patroni and etcd.</summary>
internal static class DatabaseDashboard
{
    private const string Data = "datname=\"llm_analytics\"";

    public static Dashboard For(ClusterTopology topology) => new()
    {
        Uid = DashboardUids.Database,
        Title = "Hub / Database and replication",
        Description = "Which member is the primary, how far the replicas are behind, and what the servers do.",
        Rows = [Roles, Replication(topology), Work, Disk, Consensus(topology)],
    };

    private static Row Roles => new("Roles",
        States("Primary", "Which member was the primary when. A change of colour is a failover or a switch-over.",
            new Prometheus("max by (name) (patroni_primary{@})", "{{name}}")) with
        { Mappings = [new("0", "replica", Colors.Neutral), new("1", "primary", Colors.Good)] },
        States("PostgreSQL", "Whether PostgreSQL runs on each member.",
            new Prometheus("max by (name) (patroni_postgres_running{@})", "{{name}}")) with
        { Mappings = [new("0", "down", Colors.Bad), new("1", "running", Colors.Good)], Height = 5 },
        Lines("Timeline", Units.Count, "Rises by one with every promotion. Members on different timelines cannot replicate.",
            new Prometheus("max by (name) (patroni_postgres_timeline{@})", "{{name}}")),
        Lines("Last seen by etcd", Units.Seconds, "How long ago Patroni reached etcd. The lease runs out after 20 s.",
            new Prometheus("time() - max by (name) (patroni_dcs_last_seen{@})", "{{name}}")).Until(15, 60),
        Lines("Up for", Units.Seconds, "Since PostgreSQL was started.", new Prometheus("time() - max by (name) (patroni_postmaster_start_time{@} > 0)", "{{name}}")));

    private static Row Replication(ClusterTopology topology) => new("Replication",
        Lines("Replay lag in bytes", Units.Bytes, "WAL that a replica has yet to replay, as the primary sees it.",
            new Prometheus("max by (application_name) (pg_stat_replication_pg_wal_lsn_diff{@})", "{{application_name}}")).Until(16 << 20, 1 << 30),
        Lines("Replay lag in seconds", Units.Seconds, "Age of the last transaction that a replica has replayed, while more WAL waits.",
            new Prometheus("max by (member) (pg_replication_lag_seconds{@} and on (member) pg_replication_is_replica{@} == 1)", "{{member}}")).Until(30, 300),
        Lines("Synchronous candidates", Units.Count, "Replicas that a commit may wait for. None: writes wait.",
            new Prometheus("sum(patroni_sync_standby{@} + patroni_quorum_standby{@})", "candidates")).From(1, Math.Max(1, topology.Database.Members - 1)),
        Lines("WAL written", Units.BytesPerSecond, "By the primary.", new Prometheus("max by (scope) (rate(patroni_xlog_location{@}[$__rate_interval]))", "{{scope}}")),
        Lines("WAL held back by slots", Units.Share, "What a slot keeps for a replica that has not fetched it, of what it may keep. At 100 % the replica must be rebuilt.",
            new Prometheus("max by (slot_name) (hub_replication_slot_kept_ratio{@})", "{{slot_name}}")).Until(0.5, 0.8),
        Lines("Inactive slots", Units.Count, "Slots of the primary without a reader.",
            new Prometheus("sum(hub_replication_slot_active{@} == bool 0)", "inactive")).Until(1, 2));

    private static Row Work => new("Work",
        Lines("Connections", Units.Count, "By state, on each member.", new Prometheus($"sum by (member, state) (pg_stat_activity_count{{@,{Data}}}) > 0", "{{member}} {{state}}")),
        Lines("Connections in use", Units.Share, "Share of the connections for clients. Above 95 %, new ones will soon be refused.",
            new Prometheus("hub_connections_used{@} / hub_connections_allowed{@}", "{{member}}")).Until(0.8, 0.95),
        Lines("Longest transaction", Units.Seconds, "Vacuum cannot remove rows that an old transaction may still need.",
            new Prometheus("max by (member) (hub_transactions_oldest_seconds{@})", "{{member}}"),
            new Prometheus("max by (member) (hub_transactions_idle_longest_seconds{@})", "{{member}} idle in it")).Until(300, 1800),
        Lines("Transactions", Units.OperationsPerSecond, "Committed and rolled back.",
            new Prometheus($"sum by (member) (rate(pg_stat_database_xact_commit{{@,{Data}}}[$__rate_interval]))", "{{member}} committed"),
            new Prometheus($"sum by (member) (rate(pg_stat_database_xact_rollback{{@,{Data}}}[$__rate_interval]))", "{{member}} rolled back")),
        Lines("Rows", Units.RowsPerSecond, "Inserted, updated and deleted on the primary; fetched on each member.",
            new Prometheus($"sum(rate(pg_stat_database_tup_inserted{{@,{Data}}}[$__rate_interval]))", "inserted"),
            new Prometheus($"sum(rate(pg_stat_database_tup_updated{{@,{Data}}}[$__rate_interval]))", "updated"),
            new Prometheus($"sum(rate(pg_stat_database_tup_deleted{{@,{Data}}}[$__rate_interval]))", "deleted"),
            new Prometheus($"sum by (member) (rate(pg_stat_database_tup_fetched{{@,{Data}}}[$__rate_interval]))", "{{member}} fetched")),
        Lines("Cache hits", Units.Share, "Blocks found in shared buffers. If it stays below 95 %, the working set does not fit.",
            new Prometheus($"sum by (member) (rate(pg_stat_database_blks_hit{{@,{Data}}}[$__rate_interval])) / (sum by (member) (rate(pg_stat_database_blks_hit{{@,{Data}}}[$__rate_interval])) + sum by (member) (rate(pg_stat_database_blks_read{{@,{Data}}}[$__rate_interval])))", "{{member}}")).From(0.9, 0.95),
        Lines("Locks", Units.Count, "Held in the shared lock table, and waited for.",
            new Prometheus("max by (member) (hub_locks_held{@})", "{{member}} held"),
            new Prometheus("max by (member) (hub_locks_waiting{@})", "{{member}} awaited")),
        Lines("Deadlocks and conflicts", Units.Count, "Per hour. Deadlocks end one of the two; conflicts end queries on a replica.",
            new Prometheus($"sum(increase(pg_stat_database_deadlocks{{@,{Data}}}[1h]))", "deadlocks"),
            new Prometheus($"sum(increase(pg_stat_database_conflicts{{@,{Data}}}[1h]))", "conflicts")).Until(1, 5),
        Lines("Temporary files", Units.BytesPerSecond, "Sorts and hashes that did not fit into work_mem.",
            new Prometheus($"sum by (member) (rate(pg_stat_database_temp_bytes{{@,{Data}}}[$__rate_interval]))", "{{member}}")));

    private static Row Disk => new("Disk",
        Lines("Volumes in use", Units.Share, "Of the size that the topology gives the data and WAL volumes.",
            new Prometheus("hub_volume_used_bytes{@} / hub_volume_size_bytes{@}", "{{member}} {{volume}}")).Until(0.8, 0.9),
        Lines("Transactions since freezing", Units.Count, "At 2.1 billion the server stops accepting writes.",
            new Prometheus("max by (datname) (hub_transaction_ids_age{@})", "{{datname}}")).Until(1e9, 1.6e9),
        Lines("Dead rows", Units.Share, "Share in the worst table of more than 100 000 rows that vacuum has not removed yet.",
            new Prometheus("max by (member) (hub_dead_rows_worst_ratio{@})", "{{member}}")).Until(0.2, 0.5),
        Lines("WAL on disk", Units.Bytes, "Grows when a replica or the archive is behind.",
            new Prometheus("max by (member) (pg_wal_size_bytes{@})", "{{member}}"),
            new Prometheus("max(hub_wal_expected_bytes{@})", "normal at most")),
        Lines("Checkpoints", Units.Count, "Per hour, by cause. Many requested ones: max_wal_size is too small.",
            new Prometheus("sum by (member) (increase(pg_stat_checkpointer_num_timed_total{@}[1h]))", "{{member}} timed"),
            new Prometheus("sum by (member) (increase(pg_stat_checkpointer_num_requested_total{@}[1h]))", "{{member}} requested")),
        Lines("Volumes", Units.Share, "How full the volumes are: the kubelet's figure in Kubernetes, elsewhere the database's figure against the planned size.",
            new Prometheus("max by (member, volume) (hub:volume_used:ratio{@})", "{{member}} {{volume}}")).Until(0.8, 0.9).Wide(24));

    private static Row Consensus(ClusterTopology topology) => new("etcd",
        Lines("Members with a leader", Units.Count, "Fewer than a majority: no failover is possible.",
            new Prometheus("sum(etcd_server_has_leader{@})", "members")).From((topology.Etcd.Members / 2) + 1, topology.Etcd.Members),
        Lines("WAL fsync (p99)", Units.Seconds, "A slow disk makes leaders change.",
            new Prometheus("histogram_quantile(0.99, sum by (member, le) (rate(etcd_disk_wal_fsync_duration_seconds_bucket{@}[$__rate_interval])))", "{{member}}")).Until(0.1, 0.5),
        Lines("Leader changes", Units.Count, "Per hour.", new Prometheus("max by (member) (increase(etcd_server_leader_changes_seen_total{@}[1h]))", "{{member}}")).Until(3, 10),
        Lines("Proposals", Units.OperationsPerSecond, "Committed, and failed.",
            new Prometheus("max(rate(etcd_server_proposals_committed_total{@}[$__rate_interval]))", "committed"),
            new Prometheus("sum(rate(etcd_server_proposals_failed_total{@}[$__rate_interval]))", "failed")),
        Lines("Database size", Units.Share, "Of etcd's quota. At 100 % it refuses writes.",
            new Prometheus("etcd_mvcc_db_total_size_in_bytes{@} / etcd_server_quota_backend_bytes{@}", "{{member}}")).Until(0.8, 0.95),
        Lines("Round trip between members (p99)", Units.Seconds, "Above 150 ms elections become likely.",
            new Prometheus("histogram_quantile(0.99, sum by (member, le) (rate(etcd_network_peer_round_trip_time_seconds_bucket{@}[$__rate_interval])))", "{{member}}")).Until(0.05, 0.15));
}
