using Analytics.Topology.Config;

namespace Analytics.Topology.Containers;

internal static class EtcdContainers
{
    public static IEnumerable<ContainerSpec> For(ClusterTopology topology) => topology.Etcd.Hosts.Select(host => new ContainerSpec
    {
        Name = host,
        Image = topology.Images.Etcd,
        Entrypoint = ["etcd"],
        Arguments = EtcdArguments.For(topology, host),
        Directories = [ClusterContainers.TlsFiles(ClusterNames.Etcd)],
        Volumes = [new VolumeMount(host, Paths.EtcdData)],
        Ports = [new PortMapping("client", Ports.EtcdClient), new PortMapping("peer", Ports.EtcdPeer),
            new PortMapping("metrics", Ports.EtcdMetrics)],
        Health = new HealthCheck(
            [
                "etcdctl", $"--endpoints=https://{host}:{Ports.EtcdClient}", $"--cacert={Paths.CaFile}", $"--cert={Paths.CertFile}",
                $"--key={Paths.KeyFile}", "endpoint", "health",
            ],
            TimeSpan.FromSeconds(15), Retries: 4, StartPeriod: TimeSpan.FromSeconds(30)),
        MemoryLimit = topology.Etcd.Resources.MemoryLimit,
        ReadOnlyRoot = true,
    });
}
