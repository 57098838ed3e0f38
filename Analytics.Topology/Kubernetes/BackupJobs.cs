using Analytics.Topology.Containers;
using k8s.Models;
using static Analytics.Topology.Kubernetes.KubernetesNames;

namespace Analytics.Topology.Kubernetes;

/// <summary>
/// The backup runner on its schedules. A job's success is the runner's exit code, and that is the truth. No job runs twice at a time;
/// between kinds, pgBackRest's own lock on the members lets one backup at a time through.
/// </summary>
internal static class BackupJobs
{
    private const string Drill = "drill";

    /// <summary>Two days: long enough to read a log, and short enough for a repaired failure to disappear.</summary>
    public const int KeepSeconds = 2 * 24 * 3600;

    /// <summary>
    /// A finished pod keeps its volume, and the quota has room for one drill's: until this one is gone, the next would be Pending. The result
    /// is in the database and among the metrics.
    /// </summary>
    private const int KeepDrillSeconds = 10 * 60;

    /// <summary>The volume that members and runner share: several nodes write to it.</summary>
    public static V1PersistentVolumeClaim? Repository(ManifestContext context)
    {
        if (context.Topology.Backup.Repository is not VolumeRepository repository)
            return null;
        var claim = Claims.Standing(context, BackupRepositoryClaim, ClusterNames.Backup, Claims.Spec(context, BackupVolume, repository.Size));
        if (context.Options.SeparateNodes)
            claim.Spec.AccessModes = ["ReadWriteMany"];
        return claim;
    }

    public static IEnumerable<V1CronJob> All(ManifestContext context)
    {
        var policy = context.Topology.Backup;

        // Each ends before the next of its kind is due, and late is better than not at all within an hour.
        yield return CronJob(context, "full", policy.FullSchedule, hours: 20);
        yield return CronJob(context, "diff", policy.DifferentialSchedule, hours: 5);
        yield return CronJob(context, "verify", policy.VerifySchedule, hours: 12);
        yield return CronJob(context, Drill, policy.DrillSchedule, hours: 24);
    }

    private static V1CronJob CronJob(ManifestContext context, string verb, string schedule, int hours)
    {
        var spec = Spec(context, verb);
        var container = Containers.From(spec, Quantities.Of(context.Topology.Backup.Runner, ByteSize.MiB(256), ByteSize.GiB(2)), []);
        container.VolumeMounts =
        [
            .. container.VolumeMounts,
            new V1VolumeMount { Name = ScratchVolume, MountPath = Paths.BackupScratch },
            new V1VolumeMount { Name = "dev-shm", MountPath = "/dev/shm" },
        ];
        var pod = new V1PodSpec
        {
            RestartPolicy = "Never",
            Containers = [container],
            Volumes = [.. Volumes.For(spec), Scratch(context, verb), Volumes.Scratch("dev-shm", spec.SharedMemory, inMemory: true)],
            DnsConfig = Pods.Searches(context, ClusterNames.TimescaleDb),
            TerminationGracePeriodSeconds = (int)spec.StopGracePeriod.TotalSeconds,
        };
        ObjectStorage.Attach(context, container, pod);
        ObjectStorage.AttachVolume(context, container, pod);
        var name = $"{ClusterNames.Backup}-{verb}";
        var job = new V1JobSpec
        {
            // An interrupted backup is taken up again by the next attempt.
            BackoffLimit = 2,
            ActiveDeadlineSeconds = hours * 3600,
            TtlSecondsAfterFinished = KeepSeconds,
            Template = Pods.Template(context, ClusterNames.Backup, PriorityClasses.Job, pod),
        };
        if (verb == Drill)
        {
            // The failed pod of a first attempt would keep the volume that the second one needs. A pod that its node evicted is not a failure
            // of the drill: Kubernetes deletes that one, with its volume.
            job.BackoffLimit = 0;
            job.TtlSecondsAfterFinished = KeepDrillSeconds;
            job.PodFailurePolicy = new V1PodFailurePolicy
            {
                Rules = [new V1PodFailurePolicyRule { Action = "Ignore", OnPodConditions = [new V1PodFailurePolicyOnPodConditionsPattern { Type = "DisruptionTarget", Status = "True" }] }],
            };
        }

        return new V1CronJob
        {
            ApiVersion = "batch/v1",
            Kind = "CronJob",
            Metadata = context.Meta(name, ClusterNames.Backup),
            Spec = new V1CronJobSpec
            {
                Schedule = schedule,

                // Without a bucket each would fail. deploy.sh resumes them once one is named; elsewhere it is `backup.suspend` or a patch.
                Suspend = BackupContainers.BucketIsOptional(context.Topology),
                TimeZone = "Etc/UTC",
                ConcurrencyPolicy = "Forbid",
                StartingDeadlineSeconds = 3600,
                SuccessfulJobsHistoryLimit = 3,
                FailedJobsHistoryLimit = 5,
                JobTemplate = new V1JobTemplateSpec
                {
                    Metadata = new V1ObjectMeta { Labels = Labels.For(context.Topology, ClusterNames.Backup) },
                    Spec = job,
                },
            },
        };
    }

    /// <summary>As every other host runs it, but for names: members by their own, the primary and the standbys by their Services.</summary>
    private static ContainerSpec Spec(ManifestContext context, string verb)
    {
        var spec = ClusterContainers.For(context.Topology).Single(container => container.Name == ClusterNames.Backup);
        var environment = spec.Environment.ToDictionary(variable => variable.Key, variable => SecretText.FromString(variable.Value.Template
            .Replace($"{ClusterNames.BackupServer}-", $"{ClusterNames.TimescaleDb}-", StringComparison.Ordinal)
            .Replace($"Host={ClusterNames.HaProxy};Port={Ports.ReadWrite}", $"Host={PrimaryService};Port={Ports.Postgres}", StringComparison.Ordinal)
            .Replace($"Host={ClusterNames.HaProxy};Port={Ports.ReadOnly}", $"Host={ReplicaService};Port={Ports.Postgres}", StringComparison.Ordinal)));
        return spec with { Environment = environment, Arguments = [verb] };
    }

    /// <summary>A drill restores the whole database: onto a volume of its own, made for it and gone with its pod. The others leave next to nothing.</summary>
    private static V1Volume Scratch(ManifestContext context, string verb) => verb != Drill
        ? Volumes.Scratch(ScratchVolume)
        : new V1Volume
        {
            Name = ScratchVolume,
            Ephemeral = new V1EphemeralVolumeSource
            {
                VolumeClaimTemplate = new V1PersistentVolumeClaimTemplate
                {
                    Metadata = new V1ObjectMeta { Labels = Labels.For(context.Topology, ClusterNames.Backup) },
                    Spec = Claims.Spec(context, ScratchVolume, context.Topology.Database.DataVolume + context.Topology.Database.WalVolume),
                },
            },
        };
}
