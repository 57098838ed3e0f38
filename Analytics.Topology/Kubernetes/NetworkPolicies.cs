using k8s.Models;
using static Analytics.Topology.Kubernetes.KubernetesNames;

namespace Analytics.Topology.Kubernetes;

/// <summary>
/// Nothing may talk to anything in or out of the namespace but along the arrows of the architecture. Each arrow opens both ends: the
/// receiver's ingress and the sender's egress.
/// </summary>
internal static class NetworkPolicies
{
    /// <summary>Pods with the label, in this namespace or another.</summary>
    public const string TelemetryClients = "telemetry clients";
    public const string SqlClients = "SQL clients";
    public const string Monitoring = "monitoring";

    /// <summary>From, to, ports of the receiver's pods.</summary>
    public static IReadOnlyList<(string From, string To, int[] Ports)> Arrows { get; } =
    [
        (ClusterNames.Etcd, ClusterNames.Etcd, [Ports.EtcdPeer]),
        (ClusterNames.EtcdAuth, ClusterNames.Etcd, [Ports.EtcdClient]),
        (EtcdSnapshot, ClusterNames.Etcd, [Ports.EtcdClient]),
        (ClusterNames.TimescaleDb, ClusterNames.Etcd, [Ports.EtcdClient]),
        (ClusterNames.TimescaleDb, ClusterNames.TimescaleDb, [Ports.Postgres, Ports.Patroni]),
        (Gateway, ClusterNames.TimescaleDb, [Ports.Postgres, Ports.Patroni]),
        (ClusterNames.Backup, ClusterNames.TimescaleDb, [Ports.BackupServer]),
        (ClusterNames.Backup, Gateway, [Ports.ReadWrite, Ports.ReadOnly]),
        (ClusterNames.Ingest, Gateway, [Ports.PgBouncer, Ports.HaProxyMetrics]), // HAProxy's certificate is looked at
        (ClusterNames.Migrations, Gateway, [Ports.ReadWrite]),
        (TelemetryClients, ClusterNames.Ingest, [Ports.OtlpGrpc, Ports.OtlpHttp, Ports.Rest]),
        (SqlClients, Gateway, [Ports.PgBouncer, Ports.ReadWrite, Ports.ReadOnly]),
        (SqlClients, ClusterNames.TimescaleDb, [Ports.Postgres]),
        (Monitoring, ClusterNames.TimescaleDb, [Ports.Patroni, Ports.PostgresExporter]),
        (Monitoring, ClusterNames.Etcd, [Ports.EtcdMetrics]),
        (Monitoring, Gateway, [Ports.HaProxyMetrics, Ports.PgBouncerExporter]),
        (Monitoring, ClusterNames.Ingest, [Ports.Rest]),
    ];

    public static IEnumerable<V1NetworkPolicy> All(ManifestContext context) =>
    [
        Policy(context, "default-deny", ClusterNames.TimescaleDb, new V1NetworkPolicySpec { PodSelector = new V1LabelSelector(), PolicyTypes = ["Ingress", "Egress"] }),
        Policy(context, "dns", ClusterNames.TimescaleDb, new V1NetworkPolicySpec { PodSelector = new V1LabelSelector(), PolicyTypes = ["Egress"], Egress = [Dns()] }),
        .. Namespaces.Components.Select(component => Component(context, component)),
        Clients(context, "sql-clients", ClusterNames.PgBouncer, SqlLabel, SqlClients),
        Clients(context, "telemetry-clients", ClusterNames.Ingest, TelemetryLabel, TelemetryClients),
        .. Storage(context),
    ];

    /// <summary>
    /// Members push and fetch WAL, the runner keeps backups. An address range would be another for each storage; the port is the
    /// endpoint's, and 443 where the install names the endpoint.
    /// </summary>
    private static IEnumerable<V1NetworkPolicy> Storage(ManifestContext context) => context.Topology.Backup.Repository is not S3Repository s3 ? [] :
        new[] { ClusterNames.TimescaleDb, ClusterNames.Backup }.Select(component => Policy(context, $"{component}-storage", component, new V1NetworkPolicySpec
        {
            PodSelector = context.Selector(component),
            PolicyTypes = ["Egress"],
            Egress = [new V1NetworkPolicyEgressRule { To = [Block("0.0.0.0/0"), Block("::/0")], Ports = [Port(s3.Port)] }],
        }));

    /// <summary>For the optional Service to the outside.</summary>
    public static V1NetworkPolicy External(ManifestContext context) => Policy(context, ExternalService, Gateway, new V1NetworkPolicySpec
    {
        PodSelector = context.Selector(Gateway),
        PolicyTypes = ["Ingress"],
        Ingress = [new V1NetworkPolicyIngressRule { FromProperty = [.. Services.ExternalRanges.Select(Block)], Ports = [Port(Ports.ReadWrite)] }],
    });

