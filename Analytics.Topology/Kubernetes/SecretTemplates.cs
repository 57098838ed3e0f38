using Analytics.Topology.Containers;
using k8s.Models;
using static Analytics.Topology.Kubernetes.KubernetesNames;

namespace Analytics.Topology.Kubernetes;

/// <summary>
/// The Secrets that the pods mount, without any value: deploy.sh (or cert-manager) makes them. Each names its keys in an annotation
/// rather than giving them empty values, so that applying the template by mistake never empties a password.
/// </summary>
internal static class SecretTemplates
{
    public static IEnumerable<V1Secret> All(ManifestContext context)
    {
        yield return Template(context, Credentials, ClusterNames.TimescaleDb, Secrets.All);
        if (context.Topology.Backup.Repository is S3Repository)
            yield return Template(context, BackupStorage, ClusterNames.Backup, ObjectStorage.Keys);
        var mounted = ClusterContainers.For(context.Topology).SelectMany(spec => spec.Directories)
            .Where(directory => directory.Files.All(file => file.Secret))
            .DistinctBy(directory => directory.Source).OrderBy(directory => directory.Source, StringComparer.Ordinal);
        foreach (var directory in mounted)
            yield return Template(context, Volumes.ObjectOf(directory), directory.Source.Split('/')[1],
                [.. directory.Files.Select(file => file.Name)]);
    }

    private static V1Secret Template(ManifestContext context, string name, string component, IReadOnlyList<string> keys)
    {
        var metadata = context.Meta(name, component);
        metadata.Annotations = new Dictionary<string, string> { [KeysAnnotation] = string.Join(',', keys) };
        return new V1Secret { ApiVersion = "v1", Kind = "Secret", Metadata = metadata, Type = "Opaque" };
    }
}
