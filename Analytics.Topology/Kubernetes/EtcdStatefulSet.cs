using Analytics.Topology.Containers;
using k8s.Models;
using static Analytics.Topology.Kubernetes.KubernetesNames;

namespace Analytics.Topology.Kubernetes;

/// <summary>etcd. Its membership is static: as many pods as the command line of each of them names.</summary>
internal static class EtcdStatefulSet
{
    public static V1StatefulSet StatefulSet(ManifestContext context)
    {
        var etcd = context.Topology.Etcd;
        var member = ClusterNames.Member(ClusterNames.Etcd, 1);
        var spec = ClusterContainers.For(context.Topology).Single(container => container.Name == member);
        var pod = new V1PodSpec
        {
            Containers = [Etcd(etcd, spec, member)],
            Volumes = [.. Volumes.For(spec)],
            DnsConfig = Pods.Searches(context, ClusterNames.Etcd),
            TerminationGracePeriodSeconds = 30,
        };
        Pods.KeepApart(pod, context, ClusterNames.Etcd, required: true);
        return new V1StatefulSet
        {
            ApiVersion = "apps/v1",
            Kind = "StatefulSet",
            Metadata = context.Meta(ClusterNames.Etcd, ClusterNames.Etcd),
            Spec = new V1StatefulSetSpec
            {
                ServiceName = ClusterNames.Etcd,
                Replicas = etcd.Members,
                Ordinals = new V1StatefulSetOrdinals { Start = 1 },
                PodManagementPolicy = "Parallel", // No member is ready before most of them run.
                MinReadySeconds = 10,
                RevisionHistoryLimit = 5,
                UpdateStrategy = new V1StatefulSetUpdateStrategy { Type = "RollingUpdate" },
                PersistentVolumeClaimRetentionPolicy = new V1StatefulSetPersistentVolumeClaimRetentionPolicy { WhenDeleted = "Retain", WhenScaled = "Retain" },
                Selector = context.Selector(ClusterNames.Etcd),
                Template = Pods.Template(context, ClusterNames.Etcd, PriorityClasses.Database, pod),
                VolumeClaimTemplates = [Claims.Template(context, DataVolume, etcd.Volume, ClusterNames.Etcd, WalVolume)],
            },
        };
    }

    private static V1Container Etcd(EtcdTier etcd, ContainerSpec spec, string member)
    {
        var container = Containers.From(spec, Quantities.Of(etcd.Resources, ByteSize.MiB(64), ByteSize.MiB(512)),
            [PortNames.EtcdClient, PortNames.EtcdPeer, PortNames.EtcdMetrics], member);
        container.Name = ClusterNames.Etcd;
        container.VolumeMounts = [new V1VolumeMount { Name = DataVolume, MountPath = Paths.EtcdData }, .. container.VolumeMounts];

        // /livez checks only this member: a lost quorum must not restart the remaining members. /readyz asks the quorum.
        container.StartupProbe = Pods.Http("/livez", PortNames.EtcdMetrics, tls: false, period: 5, failures: 60);
        container.LivenessProbe = Pods.Http("/livez", PortNames.EtcdMetrics, tls: false, period: 10, failures: 6);
        container.ReadinessProbe = Pods.Http("/readyz", PortNames.EtcdMetrics, tls: false, period: 5, failures: 3);
        return container;
    }
}
