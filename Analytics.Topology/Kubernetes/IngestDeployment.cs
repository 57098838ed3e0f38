using Analytics.Topology.Containers;
using k8s.Models;

namespace Analytics.Topology.Kubernetes;

/// <summary>The ingest and query API. It gets requests once the database has answered and has its schema.</summary>
internal static class IngestDeployment
{
    public static V1Deployment Deployment(ManifestContext context)
    {
        var tier = context.Topology.Ingest;
        var spec = ClusterContainers.For(context.Topology).Single(container => container.Name == ClusterNames.Ingest);
        var container = Containers.From(spec, Quantities.Of(tier.Resources, ByteSize.MiB(128), ByteSize.GiB(1)),
            [PortNames.OtlpGrpc, PortNames.OtlpHttp, PortNames.Rest]);

        // The gateway's alone: the part of the system that faces the outside gets no way to etcd or Patroni for this. The members look at
        // theirs and etcd's.
        container.Env.Single(variable => variable.Name == ServiceContainers.WatchedCertificates).Value =
            $"postgres://{ClusterNames.PgBouncer}:{Ports.PgBouncer},tls://{ClusterNames.PgBouncer}:{Ports.HaProxyMetrics}";
        container.StartupProbe = Pods.Http("/health/live", PortNames.Rest, tls: false, period: 2, failures: 60);
        container.LivenessProbe = Pods.Http("/health/live", PortNames.Rest, tls: false, period: 10, failures: 6);

        // Not /health/ready: while the primary is away no pod is, and a Service without pods refuses connections that ingest would let
        // wait.
        container.ReadinessProbe = Pods.Http("/health/accepting", PortNames.Rest, tls: false, period: 5, failures: 2);

        // The Services forget this pod before it stops taking requests; it then drains for up to 25 s.
        container.Lifecycle = new V1Lifecycle { PreStop = new V1LifecycleHandler { Exec = new V1ExecAction { Command = ["sleep", "8"] } } };
        var pod = new V1PodSpec
        {
            Containers = [container],
            Volumes = [.. Volumes.For(spec)],
            TerminationGracePeriodSeconds = (int)spec.StopGracePeriod.TotalSeconds + 15,
        };
        Pods.KeepApart(pod, context, ClusterNames.Ingest, required: false);
        return Deployments.Rolling(context, ClusterNames.Ingest, tier.MinReplicas, tier.MaxReplicas,
            Pods.Template(context, ClusterNames.Ingest, PriorityClasses.Service, pod));
    }
}
