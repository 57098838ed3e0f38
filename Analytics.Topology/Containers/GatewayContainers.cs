using Analytics.Topology.Config;
using static Analytics.Topology.Containers.ClusterContainers;

namespace Analytics.Topology.Containers;

/// <summary>HAProxy and PgBouncer: one pod in Kubernetes, two containers here.</summary>
internal static class GatewayContainers
{
    private const string StartScript = "start-pgbouncer.sh";

    public static IEnumerable<ContainerSpec> For(ClusterTopology topology)
    {
        yield return new ContainerSpec
        {
            Name = ClusterNames.HaProxy,
            Image = topology.Images.HaProxy,
            Entrypoint = ["haproxy"],
            Arguments = ["-W", "-db", "-f", $"{Paths.Config}/{HaProxyConfig.FileName}"],
            Environment = new Dictionary<string, SecretText> { [HaProxyConfig.DomainVariable] = "" },
            Directories = [ConfigFiles(ClusterNames.HaProxy, (HaProxyConfig.FileName, HaProxyConfig.Render(topology))),
                TlsFiles(ClusterNames.HaProxy)],
            Ports =
            [
                new PortMapping("read-write", Ports.ReadWrite, Ports.ReadWrite),
                new PortMapping("read-only", Ports.ReadOnly, Ports.ReadOnly),
                new PortMapping("metrics", Ports.HaProxyMetrics),
            ],
            After = [.. topology.Database.Hosts],
            MemoryLimit = topology.Gateway.Resources.MemoryLimit,
            ReadOnlyRoot = true,
        };
        yield return new ContainerSpec
        {
            Name = ClusterNames.PgBouncer,
            Image = topology.Images.PgBouncer,
            Entrypoint = ["/bin/sh", $"{Paths.Config}/{StartScript}", $"{Paths.Config}/{PgBouncerConfig.FileName}", ClusterNames.HaProxy],
            Directories =
            [
                ConfigFiles(ClusterNames.PgBouncer, (PgBouncerConfig.FileName, PgBouncerConfig.Render(topology)),
                    (StartScript, Templates.Read(StartScript))),
                new MountedDirectory($"secret/{ClusterNames.PgBouncer}", PgBouncerConfig.SecretDirectory,
                    [new MountedFile(PgBouncerConfig.UserListFileName, null, Secret: true)]),
                TlsFiles(ClusterNames.PgBouncer),
            ],
            Ports = [new PortMapping("pooled", Ports.PgBouncer, Ports.PgBouncer)],
            After = [ClusterNames.HaProxy],
            MemoryLimit = topology.Gateway.Resources.MemoryLimit,
            ReadOnlyRoot = true,
        };
    }

    /// <summary>As a pod runs it: HAProxy is in the same pod, at an address that stays, so that PgBouncer is started as itself.</summary>
    public static ContainerSpec InPod(ContainerSpec spec) => spec.Name != ClusterNames.PgBouncer ? spec : spec with
    {
        Entrypoint = ["pgbouncer", $"{Paths.Config}/{PgBouncerConfig.FileName}"],
        Directories = [
            .. spec.Directories.Select(
                directory => directory with { Files = [.. directory.Files.Where(file => file.Name != StartScript)] })],
    };
}
