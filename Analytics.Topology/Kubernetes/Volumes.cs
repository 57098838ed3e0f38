using Analytics.Topology.Containers;
using k8s.Models;
using static Analytics.Topology.Kubernetes.KubernetesNames;

namespace Analytics.Topology.Kubernetes;

/// <summary>Where the directories of a <see cref="ContainerSpec"/> come from in a pod.</summary>
internal static class Volumes
{
    /// <summary>
    /// Readable by owner and group. The files belong to root and the pod's group, and PostgreSQL takes a private key that root owns
    /// and at most the group may read.
    /// </summary>
    public const int SecretMode = 0b100_100_000;

    /// <summary>Programs write little there: locks, sockets, temporary files.</summary>
    private static readonly ByteSize ScratchSize = ByteSize.MiB(64);

    /// <summary><c>config/haproxy</c> → <c>config-haproxy</c>.</summary>
    public static string NameOf(MountedDirectory directory) => directory.Source.Replace('/', '-');

    public static string ScratchName(string path) => path.Trim('/').Replace('/', '-');

    /// <summary>The volumes behind all directories and scratch paths of a pod's containers, each once.</summary>
    public static IEnumerable<V1Volume> For(params ContainerSpec[] specs) =>
        specs.SelectMany(spec => spec.Directories).DistinctBy(NameOf).Select(Volume)
            .Concat(specs.SelectMany(spec => spec.Scratch).Distinct().Select(path => Scratch(ScratchName(path))));

    public static V1Volume Scratch(string name, ByteSize? size = null, bool inMemory = false) => new()
    {
        Name = name,
        EmptyDir = new V1EmptyDirVolumeSource { SizeLimit = Quantities.Of(size ?? ScratchSize), Medium = inMemory ? "Memory" : null },
    };

    /// <summary>The Secret or ConfigMap that holds a directory's files.</summary>
    public static string ObjectOf(MountedDirectory directory)
    {
        var (kind, component) = (directory.Source.Split('/')[0], directory.Source.Split('/')[1]);
        return kind switch
        {
            "tls" => Tls(component),
            "secret" => UserList,
            _ => ConfigMap(component),
        };
    }

    private static V1Volume Volume(MountedDirectory directory) => directory.Files.All(file => file.Secret)
        ? new V1Volume
        {
            Name = NameOf(directory),
            Secret = new V1SecretVolumeSource
            {
                SecretName = ObjectOf(directory),
                DefaultMode = SecretMode,
                Items = [.. directory.Files.Select(file => new V1KeyToPath { Key = file.Name, Path = file.Name })],
            },
        }
        : new V1Volume { Name = NameOf(directory), ConfigMap = new V1ConfigMapVolumeSource { Name = ObjectOf(directory) } };
}
