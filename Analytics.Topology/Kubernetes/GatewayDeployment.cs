using Analytics.Topology.Config;
using Analytics.Topology.Containers;
using k8s.Models;
using static Analytics.Topology.Kubernetes.KubernetesNames;

namespace Analytics.Topology.Kubernetes;

/// <summary>
/// PgBouncer and HAProxy in one pod: PgBouncer's way to HAProxy is the loopback interface, and the two scale together. The names that
/// their configuration uses on other hosts point at the pod itself.
/// </summary>
internal static class GatewayDeployment
{
    /// <summary>
    /// Not 127.0.0.1: the kubelet's hosts file calls that (and ::1) localhost, and c-ares, with which PgBouncer resolves, takes all
    /// addresses of all names of an address: it would connect to ::1, where HAProxy does not listen.
    /// </summary>
    private const string OwnAddress = "127.0.0.2";

    public static V1Deployment Deployment(ManifestContext context)
    {
        var topology = context.Topology;
        var specs = PodContainers.For(topology).ToDictionary(spec => spec.Name);
        var (haproxy, pgbouncer, exporter) = (specs[ClusterNames.HaProxy], specs[ClusterNames.PgBouncer],
            specs[ClusterNames.PgBouncerExporter]);
        var pod = new V1PodSpec
        {
            Containers = [HaProxy(context, haproxy), PgBouncer(topology, pgbouncer), Exporter(exporter)],
            Volumes = [.. Volumes.For(haproxy, pgbouncer, exporter)],
            HostAliases = [new V1HostAlias { Ip = OwnAddress, Hostnames = [ClusterNames.HaProxy, ClusterNames.PgBouncer] }],
            TerminationGracePeriodSeconds = 60,
        };
        Pods.KeepApart(pod, context, Gateway, required: false);
        return Deployments.Rolling(context, Gateway, topology.Gateway.MinReplicas, topology.Gateway.MaxReplicas,
            Pods.Template(context, Gateway, PriorityClasses.Service, pod, Pods.Configuration(haproxy, pgbouncer, exporter)));
    }

    private static V1Container HaProxy(ManifestContext context, ContainerSpec spec)
    {
        var container = Containers.From(spec, Half(context.Topology), [PortNames.ReadWrite, PortNames.ReadOnly, PortNames.HaProxyMetrics]);

        // HAProxy's resolver knows no search domains.
        container.Env.Single(variable => variable.Name == HaProxyConfig.DomainVariable).Value = "."
            + context.DomainOf(ClusterNames.TimescaleDb);
        container.LivenessProbe = Pods.Http("/healthz", PortNames.HaProxyMetrics, tls: true, period: 10, failures: 3);
        container.ReadinessProbe = Pods.Tcp(PortNames.ReadWrite, period: 5, failures: 2);
        container.Lifecycle = Hook("sleep 35"); // It carries PgBouncer's last transactions.
        return container;
    }

    private static V1Container PgBouncer(ClusterTopology topology, ContainerSpec spec)
    {
        var container = Containers.From(spec, Half(topology), [PortNames.Pooled]);
        container.LivenessProbe = Pods.Tcp(PortNames.Pooled, period: 15, failures: 6);
        container.ReadinessProbe = Pods.Tcp(PortNames.Pooled, period: 5, failures: 2);

        // Ten seconds for the Service to forget this pod; then SIGINT, on which PgBouncer finishes running transactions and ends.
        container.Lifecycle = Hook("sleep 10; kill -INT 1; sleep 25");
        return container;
    }

    private static V1Container Exporter(ContainerSpec spec)
    {
        var container = Containers.From(spec, Quantities.Helper, [PortNames.PgBouncerMetrics]);
        container.LivenessProbe = Pods.Http("/", PortNames.PgBouncerMetrics, tls: true, period: 30, failures: 5);
        return container;
    }

    private static V1ResourceRequirements Half(ClusterTopology topology) =>
        Quantities.Of(Quantities.Share(topology.Gateway.Resources, 2), ByteSize.MiB(64), ByteSize.MiB(512));

    private static V1Lifecycle Hook(string script) =>
        new() { PreStop = new V1LifecycleHandler { Exec = new V1ExecAction { Command = ["sh", "-c", script] } } };
}
