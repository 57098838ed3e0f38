namespace Analytics.Topology.Dashboards;

/// <summary>The uids by which dashboards link to each other.</summary>
internal static class DashboardUids
{
    public const string Overview = "hub-overview";
    public const string Usage = "hub-usage";
    public const string Models = "hub-models";
    public const string Database = "hub-database";
    public const string Timescale = "hub-timescaledb";
    public const string Gateway = "hub-gateway";
    public const string Backup = "hub-backup";
    public const string Ingest = "hub-ingest";
}
