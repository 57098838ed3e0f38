using k8s.Models;

namespace Analytics.Topology.Kubernetes;

/// <summary>What every renderer is given.</summary>
internal sealed record ManifestContext(ClusterTopology Topology, KubernetesOptions Options)
{
    public string Namespace => Topology.Definition.Namespace;

    public V1ObjectMeta Meta(string name, string component) => new()
    {
        Name = name,
        NamespaceProperty = Namespace,
        Labels = Labels.For(Topology, component),
    };

    /// <summary>Of an object that belongs to no namespace: several hubs in one cluster must not share it.</summary>
    public V1ObjectMeta ClusterMeta(string name, string component) => new()
    {
        Name = $"{Topology.Name}-{name}",
        Labels = Labels.For(Topology, component),
    };

    public V1LabelSelector Selector(string component) => new() { MatchLabels = Labels.Selector(Topology, component) };

    /// <summary>The domain of the pods behind a headless service.</summary>
    public string DomainOf(string service) => $"{service}.{Namespace}.svc.{Options.ClusterDomain}";

    /// <summary>The storage class of a kind of volume; null is the cluster's default.</summary>
    public string? StorageClass(string volume) => Options.Cloud == Cloud.Default ? null : $"{Topology.Name}-{volume}";

    public string PriorityClass(string tier) => $"{Topology.Name}-{tier}";
}
