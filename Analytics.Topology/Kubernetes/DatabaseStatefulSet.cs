using System.Globalization;
using Analytics.Topology.Config;
using Analytics.Topology.Containers;
using k8s.Models;
using static Analytics.Topology.Kubernetes.KubernetesNames;

namespace Analytics.Topology.Kubernetes;

/// <summary>
/// The database members, named as on every other host: ordinals start at 1. All start at once, because a member waits for the others by
/// itself. Updates go from the highest ordinal down, each pod hands leadership to the lowest before it stops, so the leader goes last.
/// </summary>
internal static class DatabaseStatefulSet
{
    internal const string PreStopScript = "pre-stop.py";
    private const string ConfigVolume = "config-timescaledb";

    /// <summary>Above the hook's 25 s of handing over and 60 s of PostgreSQL's last checkpoint.</summary>
    private const int GraceSeconds = 120;

    public static V1StatefulSet StatefulSet(ManifestContext context)
    {
        var topology = context.Topology;
        var member = ClusterNames.Member(ClusterNames.TimescaleDb, 1);
        var specs = PodContainers.For(topology);
        var database = specs.Single(spec => spec.Name == member);
        var exporter = specs.Single(spec => spec.Name == ClusterNames.Member(ClusterNames.PostgresExporter, 1));
        var server = specs.Single(spec => spec.Name == ClusterNames.Member(ClusterNames.BackupServer, 1));
        var patroni = Database(context, database, member);
        var pod = new V1PodSpec
        {
            Containers = [patroni, Exporter(exporter, member), Server(server)],
            Volumes = [Configuration(), .. Volumes.For(database, exporter, server).Where(volume => volume.Name != ConfigVolume),
                .. Scratch.Where(path => !server.Scratch.Contains(path)).Select(path => Volumes.Scratch(Volumes.ScratchName(path))),
                Volumes.Scratch("dev-shm", database.SharedMemory, inMemory: true)],
            DnsConfig = Pods.Searches(context, ClusterNames.TimescaleDb, ClusterNames.Etcd),
            TerminationGracePeriodSeconds = GraceSeconds,
        };
        ObjectStorage.Attach(context, patroni, pod);
        ObjectStorage.AttachVolume(context, patroni, pod);
        Pods.KeepApart(pod, context, ClusterNames.TimescaleDb, required: true);

        // Not the scripts beside patroni.yml, which only the first start of a new cluster reads, nor the backup server's file, which only a
        // release changes.
        var others = database with { Directories = [.. database.Directories.Where(directory => Volumes.NameOf(directory) != ConfigVolume)] };
        var configuration = PatroniConfig.Render(topology) + Pods.Configuration(others, exporter);
        return new V1StatefulSet
        {
            ApiVersion = "apps/v1",
            Kind = "StatefulSet",
            Metadata = context.Meta(ClusterNames.TimescaleDb, ClusterNames.TimescaleDb),
            Spec = new V1StatefulSetSpec
            {
                ServiceName = ClusterNames.TimescaleDb,
                Replicas = topology.Database.Members,
                Ordinals = new V1StatefulSetOrdinals { Start = 1 },
                PodManagementPolicy = "Parallel",
                MinReadySeconds = 10,
                RevisionHistoryLimit = 5,
                UpdateStrategy = new V1StatefulSetUpdateStrategy { Type = "RollingUpdate" },
                PersistentVolumeClaimRetentionPolicy = new V1StatefulSetPersistentVolumeClaimRetentionPolicy { WhenDeleted = "Retain", WhenScaled = "Retain" },
                Selector = context.Selector(ClusterNames.TimescaleDb),
                Template = Pods.Template(context, ClusterNames.TimescaleDb, PriorityClasses.Database, pod, configuration),
                VolumeClaimTemplates =
                [
                    Claims.Template(context, DataVolume, topology.Database.DataVolume),
                    Claims.Template(context, WalVolume, topology.Database.WalVolume),
                    Claims.Template(context, BackupVolume, topology.Database.BackupVolume),
                ],
            },
        };
    }

    /// <summary>What PostgreSQL, Patroni and pgBackRest write outside the volumes.</summary>
    private static IReadOnlyList<string> Scratch { get; } =
        ["/home/postgres", Paths.SocketDirectory, "/tmp"];

