using static Analytics.Topology.Dashboards.Panels;

namespace Analytics.Topology.Dashboards;

/// <summary>Whether the data can be recovered, how much of it, and how fast.</summary>
internal static class BackupDashboard
{
    private const double Day = 86400;

    public static Dashboard For(ClusterTopology topology) => new()
    {
        Uid = DashboardUids.Backup,
        Title = "Hub / Backup",
        Description = "Whether the data can be recovered: backups, the WAL between them, and the last trial restore.",
        From = "now-7d",
        Rows = [Now(topology), Backups, Archive(topology), Drill],
    };

    private static Row Now(ClusterTopology topology) => new("Could we restore?",
        Stat("Last full backup", Units.Seconds, "How long ago. Full backups are daily; more than a day and a half is late.",
            new Prometheus("time() - max(hub_backup_last_success_timestamp_seconds{@,type=\"full\"} > 0)", Instant: true)).Until(1.5 * Day, 3 * Day),
        Stat("Last backup of any kind", Units.Seconds, "How long ago. Backups run every six hours; more than eight hours is late.",
            new Prometheus("time() - max(hub_backup_last_success_timestamp_seconds{@,type=~\"full|diff\"} > 0)", Instant: true)).Until(8 * 3600, Day),
        Stat("Last result", Units.Count, "Of every job: full, differential, retention, verification, drill. never: the job has not run yet.",
            new Prometheus("min(hub_backup_last_result{@} >= 0) or min(hub_backup_last_result{@})", Instant: true)).From(1, 1) with
        { Mappings = [new("-1", "never", Colors.Attention), new("0", "failed", Colors.Bad), new("1", "good", Colors.Good)] },
        Stat("Backups to restore from", Units.Count, "Complete sets in the repository.", new Prometheus("max(hub_backup_restorable_sets{@})", Instant: true)).From(1, topology.Definition.Backup.KeepDaily),
        Stat("Time to restore", Units.Seconds, "As the last restore drill measured it, from nothing to a database that answers.",
            new Prometheus("max(hub_backup_drill_recovery_seconds{@})", Instant: true)).Until(1800, 3600),
        Stat("Would be lost", Units.Seconds, "Age of the newest row that the last restore drill recovered. The objective is "
            + $"{topology.Definition.Backup.RecoveryPointObjective.TotalMinutes:0} minutes.", new Prometheus("max(hub_backup_drill_newest_row_age_seconds{@})", Instant: true))
            .Until(topology.Definition.Backup.RecoveryPointObjective.TotalSeconds * 0.8, topology.Definition.Backup.RecoveryPointObjective.TotalSeconds));

    private static Row Backups => new("Backups",
        Lines("Age of the last one", Units.Seconds, "Falls to zero with every successful backup.",
            new Prometheus("time() - max by (type) (hub_backup_last_success_timestamp_seconds{@} > 0)", "{{type}}")),
        Lines("Duration", Units.Seconds, "Of the last one, by kind.", new Prometheus("max by (type) (hub_backup_last_duration_seconds{@})", "{{type}}")),
        Lines("Size", Units.Bytes, "Of the database (full, diff, drill), and of all sets in the repository (retain, verify).", new Prometheus("max by (type) (hub_backup_last_size_bytes{@})", "{{type}}")));

    private static Row Archive(ClusterTopology topology) => new("WAL between backups",
        Lines("Oldest segment that waits", Units.Seconds, "How long the oldest WAL file has waited for the archive. This much is lost if the whole cluster is lost.",
            new Prometheus("max(pg_stat_archiver_oldest_waiting_seconds{@})", "waiting"))
            .Until(topology.Definition.Backup.RecoveryPointObjective.TotalSeconds / 2, topology.Definition.Backup.RecoveryPointObjective.TotalSeconds),
        Lines("Segments archived", Units.Count, "Per hour.", new Prometheus("sum(increase(pg_stat_archiver_archived_count{@}[1h]))", "archived")),
        Lines("Attempts that failed", Units.Count, "Per hour. PostgreSQL keeps the segment and retries, until the WAL volume is full.",
            new Prometheus("sum(increase(pg_stat_archiver_failed_count{@}[1h]))", "failed")).Until(1, 10));

    private static Row Drill => new("Restore drill",
        Lines("Time to restore, drill by drill", Units.Seconds, "Of every drill.", new Prometheus("max(hub_backup_drill_recovery_seconds{@})", "seconds")).Until(1800, 3600).Wide(12),
        Lines("Age of the newest row", Units.Seconds, "Of every drill: the data that a loss of the cluster at that time would have cost.",
            new Prometheus("max(hub_backup_drill_newest_row_age_seconds{@})", "seconds")).Wide(12));
}
