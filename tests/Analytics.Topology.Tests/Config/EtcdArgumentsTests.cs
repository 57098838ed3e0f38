using Analytics.Topology.Config;

namespace Analytics.Topology.Tests.Config;

public class EtcdArgumentsTests
{
    [Fact]
    public void Each_member_names_itself_and_knows_all()
    {
        var arguments = EtcdArguments.For(Presets.Development, "etcd-2");
        Assert.Contains("--name=etcd-2", arguments);
        Assert.Contains("--advertise-client-urls=https://etcd-2:2379", arguments);
        Assert.Contains("--initial-advertise-peer-urls=https://etcd-2:2380", arguments);
        Assert.Contains("--initial-cluster=etcd-1=https://etcd-1:2380,etcd-2=https://etcd-2:2380,etcd-3=https://etcd-3:2380", arguments);
    }

    [Fact]
    public void Clients_and_peers_must_show_certificates()
    {
        var arguments = EtcdArguments.For(Presets.Development, "etcd-1");
        Assert.Contains("--client-cert-auth", arguments);
        Assert.Contains("--peer-client-cert-auth", arguments);
    }

    [Fact]
    public void Only_figures_are_served_without_TLS() =>
        Assert.Equal("--listen-metrics-urls=http://0.0.0.0:2381",
            Assert.Single(EtcdArguments.For(Presets.Development, "etcd-1"),
                argument => argument.Contains("http://", StringComparison.Ordinal)));
}
