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
        var specs = ClusterContainers.For(topology);
        var database = specs.Single(spec => spec.Name == member);
        var exporter = specs.Single(spec => spec.Name == ClusterNames.Member(ClusterNames.PostgresExporter, 1));
        var pod = new V1PodSpec
        {
            Containers = [Database(context, database, member), Exporter(exporter, member)],
            Volumes = [Configuration(), .. Volumes.For(database, exporter).Where(volume => volume.Name != ConfigVolume),
                .. Scratch.Select(path => Volumes.Scratch(Volumes.ScratchName(path))),
                Volumes.Scratch("dev-shm", database.SharedMemory, inMemory: true)],
            DnsConfig = Pods.Searches(context, ClusterNames.TimescaleDb, ClusterNames.Etcd),
            TerminationGracePeriodSeconds = GraceSeconds,
        };
        Pods.KeepApart(pod, context, ClusterNames.TimescaleDb, required: true);
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
                Template = Pods.Template(context, ClusterNames.TimescaleDb, PriorityClasses.Database, pod, PatroniConfig.Render(topology)),
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
        ["/home/postgres", Paths.SocketDirectory, "/tmp", "/var/log/pgbackrest", "/var/spool/pgbackrest"];

    private static V1Container Database(ManifestContext context, ContainerSpec spec, string member)
    {
        var container = Containers.From(spec, Quantities.Of(context.Topology.Database.Resources, ByteSize.MiB(512), ByteSize.GiB(2)),
            [PortNames.Postgres, PortNames.Patroni], member);
        container.Name = ClusterNames.TimescaleDb;

        // Outer directories first: each of these lies in the one before.
        container.VolumeMounts =
        [
            .. Scratch.Select(path => new V1VolumeMount { Name = Volumes.ScratchName(path), MountPath = path }),
            new V1VolumeMount { Name = "dev-shm", MountPath = "/dev/shm" },
            new V1VolumeMount { Name = DataVolume, MountPath = Paths.PgVolume },
            new V1VolumeMount { Name = WalVolume, MountPath = Paths.WalVolume },
            new V1VolumeMount { Name = BackupVolume, MountPath = BackupPath },
            .. container.VolumeMounts,
        ];

        // Patroni is up. A clone of a large database takes hours and is no reason to start again, so nothing here looks at PostgreSQL;
        // ten minutes, because Patroni does not answer before it has reached etcd.
        container.StartupProbe = Pods.Http("/liveness", PortNames.Patroni, tls: true, period: 10, failures: 60);

        // Patroni's own loop turns. A paused, lagging or cloning member passes; one that hangs is restarted after a minute.
        container.LivenessProbe = Pods.Http("/liveness", PortNames.Patroni, tls: true, period: 10, failures: 6);

        // The leader, or a replica that runs and (Patroni 4.1 and later) has received all but 16 MB.
        container.ReadinessProbe = Pods.Http("/readiness?lag=16MB&mode=write", PortNames.Patroni, tls: true, period: 5, failures: 3);
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

    /// <summary>Patroni's file and the scripts of the first start come from two ConfigMaps and lie in one directory.</summary>
    private static V1Volume Configuration() => new()
    {
        Name = ConfigVolume,
        Projected = new V1ProjectedVolumeSource
        {
            Sources =
            [
                new V1VolumeProjection { ConfigMap = new V1ConfigMapProjection { Name = PatroniConfigMap } },
                new V1VolumeProjection { ConfigMap = new V1ConfigMapProjection { Name = InitScripts } },
            ],
        },
    };
}
