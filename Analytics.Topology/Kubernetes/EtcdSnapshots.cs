using System.Globalization;
using k8s.Models;
using static Analytics.Topology.Kubernetes.KubernetesNames;

namespace Analytics.Topology.Kubernetes;

/// <summary>
/// etcd saved to a volume once at the installation and then every six hours, the last ones kept. The image of etcd has no shell, so the
/// database's image removes old files.
/// </summary>
internal static class EtcdSnapshots
{
    private const int Kept = 28;

    public static V1PersistentVolumeClaim Volume(ManifestContext context) =>
        Claims.Standing(context, EtcdSnapshot, EtcdSnapshot, Claims.Spec(context, BackupVolume, context.Topology.Etcd.Volume));

    /// <summary>
    /// The first snapshot, without waiting for the schedule. It is also the claim's first consumer: a class that binds late leaves the
    /// claim Pending until then, and so `helm install --wait`, Flux and Argo CD would wait for up to six hours.
    /// </summary>
    public static V1Job First(ManifestContext context) => Jobs.Named(new V1Job
    {
        ApiVersion = "batch/v1",
        Kind = "Job",
        Metadata = context.Meta(EtcdSnapshot, EtcdSnapshot),
        Spec = new V1JobSpec
        {
            // Helm starts it together with etcd and with the job that turns on etcd's authentication: it fails until both have done their
            // work.
            BackoffLimit = 10,
            ActiveDeadlineSeconds = 3600,
            TtlSecondsAfterFinished = Jobs.KeepSeconds,
            Template = Pods.Template(context, EtcdSnapshot, PriorityClasses.Job, Pod(context)),
        },
    });

    public static V1CronJob CronJob(ManifestContext context) => new()
    {
        ApiVersion = "batch/v1",
        Kind = "CronJob",
        Metadata = context.Meta(EtcdSnapshot, EtcdSnapshot),
        Spec = new V1CronJobSpec
        {
            Schedule = "20 */6 * * *",
            TimeZone = "Etc/UTC",
            ConcurrencyPolicy = "Forbid",
            StartingDeadlineSeconds = 3600,
            SuccessfulJobsHistoryLimit = 1,
            FailedJobsHistoryLimit = 3,
            JobTemplate = new V1JobTemplateSpec
            {
                Metadata = new V1ObjectMeta { Labels = Labels.For(context.Topology, EtcdSnapshot) },
                Spec = new V1JobSpec
                {
                    BackoffLimit = 3,
                    ActiveDeadlineSeconds = 900,
                    TtlSecondsAfterFinished = BackupJobs.KeepSeconds,
                    Template = Pods.Template(context, EtcdSnapshot, PriorityClasses.Job, Pod(context)),
                },
            },
        },
    };

    private static V1PodSpec Pod(ManifestContext context) => new()
    {
        RestartPolicy = "Never",
        InitContainers = [Save(context)],
        Containers = [Prune(context)],
        Volumes =
        [
            new V1Volume { Name = "snapshots",
                PersistentVolumeClaim = new V1PersistentVolumeClaimVolumeSource { ClaimName = EtcdSnapshot } },
            new V1Volume { Name = "tls",
                Secret = new V1SecretVolumeSource { SecretName = Tls(ClusterNames.Migrations), DefaultMode = Volumes.SecretMode } },
        ],
    };

    private static V1Container Save(ManifestContext context) => new()
    {
        Name = "save",
        Image = context.Topology.Images.Etcd,
        ImagePullPolicy = Containers.PullPolicy(context.Topology.Images.Etcd),
        Command = ["etcdctl"],
        Args = ["snapshot", "save", $"{SnapshotPath}/$(POD_NAME).db"],
        Env =
        [
            new V1EnvVar { Name = "POD_NAME",
                ValueFrom = new V1EnvVarSource { FieldRef = new V1ObjectFieldSelector { FieldPath = "metadata.name" } } },
            new V1EnvVar { Name = "ETCDCTL_ENDPOINTS", Value = $"https://{ClusterNames.Etcd}:{Ports.EtcdClient}" },
            new V1EnvVar { Name = "ETCDCTL_CACERT", Value = Paths.CaFile },
            new V1EnvVar { Name = "ETCDCTL_CERT", Value = Paths.CertFile },
            new V1EnvVar { Name = "ETCDCTL_KEY", Value = Paths.KeyFile },
            new V1EnvVar { Name = "ETCDCTL_USER", Value = "root" },
            Containers.SecretVariable("ETCDCTL_PASSWORD", Secrets.EtcdRoot),
        ],
        Resources = Quantities.Helper,
        VolumeMounts =
        [
            new V1VolumeMount { Name = "snapshots", MountPath = SnapshotPath },
            new V1VolumeMount { Name = "tls", MountPath = Paths.Tls, ReadOnlyProperty = true },
        ],
        SecurityContext = Containers.Locked(),
    };

    /// <summary>
    /// The oldest go by their time: names are those of pods, and only a schedule's hold a time. An unfinished file is left alone for an
    /// hour, because another snapshot may be writing it.
    /// </summary>
    internal static string PruneScript { get; } = string.Create(CultureInfo.InvariantCulture,
        $"cd {SnapshotPath}\nfind . -name '*.part' -mmin +60 -delete\n"
            + $"ls -1t | grep '^{EtcdSnapshot}-.*[.]db$' | tail -n +{Kept + 1} | while read -r old; do rm -f -- \"$old\"; done\nls -l\n");

    private static V1Container Prune(ManifestContext context) => new()
    {
        Name = "prune",
        Image = context.Topology.Images.Database,
        ImagePullPolicy = Containers.PullPolicy(context.Topology.Images.Database),
        Command = ["sh", "-euc"],
        Args = [PruneScript],
        Resources = Quantities.Helper,
        VolumeMounts = [new V1VolumeMount { Name = "snapshots", MountPath = SnapshotPath }],
        SecurityContext = Containers.Locked(),
    };
}
