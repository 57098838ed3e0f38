using Analytics.Topology.Config;
using Analytics.Topology.Monitoring;
using k8s.Models;
using static Analytics.Topology.Kubernetes.KubernetesNames;
using Map = System.Collections.Generic.Dictionary<string, object>;

namespace Analytics.Topology.Kubernetes;

/// <summary>What prometheus-operator is told: the same jobs as prometheus.yml elsewhere, and the alert rules.</summary>
internal static class Monitors
{
    /// <summary>kube-prometheus-stack takes, unless told otherwise, only objects that carry the name of its own release.</summary>
    public const string ReleaseLabel = "release";
    private const string Release = "kube-prometheus-stack";
    private const string Api = "monitoring.coreos.com/v1";

    public static IEnumerable<CustomObject> Targets(ManifestContext context) =>
    [
        new CustomObject
        {
            ApiVersion = Api,
            Kind = "ServiceMonitor",
            Metadata = Meta(context, ClusterNames.TimescaleDb, ClusterNames.TimescaleDb),
            Spec = new Map
            {
                // By name alone two Services would match; only the metrics Service has this port.
                ["selector"] = Selector(context, ClusterNames.TimescaleDb),
                ["endpoints"] = new object[] { Endpoint(context, PortNames.PostgresMetrics, "postgres", MetricsService) },
            },
        },
        PodMonitor(context, ClusterNames.TimescaleDb, Endpoint(context, PortNames.Patroni, "patroni", ClusterNames.TimescaleDb)),
        PodMonitor(context, ClusterNames.Etcd, Endpoint(context, PortNames.EtcdMetrics, "etcd", null)),
        PodMonitor(context, Gateway, Endpoint(context, PortNames.HaProxyMetrics, "haproxy", ClusterNames.HaProxy),
            Endpoint(context, PortNames.PgBouncerMetrics, "pgbouncer", ClusterNames.PgBouncerExporter)),
        PodMonitor(context, ClusterNames.Ingest, Endpoint(context, PortNames.Rest, "ingest", null)),
    ];

    /// <summary>The same rules that Prometheus reads elsewhere.</summary>
    public static CustomObject Rules(ManifestContext context) => new()
    {
        ApiVersion = Api,
        Kind = "PrometheusRule",
        Metadata = Meta(context, context.Topology.Name, ClusterNames.TimescaleDb),
        Spec = new Map { ["groups"] = RuleFile.Groups(context.Topology, RuleScope.Kubernetes(context.Topology)) },
    };

    /// <summary>Routes and inhibition for prometheus-operator's Alertmanager; it adds the namespace to every matcher by itself.</summary>
    public static CustomObject Alertmanager(ManifestContext context) => new()
    {
        ApiVersion = "monitoring.coreos.com/v1alpha1",
        Kind = "AlertmanagerConfig",
        Metadata = context.Meta(context.Topology.Name, ClusterNames.TimescaleDb),
        Spec = AlertmanagerConfig.ForOperator(),
    };

    private static V1ObjectMeta Meta(ManifestContext context, string name, string component)
    {
        var metadata = context.Meta(name, component);
        metadata.Labels[ReleaseLabel] = Release;
        return metadata;
    }

    private static CustomObject PodMonitor(ManifestContext context, string component, params Map[] endpoints) => new()
    {
        ApiVersion = Api,
        Kind = "PodMonitor",
        Metadata = Meta(context, component, component),
        Spec = new Map { ["selector"] = Selector(context, component), ["podMetricsEndpoints"] = endpoints },
    };

    /// <param name="context">The cluster.</param>
    /// <param name="port">Name of the port.</param>
    /// <param name="job">The job label, the same as on every other host, because alert rules use it.</param>
    /// <param name="serverName">A name of the component's certificate, where it serves TLS: targets are addresses.</param>
    private static Map Endpoint(ManifestContext context, string port, string job, string? serverName)
    {
        var endpoint = new Map
        {
            ["port"] = port,
            ["path"] = "/metrics",
            ["interval"] = $"{(int)context.Topology.Monitoring.ScrapeInterval.TotalSeconds}s",
            ["relabelings"] = new object[]
            {
                new Map { ["action"] = "replace", ["targetLabel"] = "job", ["replacement"] = job },
                new Map { ["action"] = "replace", ["targetLabel"] = "cluster",
                    ["replacement"] = RuleScope.Kubernetes(context.Topology).Cluster },
                new Map { ["action"] = "replace", ["targetLabel"] = "member", ["sourceLabels"] = new[] { "__meta_kubernetes_pod_name" } },
            },
        };
        if (PrometheusConfig.Unread.TryGetValue(job, out var unread))
            endpoint["metricRelabelings"] = new object[] { new Map { ["action"] = "drop", ["sourceLabels"] = new[] { "__name__" },
                ["regex"] = unread } };
        if (serverName is not null)
        {
            endpoint["scheme"] = "https";
            endpoint["tlsConfig"] = new Map
            {
                ["ca"] = new Map { ["secret"] = new Map { ["name"] = Tls(ClusterNames.Prometheus), ["key"] = "ca.crt" } },
                ["serverName"] = serverName,
            };
        }

        return endpoint;
    }

    private static Map Selector(ManifestContext context, string component) =>
        new() { ["matchLabels"] = Labels.Selector(context.Topology, component) };
}
