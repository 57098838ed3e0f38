using k8s.Models;

namespace Analytics.Topology.Kubernetes;

/// <summary>Requests for volumes that one pod at a time writes to.</summary>
internal static class Claims
{
    public static V1PersistentVolumeClaim Template(ManifestContext context, string volume, ByteSize size,
        string component = ClusterNames.TimescaleDb, string? storageClass = null) => new()
        {
            ApiVersion = "v1",
            Kind = "PersistentVolumeClaim",
            Metadata = new V1ObjectMeta { Name = volume, Labels = Labels.Selector(context.Topology, component) },
            Spec = Spec(context, storageClass ?? volume, size),
        };

    /// <summary>A claim of its own, which no StatefulSet keeps: `helm uninstall` would delete it with the data.</summary>
    public static V1PersistentVolumeClaim Standing(ManifestContext context, string name, string component, V1PersistentVolumeClaimSpec spec)
    {
        var claim = new V1PersistentVolumeClaim
        {
            ApiVersion = "v1",
            Kind = "PersistentVolumeClaim",
            Metadata = context.Meta(name, component),
            Spec = spec
        };
        claim.Metadata.Annotations = new Dictionary<string, string> { ["helm.sh/resource-policy"] = "keep" };
        return claim;
    }

    public static V1PersistentVolumeClaimSpec Spec(ManifestContext context, string storageClass, ByteSize size) => new()
    {
        AccessModes = ["ReadWriteOnce"],
        StorageClassName = context.StorageClass(storageClass),
        VolumeMode = "Filesystem",
        Resources = new V1VolumeResourceRequirements
        { Requests = new Dictionary<string, ResourceQuantity> { ["storage"] = Quantities.Of(size) } },
    };
}
