namespace Analytics.Topology.Security;

/// <summary>
/// The names of each component's certificate: what it is called in Compose and Aspire, its services and pods in Kubernetes, and the
/// addresses of a developer's machine. One certificate therefore serves every host.
/// </summary>
public static class CertificateNames
{
    /// <summary>All exporters together: they serve under one certificate.</summary>
    public const string Exporter = "exporter";

    /// <summary>Component → subject alternative names, for every component that has a certificate.</summary>
    public static IReadOnlyDictionary<string, IReadOnlyList<string>> For(ClusterTopology topology)
    {
        ArgumentNullException.ThrowIfNull(topology);
        var services = new[] { "timescaledb", "timescaledb-primary", "timescaledb-replica", "timescaledb-any", "timescaledb-external",
            "timescaledb-metrics" };
        return new SortedDictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal)
        {
            // HAProxy passes TLS through, so the database answers under its name as well.
            [ClusterNames.TimescaleDb] = Names(topology, ClusterNames.TimescaleDb, [.. topology.Database.Hosts],
                [.. services, ClusterNames.HaProxy, .. BackupServers(topology)]),
            [ClusterNames.Etcd] = Names(topology, ClusterNames.Etcd, [.. topology.Etcd.Hosts], [ClusterNames.Etcd]),
            [ClusterNames.HaProxy] = Names(topology, null, [], [ClusterNames.HaProxy, ClusterNames.PgBouncer]),
            [ClusterNames.PgBouncer] = Names(topology, null, [], [ClusterNames.PgBouncer]),
            [Exporter] = Names(topology, null, [],
            [
                .. Enumerable.Range(1, topology.Database.Members).Select(i => ClusterNames.Member(ClusterNames.PostgresExporter, i)),
                ClusterNames.PgBouncerExporter, "timescaledb-metrics",
            ]),
            [ClusterNames.Prometheus] = Names(topology, null, [], [ClusterNames.Prometheus]),
            [ClusterNames.Backup] = Names(topology, null, [], [ClusterNames.Backup]),
            [ClusterNames.Migrations] = Names(topology, null, [], [ClusterNames.Migrations]),
        };
    }

    /// <summary>
    /// The common name of a component's certificate; null is none. Only pgBackRest needs one, which knows its clients by nothing else;
    /// etcd's gateway refuses clients that have one, once authentication is on.
    /// </summary>
    public static string? CommonNameOf(string component) => component == ClusterNames.Backup ? ClusterNames.Backup : null;

    /// <summary>Where pgBackRest's server is a container of its own, it answers under its own name with the member's certificate.</summary>
    private static IEnumerable<string> BackupServers(ClusterTopology topology) =>
        Enumerable.Range(1, topology.Database.Members).Select(i => ClusterNames.Member(ClusterNames.BackupServer, i));

    private static string[] Names(ClusterTopology topology, string? headless, string[] members, string[] services)
    {
        var space = topology.Definition.Namespace;
        var names = new List<string>();
        foreach (var member in members.Concat(services))
            names.AddRange([member, $"{member}.dev.internal"]);
        foreach (var service in services)
            names.AddRange([$"{service}.{space}", $"{service}.{space}.svc", $"{service}.{space}.svc.cluster.local"]);
        if (headless is not null)
            names.AddRange([$"*.{headless}", $"*.{headless}.{space}", $"*.{headless}.{space}.svc",
                $"*.{headless}.{space}.svc.cluster.local"]);
        return [.. names.Distinct(), "localhost", "127.0.0.1", "::1"];
    }
}
