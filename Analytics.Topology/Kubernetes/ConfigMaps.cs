using Analytics.Topology.Config;
using Analytics.Topology.Containers;
using k8s.Models;
using static Analytics.Topology.Kubernetes.KubernetesNames;

namespace Analytics.Topology.Kubernetes;

/// <summary>The rendered configuration, byte for byte what every other host mounts.</summary>
internal static class ConfigMaps
{
    /// <summary>One for each directory of configuration but the database's, which comes in two parts.</summary>
    public static IEnumerable<V1ConfigMap> Gateway(ManifestContext context) =>
        PodContainers.For(context.Topology).Where(spec => spec.Name != ClusterNames.Prometheus)
            .SelectMany(spec => spec.Directories)
            .Where(directory => directory.Files.Any(file => !file.Secret))
            .DistinctBy(directory => directory.Source)
            .Where(directory => directory.Source != $"config/{ClusterNames.TimescaleDb}")
            .Select(directory => ConfigMap(context, Volumes.ObjectOf(directory), KubernetesNames.Gateway,
                directory.Files.ToDictionary(file => file.Name, file => file.Text!)));

    public static V1ConfigMap Patroni(ManifestContext context) =>
        ConfigMap(context, PatroniConfigMap, ClusterNames.TimescaleDb,
            new() { [PatroniConfig.FileName] = Database(context)[PatroniConfig.FileName] });

    /// <summary>Read on the first start of a new cluster, and the hook that runs before a pod stops.</summary>
    public static V1ConfigMap Scripts(ManifestContext context)
    {
        var files = Database(context).Where(file => file.Key != PatroniConfig.FileName).ToDictionary();
        files[DatabaseStatefulSet.PreStopScript] = Templates.Read(DatabaseStatefulSet.PreStopScript);
        return ConfigMap(context, InitScripts, ClusterNames.TimescaleDb, files);
    }

    private static Dictionary<string, string> Database(ManifestContext context) =>
        ClusterContainers.For(context.Topology).SelectMany(spec => spec.Directories)
            .First(directory => directory.Source == $"config/{ClusterNames.TimescaleDb}")
            .Files.ToDictionary(file => file.Name, file => file.Text!);

    private static V1ConfigMap ConfigMap(ManifestContext context, string name, string component, Dictionary<string, string> data) => new()
    {
        ApiVersion = "v1",
        Kind = "ConfigMap",
        Metadata = context.Meta(name, component),
        Data = data,
    };
}
