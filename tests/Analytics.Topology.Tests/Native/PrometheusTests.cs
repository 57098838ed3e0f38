using Analytics.Topology.Config;

namespace Analytics.Topology.Tests.Native;

[Trait(Tiers.Trait, Tiers.Native)]
public class PrometheusTests
{
    [Theory, MemberData(nameof(Definitions.PresetNames), MemberType = typeof(Definitions))]
    public async Task Accepts_its_configuration(string preset)
    {
        var deployment = NativeDeployments.For(preset);
        var result = await Engine.RunAsync(deployment, deployment.Container(ClusterNames.Prometheus), ["promtool", "check", "config", $"{Paths.Config}/{PrometheusConfig.FileName}"],
            cancel: TestContext.Current.CancellationToken);
        Assert.Contains("SUCCESS", result.Accepted().ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Exporters_take_their_web_configuration()
    {
        var deployment = NativeDeployments.For("development");
        var exporter = deployment.Container(ClusterNames.PgBouncerExporter) with { Image = deployment.Topology.Images.Prometheus };
        var result = await Engine.RunAsync(deployment, exporter, ["promtool", "check", "web-config", $"{Paths.Config}/{WebConfig.FileName}"],
            cancel: TestContext.Current.CancellationToken);
        result.Accepted();
    }
}
