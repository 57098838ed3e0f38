namespace Analytics.Topology.Dashboards;

/// <summary>Every dashboard of a cluster, in the order in which one looks at them.</summary>
public static class HubDashboards
{
    public static IReadOnlyList<Dashboard> For(ClusterTopology topology)
    {
        ArgumentNullException.ThrowIfNull(topology);
        return
        [
            OverviewDashboard.For(topology),
            UsageDashboard.Dashboard,
            ModelsDashboard.Dashboard,
            DatabaseDashboard.For(topology),
            TimescaleDashboard.Dashboard,
            GatewayDashboard.Dashboard,
            BackupDashboard.For(topology),
            IngestDashboard.Dashboard,
        ];
    }
}
