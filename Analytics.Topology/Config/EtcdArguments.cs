namespace Analytics.Topology.Config;

/// <summary>
/// etcd's command line. Clients and peers show certificates of the cluster's CA; users and passwords come on top (turned on once by
/// <c>Analytics.Migrations etcd-auth</c>). Membership is static: a member that lost its disk is replaced by the runbook, not by guesswork.
/// </summary>
public static class EtcdArguments
{
    public static IReadOnlyList<string> For(ClusterTopology topology, string host)
    {
        ArgumentNullException.ThrowIfNull(topology);
        return
        [
            $"--name={host}",
            $"--data-dir={Paths.EtcdData}/data",
            $"--listen-client-urls=https://0.0.0.0:{Ports.EtcdClient}",
            $"--advertise-client-urls=https://{host}:{Ports.EtcdClient}",
            $"--listen-peer-urls=https://0.0.0.0:{Ports.EtcdPeer}",
            $"--initial-advertise-peer-urls=https://{host}:{Ports.EtcdPeer}",
            $"--initial-cluster={string.Join(',', topology.Etcd.Hosts.Select(member => $"{member}=https://{member}:{Ports.EtcdPeer}"))}",
            $"--initial-cluster-token={topology.Name}",
            "--initial-cluster-state=new",
            "--client-cert-auth",
            $"--trusted-ca-file={Paths.CaFile}",
            $"--cert-file={Paths.CertFile}",
            $"--key-file={Paths.KeyFile}",
            "--peer-client-cert-auth",
            $"--peer-trusted-ca-file={Paths.CaFile}",
            $"--peer-cert-file={Paths.CertFile}",
            $"--peer-key-file={Paths.KeyFile}",

            // Figures and liveness only, no data, so that a probe needs no client certificate.
            $"--listen-metrics-urls=http://0.0.0.0:{Ports.EtcdMetrics}",
            "--auto-compaction-mode=periodic",
            "--auto-compaction-retention=1h",
            $"--quota-backend-bytes={topology.Etcd.QuotaBackend.Bytes}",

            // Two members on one slow disk are common on laptops and in CI; the default of 1 s elects too eagerly there.
            "--heartbeat-interval=200",
            "--election-timeout=2000",
            "--logger=zap",
            "--log-level=warn",
        ];
    }
}
