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
            variable.Value.Template.Replace($"Host={ClusterNames.HaProxy};Port={Ports.ReadWrite}",
                $"Host={PrimaryService};Port={Ports.Postgres}", StringComparison.Ordinal)));
        environment["Migrations__PrimaryTimeout"] = "00:30:00";
        return Job(context, spec with { Environment = environment }, new V1PodSpec(), context.Topology.Images.Database);
    }

    public static V1Job EtcdAuth(ManifestContext context) => Job(context, Spec(context, ClusterNames.EtcdAuth),
        new V1PodSpec { DnsConfig = Pods.Searches(context, ClusterNames.Etcd) });

    private static ContainerSpec Spec(ManifestContext context, string name) =>
        ClusterContainers.For(context.Topology).Single(spec => spec.Name == name);

    /// <param name="context">The cluster.</param>
    /// <param name="spec">What it runs.</param>
    /// <param name="pod">What its pod has beside that.</param>
    /// <param name="alsoFor">
    /// Another image of which a new one is a new Job: the migrations look at the database, and say so when its image does not open the
    /// data.
    /// </param>
    private static V1Job Job(ManifestContext context, ContainerSpec spec, V1PodSpec pod, params string[] alsoFor)
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
        }, alsoFor);
    }

    /// <summary>With the hash in its name.</summary>
    public static V1Job Named(V1Job job, params string[] alsoFor)
    {
        var containers = ContainersOf(job);
        var images = string.Join(' ', containers.Select(container => container.Image).Concat(alsoFor));
        job.Metadata.Name = $"{job.Metadata.Name}-{Pods.Checksum($"{images} {containers[0].ImagePullPolicy} {ContentOf(job)}")[..10]}";
        return job;
    }

    /// <summary>A hash of everything that a Job fixes but where it runs and from which images, which an install may choose.</summary>
    internal static string ContentOf(V1Job job) => Pods.Checksum(KubernetesJson.Serialize(new
    {
        Containers = ContainersOf(job)
            .Select(container => new { container.Command, container.Args, container.Env, container.Resources, container.VolumeMounts }),
        job.Spec.Template.Spec.Volumes,
        job.Spec.BackoffLimit,
    }))[..16];

    internal static IReadOnlyList<V1Container> ContainersOf(V1Job job) => [.. job.Spec.Template.Spec.InitContainers ?? [],
        .. job.Spec.Template.Spec.Containers];
}
