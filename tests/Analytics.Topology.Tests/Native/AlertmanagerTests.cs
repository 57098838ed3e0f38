using System.Net.Http.Json;
using System.Text.Json;
using Analytics.Topology.Monitoring;

namespace Analytics.Topology.Tests.Native;

/// <summary>Alertmanager's own word on routes and inhibition: one fault is one page.</summary>
[Trait(Tiers.Trait, Tiers.Native)]
public class AlertmanagerTests
{
    private const int Port = 9093;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Takes_its_configuration()
    {
        var deployment = NativeDeployments.For("recommended");
        var result = await Engine.RunAsync(deployment, deployment.Container(ClusterNames.Prometheus), ["amtool", "check-config", $"{Paths.Config}/{AlertmanagerConfig.FileName}"], cancel: Cancel);
        Assert.Contains("SUCCESS", result.Accepted().ToString(), StringComparison.Ordinal);
    }

    /// <summary>The alerts are the ones that fire when a database member's machine dies, with the labels that they have.</summary>
    [Fact]
    public async Task A_dead_member_is_one_page_and_not_twelve()
    {
        var deployment = NativeDeployments.For("development");
        var spec = deployment.Container(ClusterNames.Prometheus) with
        {
            Entrypoint = ["prometheus-alertmanager"],
            Arguments = [$"--config.file={Paths.Config}/{AlertmanagerConfig.FileName}", $"--storage.path={Paths.PrometheusData}", $"--web.listen-address=:{Port}", "--cluster.listen-address="],
            Ports = [new Analytics.Topology.Containers.PortMapping("web", Port, Port)],
        };
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(10) };
        await using var container = await Engine.StartAsync(deployment, spec, null, async running => await ReadyAsync(http, running.GetMappedPublicPort(Port)), Cancel);
        var address = $"http://127.0.0.1:{container.GetMappedPublicPort(Port)}/api/v2/alerts";
        string[] ofMember = ["DatabaseMemberDown", "PatroniDown", "DatabaseDown", "DatabaseExporterErrors"];
        string[] ofCluster = ["StandbyMissing", "ReplicationSlotInactive", "NoReplicaInGateway", "TimelineChanged"];
        var rules = AlertRules.For(deployment.Topology).ToDictionary(rule => rule.Name);
        var alerts = ofMember.Select(name => Alert(rules[name], ("member", "timescaledb-1")))
            .Concat(ofCluster.Select(name => Alert(rules[name]))).Append(Alert(rules["EtcdMemberDown"], ("member", "etcd-2"))).Append(Alert(rules["PatroniDown"], ("member", "timescaledb-2"))).ToArray();
        using var posted = await http.PostAsJsonAsync(new Uri(address), alerts, Cancel);
        Assert.True(posted.IsSuccessStatusCode, await posted.Content.ReadAsStringAsync(Cancel));

        var active = await ActiveAsync(http, address);
        for (var patience = 0; patience < 40 && active.Count != 3; patience++, active = await ActiveAsync(http, address))
            await Task.Delay(TimeSpan.FromMilliseconds(500), Cancel);

        // What another member or etcd has is no consequence of this one and stays.
        Assert.Equal(["DatabaseMemberDown timescaledb-1", "EtcdMemberDown etcd-2", "PatroniDown timescaledb-2"], active);
    }

    private static object Alert(AlertRule rule, params (string Name, string Value)[] labels) => new
    {
        labels = labels.Append(("alertname", rule.Name)).Append(("severity", rule.Severity.ToString().ToLowerInvariant())).Append(("area", rule.Group)).Append(("cluster", "hub"))
            .ToDictionary(label => label.Item1, label => label.Item2),
    };

    private static async Task<List<string>> ActiveAsync(HttpClient http, string address)
    {
        using var answer = JsonDocument.Parse(await http.GetStringAsync(new Uri(address + "?inhibited=false&silenced=false"), Cancel));
        return [.. answer.RootElement.EnumerateArray().Select(alert => alert.GetProperty("labels"))
            .Select(labels => $"{labels.GetProperty("alertname").GetString()} {(labels.TryGetProperty("member", out var member) ? member.GetString() : "")}".Trim()).Order(StringComparer.Ordinal)];
    }

    private static async Task<bool> ReadyAsync(HttpClient http, int port)
    {
        try
        {
            using var response = await http.GetAsync(new Uri($"http://127.0.0.1:{port}/-/ready"), Cancel);
            return response.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
