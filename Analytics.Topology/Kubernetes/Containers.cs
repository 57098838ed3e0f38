using Analytics.Topology.Containers;
using k8s.Models;
using static Analytics.Topology.Kubernetes.KubernetesNames;

namespace Analytics.Topology.Kubernetes;

/// <summary>
/// The mapper from a <see cref="ContainerSpec"/> to a container of a pod: same image, program, arguments, environment and mounts as
/// on every other host.
/// </summary>
internal static class Containers
{
    private const string PodName = "POD_NAME";

    /// <param name="spec">The container as every host runs it; of a tier with members, its first member.</param>
    /// <param name="resources">Requests and limits.</param>
    /// <param name="ports">Port names in a pod, in the order of the spec's ports.</param>
    /// <param name="member">The first member's name, wherever the pod's own name stands instead; null where there are no members.</param>
    public static V1Container From(ContainerSpec spec, V1ResourceRequirements resources, IReadOnlyList<string> ports, string? member = null) => new()
    {
        Name = spec.Name,
        Image = spec.Image,
        ImagePullPolicy = PullPolicy(spec.Image),
        Command = spec.Entrypoint.Count > 0 ? [.. spec.Entrypoint] : null,
        Args = spec.Arguments.Count > 0 ? [.. spec.Arguments.Select(argument => Personal(Escape(argument), member))] : null,
        Env = Environment(spec.Environment, member),
        Ports = ports.Count == 0 ? null : [.. spec.Ports.Zip(ports, (port, name) => new V1ContainerPort { Name = name, ContainerPort = port.Port, Protocol = "TCP" })],
        Resources = resources,
        VolumeMounts = [.. spec.Directories.Select(directory => new V1VolumeMount { Name = Volumes.NameOf(directory), MountPath = directory.Path, ReadOnlyProperty = true }),
            .. spec.Scratch.Select(path => new V1VolumeMount { Name = Volumes.ScratchName(path), MountPath = path })],
        SecurityContext = Locked(),
    };

    /// <summary>
    /// Privileges that every container drops, as Pod Security's <c>restricted</c> requires, and a read-only root file system.
    /// </summary>
    public static V1SecurityContext Locked() => new()
    {
        AllowPrivilegeEscalation = false,
        ReadOnlyRootFilesystem = true,
        RunAsNonRoot = true,
        Capabilities = new V1Capabilities { Drop = ["ALL"] },
    };

    /// <summary>
    /// Tags of public images are rebuilt, so they are looked up at each start; what a digest names cannot change. Local images are in no
    /// registry, and a node that lacks one must not ask the public default registry for that name.
    /// </summary>
    public static string PullPolicy(string image) =>
        Images.IsLocal(image) ? "Never" : image.Contains('@', StringComparison.Ordinal) ? "IfNotPresent" : "Always";

    public static V1EnvVar SecretVariable(string name, string key) => new()
    {
        Name = name,
        ValueFrom = new V1EnvVarSource
        {
            SecretKeyRef = Secrets.Given.Contains(key)
                // Optional, so that pgBackRest says what is missing, and so that a cluster may be tried without a bucket.
                ? new V1SecretKeySelector { Name = BackupStorage, Key = ObjectStorage.KeyOf(key), Optional = true }
                : new V1SecretKeySelector { Name = Credentials, Key = key },
        },
    };

    /// <summary>
    /// A variable that is one secret refers to it. One that holds secrets among other text needs them as variables of their own first:
    /// Kubernetes fills in <c>$(NAME)</c> from what stands above.
    /// </summary>
    private static V1EnvVar[]? Environment(IReadOnlyDictionary<string, SecretText> environment, string? member)
    {
        var variables = new List<V1EnvVar>();
        if (member is not null)
            variables.Add(new V1EnvVar { Name = PodName, ValueFrom = new V1EnvVarSource { FieldRef = new V1ObjectFieldSelector { FieldPath = "metadata.name" } } });
        foreach (var (name, text) in environment)
        {
            var parts = text.Parts().ToList();
            if (parts is [{ IsSecret: true }])
            {
                variables.Add(SecretVariable(name, parts[0].Text));
                continue;
            }

            foreach (var (key, _) in parts.Where(part => part.IsSecret && variables.All(variable => variable.Name != part.Text)))
                variables.Add(SecretVariable(key, key));
            variables.Add(new V1EnvVar { Name = name, Value = string.Concat(parts.Select(part => part.IsSecret ? $"$({part.Text})" : Personal(Escape(part.Text), member))) });
        }

        return variables.Count == 0 ? null : [.. variables];
    }

    private static string Escape(string text) => text.Replace("$(", "$$(", StringComparison.Ordinal);

    /// <summary>The first member's name becomes the pod's own. A list of members stays a list of members.</summary>
    private static string Personal(string text, string? member) =>
        member is null || text.Contains("initial-cluster=", StringComparison.Ordinal) ? text : text.Replace(member, $"$({PodName})", StringComparison.Ordinal);
}
