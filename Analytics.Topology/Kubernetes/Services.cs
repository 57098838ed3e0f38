using k8s.Models;
using static Analytics.Topology.Kubernetes.KubernetesNames;

namespace Analytics.Topology.Kubernetes;

/// <summary>
/// Where to connect. Read-write and read-only go through the gateway, whose HAProxy knows the primary; TLS ends in PostgreSQL either way.
/// </summary>
internal static class Services
{
    public static IEnumerable<V1Service> Database(ManifestContext context) =>
    [
        // Members find each other here before they are ready, and HAProxy asks those that are not.
        Headless(context, ClusterNames.TimescaleDb, ClusterNames.TimescaleDb, (PortNames.Postgres, Ports.Postgres),
            (PortNames.Patroni, Ports.Patroni)),
        Service(context, PrimaryService, Gateway, (PortNames.Postgres, Ports.Postgres, PortNames.ReadWrite)),
        Service(context, ReplicaService, Gateway, (PortNames.Postgres, Ports.Postgres, PortNames.ReadOnly)),
        Service(context, AnyService, ClusterNames.TimescaleDb, (PortNames.Postgres, Ports.Postgres, PortNames.Postgres)),
        Headless(context, MetricsService, ClusterNames.TimescaleDb, (PortNames.PostgresMetrics, Ports.PostgresExporter),
            (PortNames.Patroni, Ports.Patroni)),
    ];

    public static V1Service Etcd(ManifestContext context) =>
        Headless(context, ClusterNames.Etcd, ClusterNames.Etcd, (PortNames.EtcdClient, Ports.EtcdClient),
            (PortNames.EtcdPeer, Ports.EtcdPeer));

    public static V1Service PgBouncer(ManifestContext context) =>
        Service(context, ClusterNames.PgBouncer, Gateway, (PortNames.Pooled, Ports.PgBouncer, PortNames.Pooled),
            (PortNames.HaProxyMetrics, Ports.HaProxyMetrics, PortNames.HaProxyMetrics));

    public static V1Service Ingest(ManifestContext context)
    {
        var service = Service(context, ClusterNames.Ingest, ClusterNames.Ingest,
            (PortNames.OtlpGrpc, Ports.OtlpGrpc, PortNames.OtlpGrpc), (PortNames.OtlpHttp, Ports.OtlpHttp, PortNames.OtlpHttp),
            (PortNames.Rest, Ports.Rest, PortNames.Rest));
        service.Spec.Ports[0].AppProtocol = "kubernetes.io/h2c";
        return service;
    }

    /// <summary>
    /// SQL from outside the cluster, for the named address ranges alone. The ranges are written for documentation (RFC 5737): they admit
    /// nobody until they are replaced.
    /// </summary>
    public static V1Service External(ManifestContext context)
    {
        var service = Service(context, ExternalService, Gateway, (PortNames.Postgres, Ports.Postgres, PortNames.ReadWrite));
        service.Spec.Type = "LoadBalancer";
        service.Spec.LoadBalancerSourceRanges = [.. ExternalRanges];
        service.Spec.ExternalTrafficPolicy = "Local"; // Keeps the client's address, which the network policy checks once more.
        return service;
    }

    public static IReadOnlyList<string> ExternalRanges { get; } = ["203.0.113.0/24"];

    private static V1Service Service(ManifestContext context, string name, string component,
        params (string Name, int Port, string Target)[] ports) => new()
        {
            ApiVersion = "v1",
            Kind = "Service",
            Metadata = context.Meta(name, component),
            Spec = new V1ServiceSpec
            {
                Type = "ClusterIP",
                Selector = Labels.Selector(context.Topology, component),
                Ports = [.. ports.Select(port => new V1ServicePort { Name = port.Name, Port = port.Port, TargetPort = port.Target,
                Protocol = "TCP" })],
            },
        };

    private static V1Service Headless(ManifestContext context, string name, string component, params (string Name, int Port)[] ports)
    {
        var service = Service(context, name, component, [.. ports.Select(port => (port.Name, port.Port, port.Name))]);
        service.Spec.ClusterIP = "None";
        service.Spec.PublishNotReadyAddresses = true;
        return service;
    }
}
