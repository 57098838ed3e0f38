using System.Globalization;

namespace Analytics.Topology.Config;

/// <summary>What postgres_exporter asks: Hub's own queries, and those of its collectors whose series are bounded.</summary>
public static class ExporterQueries
{
    public const string FileName = "queries.yaml";

    /// <summary>
    /// Off is what has a series for every table (each chunk is one), role or setting, what labels by names that clients choose, and what
    /// Hub's own queries say under names that no release of the exporter renames.
    /// </summary>
    public static IReadOnlyList<string> Collectors { get; } =
    [
        "--disable-default-metrics", "--disable-settings-metrics", "--collector.stat_checkpointer", "--no-collector.stat_user_tables",
        "--no-collector.statio_user_tables", "--no-collector.locks", "--no-collector.roles", "--no-collector.replication_slot",
        "--no-collector.database",
    ];

    public static string Render(ClusterTopology topology)
    {
        ArgumentNullException.ThrowIfNull(topology);
        return Templates.Read("exporter-queries.yaml")
            .Replace("${data_volume_bytes}", Text(topology.Database.DataVolume), StringComparison.Ordinal)
            .Replace("${wal_volume_bytes}", Text(topology.Database.WalVolume), StringComparison.Ordinal)
            .Replace("${backup_required}", topology.Backup.Repository is S3Repository { Required: false } ? "false" : "true",
                StringComparison.Ordinal)
            .Replace("${members}", string.Join(", ", topology.Database.Hosts.Select(host => $"'{host}'")), StringComparison.Ordinal);
    }

    private static string Text(ByteSize size) => size.Bytes.ToString(CultureInfo.InvariantCulture);
}
