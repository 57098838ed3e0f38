using Analytics.Topology.Containers;
using Analytics.Topology.Monitoring;
using Analytics.Topology.Tests.Monitoring;

namespace Analytics.Topology.Tests.Native;

/// <summary>Prometheus' own tool on every rule: it fires, it stays quiet, and not before its time.</summary>
[Trait(Tiers.Trait, Tiers.Native)]
public class AlertTests
{
    private const string Directory = "/etc/hub/alerts";

    /// <summary>All groups in one container: each costs more to start than its rules to test.</summary>
    [Fact]
    public async Task Fire_and_stay_quiet_as_specified_after_their_wait()
    {
        var deployment = NativeDeployments.For("recommended");
        var files = AlertRules.Groups.SelectMany(group => AlertCase.Files(deployment.Topology, group)).Select(file => new MountedFile(file.Name, file.Text)).ToArray();
        var prometheus = deployment.Container(ClusterNames.Prometheus);
        prometheus = prometheus with { Scratch = ["/tmp"], Directories = [.. prometheus.Directories, new MountedDirectory("test", Directory, files)] };
        var tests = files.Where(file => file.Name.StartsWith(AlertCase.TestPrefix, StringComparison.Ordinal)).Select(file => $"{Directory}/{file.Name}").ToList();
        var result = await Engine.RunAsync(deployment, prometheus, ["promtool", "test", "rules", .. tests], cancel: TestContext.Current.CancellationToken);
        Assert.Equal(tests.Count, result.Accepted().ToString().Split("SUCCESS").Length - 1);
    }

    [Theory, MemberData(nameof(Definitions.PresetNames), MemberType = typeof(Definitions))]
    public async Task Are_accepted_by_prometheus(string preset)
    {
        var deployment = NativeDeployments.For(preset);
        var result = await Engine.RunAsync(deployment, deployment.Container(ClusterNames.Prometheus), ["promtool", "check", "rules", "--lint=all", "--lint-fatal", $"{Paths.Config}/{RuleFile.FileName}"],
            cancel: TestContext.Current.CancellationToken);
        Assert.Contains("SUCCESS", result.Accepted().ToString(), StringComparison.Ordinal);
    }
}
