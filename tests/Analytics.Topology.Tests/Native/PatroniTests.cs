using Analytics.Topology.Config;

namespace Analytics.Topology.Tests.Native;

[Trait(Tiers.Trait, Tiers.Native)]
public class PatroniTests
{
    /// <summary>Patroni 4.0 knows quorum commit, its check of synchronous_mode does not (patroni/validator.py, schema of bootstrap.dcs).</summary>
    private static readonly string[] WrongComplaints = ["bootstrap.dcs.synchronous_mode quorum is not a boolean"];

    /// <summary>Patroni also checks the binaries, the data directory and that etcd answers under every name: here one member answers to all.</summary>
    [Theory, MemberData(nameof(Definitions.PresetNames), MemberType = typeof(Definitions))]
    public async Task Takes_its_configuration(string preset)
    {
        var cancel = TestContext.Current.CancellationToken;
        var deployment = NativeDeployments.For(preset);
        var single = NativeDeployments.For("development-single");
        await using var network = await Engine.CreateNetworkAsync(cancel);
        await using var etcd = await Engine.StartAsync(single, single.Container("etcd-1"), network, Etcd.IsHealthyAsync(single), cancel, [.. deployment.Topology.Etcd.Hosts]);
        var member = deployment.Container("timescaledb-1");
        var result = await Engine.RunAsync(deployment, member, ["patroni", "--validate-config", $"{Paths.Config}/{PatroniConfig.FileName}"], network, cancel);
        var complaints = (result.Output + result.Error).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal([], complaints.Except(WrongComplaints));
        Assert.Equal(complaints.Length == 0 ? 0 : 1, result.ExitCode);
    }

    [Fact]
    public async Task A_broken_configuration_is_noticed()
    {
        var deployment = NativeDeployments.For("development-single");
        var broken = deployment.Container("timescaledb-1").WithFile("/etc/hub/test", "patroni.yml", "scope: hub\n");
        var result = await Engine.RunAsync(deployment, broken, ["patroni", "--validate-config", "/etc/hub/test/patroni.yml"], cancel: TestContext.Current.CancellationToken);
        Assert.NotEqual(0, result.ExitCode);
    }

    [Fact]
    public async Task The_shell_takes_the_bootstrap_script()
    {
        var deployment = NativeDeployments.For("development");
        var result = await Engine.RunAsync(deployment, deployment.Container("timescaledb-1"), ["sh", "-n", $"{Paths.Config}/post-bootstrap.sh"],
            cancel: TestContext.Current.CancellationToken);
        Assert.Equal("", result.Accepted().Error);
    }

    /// <summary>With the resolver of the image's own Patroni: a member's address is looked up each time, etcd's is kept.</summary>
    [Fact]
    public async Task Members_are_looked_up_whenever_they_are_asked()
    {
        var deployment = NativeDeployments.For("development-single");
        const string Program = """
            import importlib, socket, sys
            sys.path.insert(0, "/etc/hub/config")
            start = importlib.import_module("start-patroni")
            from patroni.dcs.etcd import DnsCachingResolver
            addresses = iter("1234")
            socket.getaddrinfo = lambda *_: [next(addresses)]
            resolver = DnsCachingResolver()
            print([resolver.resolve("x", port)[0] for port in (start.REST_PORT, start.REST_PORT, 2379, 2379)], start.REST_PORT)
            """;
        var result = await Engine.RunAsync(deployment, deployment.Container("timescaledb-1"), ["python3", "-c", Program], cancel: TestContext.Current.CancellationToken);
        Assert.Equal($"['1', '2', '3', '3'] {Ports.Patroni}", result.Accepted().Output.Trim());
        Assert.Equal("", result.Error);
    }
}
