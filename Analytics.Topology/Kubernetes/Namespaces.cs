using k8s.Models;

namespace Analytics.Topology.Kubernetes;

/// <summary>The namespace, under Pod Security's strictest profile: a pod that asks for more is not admitted.</summary>
internal static class Namespaces
{
    public static V1Namespace Namespace(ManifestContext context)
    {
        var labels = Labels.For(context.Topology, ClusterNames.TimescaleDb);
        foreach (var mode in new[] { "enforce", "audit", "warn" })
            labels[$"pod-security.kubernetes.io/{mode}"] = "restricted";
        return new V1Namespace
        {
            ApiVersion = "v1",
            Kind = "Namespace",
            Metadata = new V1ObjectMeta { Name = context.Namespace, Labels = labels },
        };
    }

    /// <summary>One identity for each component. None may do anything, and none has its token mounted.</summary>
    public static IEnumerable<V1ServiceAccount> ServiceAccounts(ManifestContext context) =>
        Components.Select(component => new V1ServiceAccount
        {
            ApiVersion = "v1",
            Kind = "ServiceAccount",
            Metadata = context.Meta(component, component),
            AutomountServiceAccountToken = false,
        });

    public static IReadOnlyList<string> Components { get; } =
    [
        ClusterNames.Etcd, ClusterNames.EtcdAuth, KubernetesNames.EtcdSnapshot, ClusterNames.TimescaleDb, KubernetesNames.Gateway,
        ClusterNames.Ingest,
        ClusterNames.Migrations, ClusterNames.Backup,
    ];
}
