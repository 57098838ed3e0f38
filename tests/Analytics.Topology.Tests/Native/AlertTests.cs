using Analytics.Topology.Containers;
using Analytics.Topology.Monitoring;
using Analytics.Topology.Tests.Monitoring;

namespace Analytics.Topology.Tests.Native;

/// <summary>Prometheus' own tool on every rule: it fires, it stays quiet, and not before its time.</summary>
[Trait(Tiers.Trait, Tiers.Native)]
public class AlertTests
{
    private const string Directory = "/etc/hub/alerts";

    public static TheoryData<string> Groups => [.. AlertRules.Groups];

    [Theory, MemberData(nameof(Groups))]
    public async Task Fire_stay_quiet_and_wait_their_time(string group)
    {
        var deployment = NativeDeployments.For("recommended");
        var files = AlertCase.Files(deployment.Topology, group).Select(file => new MountedFile(file.Name, file.Text)).ToArray();
        var prometheus = deployment.Container(ClusterNames.Prometheus);
        prometheus = prometheus with { Scratch = ["/tmp"], Directories = [.. prometheus.Directories, new MountedDirectory("test", Directory, files)] };
        var result = await Engine.RunAsync(deployment, prometheus, ["promtool", "test", "rules", $"{Directory}/test-{group}.yaml"], cancel: TestContext.Current.CancellationToken);
        Assert.Contains("SUCCESS", result.Accepted().ToString(), StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(Definitions.PresetNames), MemberType = typeof(Definitions))]
    public async Task Are_taken_by_prometheus(string preset)
    {
        var deployment = NativeDeployments.For(preset);
        var result = await Engine.RunAsync(deployment, deployment.Container(ClusterNames.Prometheus), ["promtool", "check", "rules", "--lint=all", "--lint-fatal", $"{Paths.Config}/{RuleFile.FileName}"],
            cancel: TestContext.Current.CancellationToken);
        Assert.Contains("SUCCESS", result.Accepted().ToString(), StringComparison.Ordinal);
    }
}
