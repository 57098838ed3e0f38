using Analytics.Topology.Config;
using Analytics.Topology.Containers;

namespace Analytics.Topology.Tests.Native;

[Trait(Tiers.Trait, Tiers.Native)]
public class HaProxyTests
{
    [Theory, MemberData(nameof(Definitions.PresetNames), MemberType = typeof(Definitions))]
    public async Task Accepts_its_configuration_without_a_warning(string preset)
    {
        var deployment = NativeDeployments.For(preset);
        await CheckAsync(deployment, "");
    }

    [Fact]
    public async Task Accepts_the_domain_of_a_headless_service() =>
        await CheckAsync(NativeDeployments.For("recommended"), ".timescaledb.timescaledb.svc.cluster.local");

    /// <summary>The container answers to the members' names itself: looking up names that nobody has takes long where there is no resolver.</summary>
    private static async Task CheckAsync(TestDeployment deployment, string domain)
    {
        var cancel = TestContext.Current.CancellationToken;
        var haproxy = deployment.Container(ClusterNames.HaProxy) with { Environment = new Dictionary<string, SecretText> { [HaProxyConfig.DomainVariable] = domain } };
        await using var network = await Engine.CreateNetworkAsync(cancel);
        var result = await Engine.RunAsync(deployment, haproxy, ["haproxy", "-dW", "-c", "-f", $"{Paths.Config}/{HaProxyConfig.FileName}"], network, cancel,
            [.. deployment.Topology.Database.Hosts.Select(host => host + domain)]);
        result.Accepted();
    }
}
