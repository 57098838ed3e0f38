using System.Globalization;
using k8s.Models;
using static Analytics.Topology.Kubernetes.KubernetesNames;

namespace Analytics.Topology.Kubernetes;

/// <summary>
/// etcd saved to a volume every six hours, the last ones kept. The image of etcd has no shell, so the database's image removes old files.
/// </summary>
internal static class EtcdSnapshots
{
    private const int Kept = 28;

    public static V1PersistentVolumeClaim Volume(ManifestContext context) => new()
    {
        ApiVersion = "v1",
        Kind = "PersistentVolumeClaim",
        Metadata = context.Meta(EtcdSnapshot, EtcdSnapshot),
        Spec = Claims.Spec(context, BackupVolume, context.Topology.Etcd.Volume),
    };

    public static V1CronJob CronJob(ManifestContext context)
    {
        var pod = new V1PodSpec
        {
            RestartPolicy = "Never",
            InitContainers = [Save(context)],
            Containers = [Prune(context)],
            Volumes =
            [
                new V1Volume { Name = "snapshots", PersistentVolumeClaim = new V1PersistentVolumeClaimVolumeSource { ClaimName = EtcdSnapshot } },
                new V1Volume { Name = "tls", Secret = new V1SecretVolumeSource { SecretName = Tls(ClusterNames.Migrations), DefaultMode = Volumes.SecretMode } },
            ],
        };
        return new V1CronJob
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
                        Template = Pods.Template(context, EtcdSnapshot, PriorityClasses.Job, pod),
                    },
                },
            },
        };
    }

    private static V1Container Save(ManifestContext context) => new()
    {
        Name = "save",
        Image = context.Topology.Images.Etcd,
        ImagePullPolicy = Containers.PullPolicy(context.Topology.Images.Etcd),
        Command = ["etcdctl"],
        Args = ["snapshot", "save", $"{SnapshotPath}/$(POD_NAME).db"],
        Env =
        [
            new V1EnvVar { Name = "POD_NAME", ValueFrom = new V1EnvVarSource { FieldRef = new V1ObjectFieldSelector { FieldPath = "metadata.name" } } },
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

    /// <summary>A pod's name holds the minute of its schedule, so names sort by age.</summary>
    private static V1Container Prune(ManifestContext context) => new()
    {
        Name = "prune",
        Image = context.Topology.Images.Database,
        ImagePullPolicy = Containers.PullPolicy(context.Topology.Images.Database),
        Command = ["sh", "-euc"],
        Args =
        [
            string.Create(CultureInfo.InvariantCulture,
                $"cd {SnapshotPath}\nrm -f -- *.part\nls -1 | grep '^{EtcdSnapshot}-.*[.]db$' | sort | head -n -{Kept} | while read -r old; do rm -f -- \"$old\"; done\nls -l\n"),
        ],
        Resources = Quantities.Helper,
        VolumeMounts = [new V1VolumeMount { Name = "snapshots", MountPath = SnapshotPath }],
        SecurityContext = Containers.Locked(),
    };
}
