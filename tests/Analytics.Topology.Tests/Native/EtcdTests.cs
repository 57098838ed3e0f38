namespace Analytics.Topology.Tests.Native;

[Trait(Tiers.Trait, Tiers.Native)]
public class EtcdTests
{
    private static readonly string[] Trusting = ["etcdctl", "--endpoints=https://etcd-1:2379", $"--cacert={Paths.CaFile}"];

    /// <summary>One member of its own, with the arguments, certificates and read-only root that every member has.</summary>
    [Fact]
    public async Task Serves_clients_with_a_certificate_and_nobody_else()
    {
        var cancel = TestContext.Current.CancellationToken;
        var deployment = NativeDeployments.For("development-single");
        await using var network = await Engine.CreateNetworkAsync(cancel);
        await using var etcd = await Engine.StartAsync(deployment, deployment.Container("etcd-1"), network, Etcd.IsHealthyAsync(deployment),
            cancel);

        string[] known = [.. Trusting, $"--cert={Paths.CertFile}", $"--key={Paths.KeyFile}"];
        var written = await etcd.ExecAsync([.. known, "put", "/service/test", "value"], cancel);
        Assert.True(written.ExitCode == 0, written.Stderr);
        var read = await etcd.ExecAsync([.. known, "get", "/service/test", "--print-value-only"], cancel);
        Assert.Equal("value\n", read.Stdout);

        var plain = await etcd.ExecAsync(["etcdctl", "--endpoints=http://etcd-1:2379", "--command-timeout=3s", "get", "/service/test"],
            cancel);
        Assert.NotEqual(0, plain.ExitCode);
        Assert.Empty(plain.Stdout);

        var anonymous = await etcd.ExecAsync([.. Trusting, "--command-timeout=3s", "get", "/service/test"], cancel);
        Assert.NotEqual(0, anonymous.ExitCode);
        Assert.Empty(anonymous.Stdout);
    }

    [Fact]
    public async Task A_client_of_another_cluster_neither_trusts_nor_is_trusted()
    {
        var cancel = TestContext.Current.CancellationToken;
        var deployment = NativeDeployments.For("development-single");
        await using var network = await Engine.CreateNetworkAsync(cancel);
        await using var etcd = await Engine.StartAsync(deployment, deployment.Container("etcd-1"), network, Etcd.IsHealthyAsync(deployment),
            cancel);

        var stranger = new TestDeployment(deployment.Topology);
        var result = await Engine.RunAsync(stranger, stranger.Container("etcd-1") with { Name = "stranger" },
            [.. Trusting, $"--cert={Paths.CertFile}", $"--key={Paths.KeyFile}", "--command-timeout=3s", "put", "/service/test", "value"],
            network, cancel);
        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains("certificate", result.Error, StringComparison.Ordinal);
    }
}
