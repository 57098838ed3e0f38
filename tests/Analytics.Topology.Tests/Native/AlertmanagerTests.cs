using System.Net.Http.Json;
using System.Text.Json;
using Analytics.Topology.Monitoring;
using DotNet.Testcontainers.Containers;

namespace Analytics.Topology.Tests.Native;

/// <summary>Alertmanager's own word on routes and inhibition: one fault is one page.</summary>
[Trait(Tiers.Trait, Tiers.Native)]
public class AlertmanagerTests
{
    private const int Port = 9093;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Accepts_its_configuration()
    {
        var deployment = NativeDeployments.For("recommended");
        var result = await Engine.RunAsync(deployment, deployment.Container(ClusterNames.Prometheus), ["amtool", "check-config", $"{Paths.Config}/{AlertmanagerConfig.FileName}"], cancel: Cancel);
        Assert.Contains("SUCCESS", result.Accepted().ToString(), StringComparison.Ordinal);
    }

    /// <summary>The alerts are those that fire when the machine of a database member dies, with the labels that they have.</summary>
    [Fact]
    public async Task Failed_member_raises_one_page()
    {
        await using var running = await StartAsync();
        string[] ofMember = ["DatabaseMemberDown", "PatroniDown", "DatabaseDown", "DatabaseExporterErrors"];
        string[] ofCluster = ["StandbyMissing", "ReplicationSlotInactive", "NoReplicaInGateway", "TimelineChanged"];
        await running.PostAsync([.. ofMember.Select(name => Alert(running, name, "hub", "timescaledb-1")), .. ofCluster.Select(name => Alert(running, name, "hub")),
            Alert(running, "EtcdMemberDown", "hub", "etcd-2"), Alert(running, "PatroniDown", "hub", "timescaledb-2")]);

        // What another member or etcd has is no consequence of this one and stays.
        Assert.Equal(["DatabaseMemberDown timescaledb-1", "EtcdMemberDown etcd-2", "PatroniDown timescaledb-2"], await running.UntilAsync(3));
    }

    /// <summary>
    /// All that AlertFaultTests has seen to fire when the primary was killed, in one hub before a standby takes over and in another after it: of each
    /// one page is left, because what is not suppressed is sent together, by cluster and area.
    /// </summary>
    [Fact]
    public async Task Failed_primary_raises_one_page_before_and_one_after_the_failover()
    {
        await using var running = await StartAsync();
        string[] ofMember = ["DatabaseMemberDown", "PatroniDown", "DatabaseDown", "DatabaseExporterErrors"];
        await running.PostAsync(
        [
            .. ofMember.SelectMany(name => new[] { Alert(running, name, "before", "timescaledb-1"), Alert(running, name, "after", "timescaledb-1") }),
            .. new[] { "NoLeader", "NoPrimaryInGateway", "NoStandby", "StandbyMissing", "BackupMetricsAbsent", "TimescaleMetricsAbsent" }.Select(name => Alert(running, name, "before")),
            .. new[] { "ReplicaNotStreaming", "HealthCheckCritical", "DatabaseRestarted" }.SelectMany(name => new[] { Alert(running, name, "before", "timescaledb-2"), Alert(running, name, "before", "timescaledb-3") }),
            .. new[] { "StandbyMissing", "TimelineChanged" }.Select(name => Alert(running, name, "after")),
            Alert(running, "ReplicationSlotInactive", "after", "timescaledb-3"),
        ]);

        // Nobody leads: that is more than a member that is gone, but of the same area, and in the same page.
        string[] left = ["BackupMetricsAbsent", "DatabaseMemberDown timescaledb-1", "DatabaseMemberDown timescaledb-1", "NoLeader"];
        Assert.Equal(left, await running.UntilAsync(left.Length));
        Assert.Equal(["after patroni", "before patroni"], await running.PagesAsync());
    }

    private static object Alert(RunningAlertmanager running, string name, string cluster, string? member = null)
    {
        var rule = AlertRules.For(running.Topology).Single(rule => rule.Name == name);
        var labels = new Dictionary<string, string> { ["alertname"] = name, ["severity"] = rule.Severity.ToString().ToLowerInvariant(), ["area"] = rule.Group, ["cluster"] = cluster };
        if (member is not null)
            labels["member"] = member;
        return new { labels };
    }

    private static async Task<RunningAlertmanager> StartAsync()
    {
        var deployment = NativeDeployments.For("development");
        var spec = deployment.Container(ClusterNames.Prometheus) with
        {
            Entrypoint = ["prometheus-alertmanager"],
            Arguments = [$"--config.file={Paths.Config}/{AlertmanagerConfig.FileName}", $"--storage.path={Paths.PrometheusData}", $"--web.listen-address=:{Port}", "--cluster.listen-address="],
            Ports = [new Analytics.Topology.Containers.PortMapping("web", Port, Port)],
        };
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(10) };
        return new RunningAlertmanager(await Engine.StartAsync(deployment, spec, null, async running => await ReadyAsync(http, running.GetMappedPublicPort(Port)), Cancel), deployment.Topology);
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

    private sealed class RunningAlertmanager(IContainer container, ClusterTopology topology) : IAsyncDisposable
    {
        private readonly HttpClient http = new() { BaseAddress = new Uri($"http://127.0.0.1:{container.GetMappedPublicPort(Port)}/api/v2/"), Timeout = TimeSpan.FromSeconds(10) };

        public ClusterTopology Topology => topology;

        public async Task PostAsync(object[] alerts)
        {
            using var posted = await http.PostAsJsonAsync(new Uri("alerts", UriKind.Relative), alerts, Cancel);
            Assert.True(posted.IsSuccessStatusCode, await posted.Content.ReadAsStringAsync(Cancel));
        }

        /// <summary>The alerts that are not suppressed, as soon as there are that many.</summary>
        public async Task<List<string>> UntilAsync(int count)
        {
            for (var attempt = 0; ; attempt++)
            {
                var active = (await ActiveAsync()).Where(labels => labels["severity"] != "info").Select(labels => $"{labels["alertname"]} {labels.GetValueOrDefault("member")}".Trim()).Order(StringComparer.Ordinal).ToList();
                if (active.Count == count || attempt > 40)
                    return active;
                await Task.Delay(TimeSpan.FromMilliseconds(500), Cancel);
            }
        }

        /// <summary>Cluster and area of every page, as Alertmanager itself puts together what it sends to that receiver.</summary>
        public async Task<List<string>> PagesAsync()
        {
            using var answer = JsonDocument.Parse(await http.GetStringAsync(new Uri("alerts/groups?inhibited=false&silenced=false&receiver=page", UriKind.Relative), Cancel));
            return [.. answer.RootElement.EnumerateArray().Where(group => group.GetProperty("alerts").GetArrayLength() > 0)
                .Select(group => $"{group.GetProperty("labels").GetProperty("cluster").GetString()} {group.GetProperty("labels").GetProperty("area").GetString()}").Order(StringComparer.Ordinal)];
        }

        public async ValueTask DisposeAsync()
        {
            http.Dispose();
            await container.DisposeAsync();
        }

        private async Task<List<Dictionary<string, string>>> ActiveAsync()
        {
            using var answer = JsonDocument.Parse(await http.GetStringAsync(new Uri("alerts?inhibited=false&silenced=false", UriKind.Relative), Cancel));
            return [.. answer.RootElement.EnumerateArray().Select(alert => alert.GetProperty("labels").EnumerateObject().ToDictionary(label => label.Name, label => label.Value.GetString()!))];
        }
    }
}