    private static V1NetworkPolicy Component(ManifestContext context, string component)
    {
        var ingress = Arrows.Where(arrow => arrow.To == component)
            .Select(arrow => new V1NetworkPolicyIngressRule { FromProperty = Peers(context, arrow.From), Ports = [.. arrow.Ports.Select(Port)] }).ToArray();
        var egress = Arrows.Where(arrow => arrow.From == component)
            .Select(arrow => new V1NetworkPolicyEgressRule { To = Peers(context, arrow.To), Ports = [.. arrow.Ports.Select(Port)] }).ToArray();
        return Policy(context, component, component, new V1NetworkPolicySpec
        {
            PodSelector = context.Selector(component),
            PolicyTypes = ["Ingress", "Egress"],
            Ingress = ingress.Length == 0 ? null : ingress,
            Egress = egress.Length == 0 ? null : egress,
        });
    }

    /// <summary>A client started in this namespace is under the default-deny too: its label opens the way out.</summary>
    private static V1NetworkPolicy Clients(ManifestContext context, string name, string component, string label, string clients) => Policy(context, name, component, new V1NetworkPolicySpec
    {
        PodSelector = new V1LabelSelector { MatchLabels = new Dictionary<string, string> { [label] = "true" } },
        PolicyTypes = ["Egress"],
        Egress = [.. Arrows.Where(arrow => arrow.From == clients).Select(arrow => new V1NetworkPolicyEgressRule { To = Peers(context, arrow.To), Ports = [.. arrow.Ports.Select(Port)] })],
    });

    private static V1NetworkPolicyPeer[] Peers(ManifestContext context, string end) => end switch
    {
        TelemetryClients => Labelled(TelemetryLabel),
        SqlClients => Labelled(SqlLabel),
        Monitoring =>
        [
            new V1NetworkPolicyPeer
            {
                NamespaceSelector = new V1LabelSelector { MatchLabels = new Dictionary<string, string> { ["kubernetes.io/metadata.name"] = MonitoringNamespace } },
                PodSelector = new V1LabelSelector { MatchLabels = new Dictionary<string, string> { [Labels.NameKey] = ClusterNames.Prometheus } },
            },
        ],
        _ => [new V1NetworkPolicyPeer { PodSelector = context.Selector(end) }],
    };

    /// <summary>
    /// Labelled pods, wherever they are (a pod selector alone would mean this namespace), and all pods of labelled namespaces.
    /// </summary>
    private static V1NetworkPolicyPeer[] Labelled(string label)
    {
        V1LabelSelector Selector() => new() { MatchLabels = new Dictionary<string, string> { [label] = "true" } };
        return [new V1NetworkPolicyPeer { NamespaceSelector = new V1LabelSelector(), PodSelector = Selector() }, new V1NetworkPolicyPeer { NamespaceSelector = Selector() }];
    }

    /// <summary>The cluster's DNS, on whichever port its pods listen, and a node's own cache in front of it.</summary>
    private static V1NetworkPolicyEgressRule Dns() => new()
    {
        To =
        [
            new V1NetworkPolicyPeer
            {
                NamespaceSelector = new V1LabelSelector { MatchLabels = new Dictionary<string, string> { ["kubernetes.io/metadata.name"] = "kube-system" } },
                PodSelector = new V1LabelSelector { MatchLabels = new Dictionary<string, string> { ["k8s-app"] = "kube-dns" } },
            },
            new V1NetworkPolicyPeer
            {
                NamespaceSelector = new V1LabelSelector { MatchLabels = new Dictionary<string, string> { ["kubernetes.io/metadata.name"] = "openshift-dns" } },
            },
            Block("169.254.20.10/32"),
        ],
        Ports = [Udp(53), Port(53), Udp(5353), Port(5353)],
    };

    private static V1NetworkPolicyPeer Block(string cidr) => new() { IpBlock = new V1IPBlock { Cidr = cidr } };

    private static V1NetworkPolicyPort Udp(int port) => new() { Port = port, Protocol = "UDP" };

    private static V1NetworkPolicyPort Port(int port) => new() { Port = port, Protocol = "TCP" };

    private static V1NetworkPolicy Policy(ManifestContext context, string name, string component, V1NetworkPolicySpec spec) => new()
    {
        ApiVersion = "networking.k8s.io/v1",
        Kind = "NetworkPolicy",
        Metadata = context.Meta(name, component),
        Spec = spec,
    };
}