    private static V1Container Database(ManifestContext context, ContainerSpec spec, string member)
    {
        var container = Containers.From(spec, Quantities.Of(context.Topology.Database.Resources, ByteSize.MiB(512), ByteSize.GiB(2)),
            [PortNames.Postgres, PortNames.Patroni], member);
        container.Name = ClusterNames.TimescaleDb;

        // The certificates of its sidecars, which only this pod can reach.
        var sidecars = $"tls://localhost:{Ports.PostgresExporter},tls://localhost:{Ports.BackupServer}";
        container.Env = [.. container.Env, new V1EnvVar { Name = "HUB_WATCHED_CERTIFICATES", Value = sidecars }];

        // Outer directories first: each of these lies in the one before.
        container.VolumeMounts =
        [
            .. Scratch.Select(path => new V1VolumeMount { Name = Volumes.ScratchName(path), MountPath = path }),
            new V1VolumeMount { Name = "dev-shm", MountPath = "/dev/shm" },
            new V1VolumeMount { Name = DataVolume, MountPath = Paths.PgVolume },
            new V1VolumeMount { Name = WalVolume, MountPath = Paths.WalVolume },
            new V1VolumeMount { Name = BackupVolume, MountPath = Paths.BackupSpool },
            .. container.VolumeMounts,
        ];

        // Patroni is up. Cloning a large database takes hours and must not cause a restart, so no probe here checks PostgreSQL;
        // ten minutes, because Patroni does not answer before it has reached etcd.
        container.StartupProbe = Pods.Http("/liveness", PortNames.Patroni, tls: true, period: 10, failures: 60);

        // Patroni's own loop turns. A paused, lagging or cloning member passes; one that hangs is restarted after a minute.
        container.LivenessProbe = Pods.Http("/liveness", PortNames.Patroni, tls: true, period: 10, failures: 6);

        // The leader, or a replica that runs and has replayed all but 16 MB: the same that the gateway asks. /readiness takes no lag before
        // Patroni 4.1 and called a replica ready that had not reached its leader for two minutes.
        container.ReadinessProbe = Pods.Http("/read-only?lag=16MB", PortNames.Patroni, tls: true, period: 5, failures: 3);
        container.Lifecycle = new V1Lifecycle { PreStop = new V1LifecycleHandler { Exec = new V1ExecAction { Command = ["python3", $"{Paths.Config}/{PreStopScript}"] } } };
        return container;
    }

    private static V1Container Exporter(ContainerSpec spec, string member)
    {
        var container = Containers.From(spec, Quantities.Helper, [PortNames.PostgresMetrics], member);
        container.Name = ClusterNames.PostgresExporter;
        container.LivenessProbe = Pods.Http("/", PortNames.PostgresMetrics, tls: true, period: 30, failures: 5);
        return container;
    }

    /// <summary>
    /// Reads the member's files and asks its PostgreSQL, over the socket, for the backup runner. A container of its own, so that a backup
    /// never takes the memory that PostgreSQL was given.
    /// </summary>
    private static V1Container Server(ContainerSpec spec)
    {
        var container = Containers.From(spec, Quantities.Of(new Resources(10, 1000, ByteSize.MiB(32), spec.MemoryLimit!.Value), ByteSize.MiB(16), ByteSize.MiB(64)), [PortNames.Backup]);
        container.Name = ClusterNames.BackupServer;
        container.VolumeMounts =
        [
            new V1VolumeMount { Name = Volumes.ScratchName(Paths.SocketDirectory), MountPath = Paths.SocketDirectory, ReadOnlyProperty = true },
            new V1VolumeMount { Name = DataVolume, MountPath = Paths.PgVolume, ReadOnlyProperty = true },
            new V1VolumeMount { Name = WalVolume, MountPath = Paths.WalVolume, ReadOnlyProperty = true },
            .. container.VolumeMounts,
        ];
        container.LivenessProbe = new V1Probe
        {
            Exec = new V1ExecAction { Command = [.. spec.Health!.Command] },
            PeriodSeconds = 30,
            TimeoutSeconds = 10,
            FailureThreshold = 4,
        };
        return container;
    }

    /// <summary>
    /// Patroni's file and the scripts of the first start come from two ConfigMaps and lie in one directory; a third is there only while the
    /// cluster is restored.
    /// </summary>
    private static V1Volume Configuration() => new()
    {
        Name = ConfigVolume,
        Projected = new V1ProjectedVolumeSource
        {
            Sources =
            [
                new V1VolumeProjection { ConfigMap = new V1ConfigMapProjection { Name = PatroniConfigMap } },
                new V1VolumeProjection { ConfigMap = new V1ConfigMapProjection { Name = InitScripts } },
                new V1VolumeProjection { ConfigMap = new V1ConfigMapProjection { Name = PatroniRestore, Optional = true } },
            ],
        },
    };
}
