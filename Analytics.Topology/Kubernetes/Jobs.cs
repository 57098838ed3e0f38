using Analytics.Topology.Containers;
using k8s;
using k8s.Models;
using static Analytics.Topology.Kubernetes.KubernetesNames;

namespace Analytics.Topology.Kubernetes;

/// <summary>
/// The set-up jobs. A Job cannot be changed, so its name holds a hash of what it runs: a new image or script is a new Job, and applying
/// the same manifests again does nothing. Both wait by themselves for what they need, and running them twice does no harm.
/// </summary>
internal static class Jobs
{
    /// <summary>A week: long enough to read its log.</summary>
    public const int KeepSeconds = 7 * 24 * 3600;

    public static V1Job Migrations(ManifestContext context)
    {
        // Through the Service of the read-write port instead of HAProxy's own name.
        var spec = Spec(context, ClusterNames.Migrations);
        var environment = spec.Environment.ToDictionary(variable => variable.Key, variable => SecretText.FromString(
            variable.Value.Template.Replace($"Host={ClusterNames.HaProxy};Port={Ports.ReadWrite}", $"Host={PrimaryService};Port={Ports.Postgres}", StringComparison.Ordinal)));
        environment["Migrations__PrimaryTimeout"] = "00:30:00";
        return Job(context, spec with { Environment = environment }, new V1PodSpec());
    }

    public static V1Job EtcdAuth(ManifestContext context) => Job(context, Spec(context, ClusterNames.EtcdAuth),
        new V1PodSpec { DnsConfig = Pods.Searches(context, ClusterNames.Etcd) });

    private static ContainerSpec Spec(ManifestContext context, string name) => ClusterContainers.For(context.Topology).Single(spec => spec.Name == name);

    private static V1Job Job(ManifestContext context, ContainerSpec spec, V1PodSpec pod)
    {
        pod.RestartPolicy = "Never";
        pod.Containers = [Containers.From(spec, Quantities.Helper, [])];
        pod.Volumes = [.. Volumes.For(spec)];
        return Named(new V1Job
        {
            ApiVersion = "batch/v1",
            Kind = "Job",
            Metadata = context.Meta(spec.Name, spec.Name),
            Spec = new V1JobSpec
            {
                BackoffLimit = 6,
                ActiveDeadlineSeconds = 3600,
                TtlSecondsAfterFinished = KeepSeconds,
                Template = Pods.Template(context, spec.Name, PriorityClasses.Job, pod),
            },
        });
    }

    /// <summary>With the hash in its name.</summary>
    public static V1Job Named(V1Job job)
    {
        var containers = ContainersOf(job);
        var images = string.Join(' ', containers.Select(container => container.Image));
        job.Metadata.Name = $"{job.Metadata.Name}-{Pods.Checksum($"{images} {containers[0].ImagePullPolicy} {ContentOf(job)}")[..10]}";
        return job;
    }

    /// <summary>A hash of everything that a Job fixes but where it runs and from which images, which an install may choose.</summary>
    internal static string ContentOf(V1Job job) => Pods.Checksum(KubernetesJson.Serialize(new
    {
        Containers = ContainersOf(job).Select(container => new { container.Command, container.Args, container.Env, container.Resources, container.VolumeMounts }),
        job.Spec.Template.Spec.Volumes,
        job.Spec.BackoffLimit,
    }))[..16];

    internal static IReadOnlyList<V1Container> ContainersOf(V1Job job) => [.. job.Spec.Template.Spec.InitContainers ?? [], .. job.Spec.Template.Spec.Containers];
}
