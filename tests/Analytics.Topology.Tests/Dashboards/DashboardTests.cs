using System.Text.Json;
using System.Text.RegularExpressions;
using Analytics.Topology.Dashboards;
using Analytics.Topology.Kubernetes;
using Analytics.Topology.Publishing;
using k8s.Models;

namespace Analytics.Topology.Tests.Dashboards;

/// <summary>The dashboards as Grafana will read them. That their queries answer is for the truth test on a running hub.</summary>
public partial class DashboardTests
{
    public static TheoryData<string> Uids => [.. HubDashboards.For(Presets.Recommended).Select(dashboard => dashboard.Uid)];

    private static JsonElement Json(string uid, ClusterTopology? topology = null) =>
        JsonDocument.Parse(DashboardJson.Render(HubDashboards.For(topology ?? Presets.Recommended).Single(dashboard => dashboard.Uid == uid))).RootElement;

    private static IEnumerable<JsonElement> Panels(JsonElement dashboard) =>
        dashboard.GetProperty("panels").EnumerateArray().Where(panel => panel.GetProperty("type").GetString() != "row");

    [Fact]
    public void Answer_the_required_questions() => Assert.Equal(
        ["hub-overview", "hub-usage", "hub-models", "hub-database", "hub-timescaledb", "hub-gateway", "hub-backup", "hub-ingest"],
        HubDashboards.For(Presets.Recommended).Select(dashboard => dashboard.Uid));

    /// <summary>What Grafana's own schema asks of a dashboard and of each panel (kinds/dashboard/dashboard_kind.cue).</summary>
    [Theory, MemberData(nameof(Uids))]
    public void Have_what_the_schema_asks_for(string uid)
    {
        var dashboard = Json(uid);
        Assert.Equal(DashboardJson.SchemaVersion, dashboard.GetProperty("schemaVersion").GetInt32());
        Assert.Matches("^[a-zA-Z0-9_-]{1,40}$", dashboard.GetProperty("uid").GetString());
        Assert.Equal("30s", dashboard.GetProperty("refresh").GetString());
        var ids = dashboard.GetProperty("panels").EnumerateArray().Select(panel => panel.GetProperty("id").GetInt32()).ToList();
        Assert.Equal(Enumerable.Range(1, ids.Count), ids);
        Assert.All(Panels(dashboard), panel =>
        {
            Assert.Contains(panel.GetProperty("type").GetString(), new[] { "stat", "timeseries", "state-timeline", "bargauge", "table" });
            Assert.NotEmpty(panel.GetProperty("title").GetString()!);
            Assert.NotEmpty(panel.GetProperty("description").GetString()!);
            var targets = panel.GetProperty("targets").EnumerateArray().ToList();
            Assert.Equal(targets.Select((_, index) => ((char)('A' + index)).ToString()), targets.Select(target => target.GetProperty("refId").GetString()));
            Assert.All(targets, target => Assert.True(JsonElement.DeepEquals(panel.GetProperty("datasource"), target.GetProperty("datasource"))));
            var steps = panel.GetProperty("fieldConfig").GetProperty("defaults").GetProperty("thresholds").GetProperty("steps").EnumerateArray().ToList();
            Assert.Equal(JsonValueKind.Null, steps[0].GetProperty("value").ValueKind);
            var values = steps.Skip(1).Select(step => step.GetProperty("value").GetDouble()).ToList();
            Assert.Equal(values.Distinct().Order(), values);
        });
    }

    [Theory, MemberData(nameof(Uids))]
    public void Place_panels_beside_and_below_each_other(string uid)
    {
        var taken = new HashSet<(int X, int Y)>();
        Assert.All(Json(uid).GetProperty("panels").EnumerateArray().Select(panel => panel.GetProperty("gridPos")), position =>
        {
            var (x, y, width, height) = (position.GetProperty("x").GetInt32(), position.GetProperty("y").GetInt32(), position.GetProperty("w").GetInt32(), position.GetProperty("h").GetInt32());
            Assert.InRange(x + width, 1, 24);
            Assert.All(from column in Enumerable.Range(x, width) from line in Enumerable.Range(y, height) select (column, line), cell => Assert.True(taken.Add(cell), $"{cell} is taken twice"));
        });
    }

    [Theory, MemberData(nameof(Uids))]
    public void Are_bound_to_no_installation(string uid)
    {
        var dashboard = Json(uid);
        var variables = dashboard.GetProperty("templating").GetProperty("list").EnumerateArray().ToDictionary(variable => variable.GetProperty("name").GetString()!);
        Assert.Equal(DashboardJson.PrometheusType, variables["prometheus"].GetProperty("query").GetString());
        Assert.Equal(DashboardJson.DatabaseType, variables["timescaledb"].GetProperty("query").GetString());
        Assert.All(Sources(dashboard), source => Assert.Contains(source.GetProperty("uid").GetString(), new[] { "${prometheus}", "${timescaledb}" }));
        var used = Queries(dashboard).SelectMany(query => Reference().Matches(query)).Select(match => match.Groups["name"].Value).Where(name => !name.StartsWith("__", StringComparison.Ordinal));
        Assert.Empty(used.Except(variables.Keys));
    }

    /// <summary>Two hubs in one Prometheus must not be added up: every selector names the chosen cluster.</summary>
    [Theory, MemberData(nameof(Uids))]
    public void Keep_clusters_apart(string uid)
    {
        foreach (var expression in HubDashboards.For(Presets.Recommended).Single(dashboard => dashboard.Uid == uid).Panels.SelectMany(panel => panel.Queries).OfType<Topology.Dashboards.Prometheus>().Select(query => query.Text))
        {
            Assert.DoesNotContain("{@", expression, StringComparison.Ordinal);
            var metrics = PromQl.Metrics(expression).ToList();
            Assert.NotEmpty(metrics);

            Assert.All(metrics, metric => Assert.Contains("cluster=~\"$cluster\"", metric.Matchers, StringComparison.Ordinal));
        }
    }

    /// <summary>Raw calls are for questions about one call; a dashboard over a month must not read them all.</summary>
    [Fact]
    public void Read_calls_and_costs_from_the_aggregates()
    {
        var statements = HubDashboards.For(Presets.Recommended).SelectMany(dashboard => dashboard.Panels.SelectMany(panel => panel.Queries).OfType<Sql>().Select(query => (dashboard.Uid, query.Text))).ToList();
        Assert.All(statements, statement => Assert.DoesNotMatch(@"analytics\.(llm_requests|cost_tracking)\b", statement.Text));
        foreach (var uid in new[] { DashboardUids.Usage, DashboardUids.Models })
            Assert.Contains(statements, statement => statement.Uid == uid && statement.Text.Contains("aggregates.", StringComparison.Ordinal));
    }

    /// <summary>What is measured in seconds or bytes is shown in seconds or bytes, in every panel.</summary>
    [Fact]
    public void Show_a_metric_in_its_own_unit()
    {
        var shown = HubDashboards.For(Presets.Recommended).SelectMany(dashboard => dashboard.Panels).SelectMany(panel => panel.Queries.OfType<Topology.Dashboards.Prometheus>().Select(query => (panel.Title, panel.Unit, query.Text)))
            .Where(item => !item.Text.Contains(" / ", StringComparison.Ordinal) && !item.Text.Contains("rate(", StringComparison.Ordinal)).ToList();
        foreach (var (suffix, unit) in new[] { ("_seconds", Units.Seconds), ("_bytes", Units.Bytes) })
        {
            var own = shown.Where(item => PromQl.Metrics(item.Text).All(metric => metric.Name.EndsWith(suffix, StringComparison.Ordinal))).ToList();
            Assert.NotEmpty(own);
            Assert.All(own, item => Assert.True(item.Unit == unit, $"{item.Title} shows {item.Text} as {item.Unit}"));
        }
    }

    [Theory, MemberData(nameof(Uids))]
    public void Link_to_dashboards_that_are_there(string uid)
    {
        var dashboard = Json(uid);
        var links = Panels(dashboard).Where(panel => panel.TryGetProperty("links", out _)).SelectMany(panel => panel.GetProperty("links").EnumerateArray())
            .Select(link => Target().Match(link.GetProperty("url").GetString()!).Groups["uid"].Value);
        Assert.All(links, link => Assert.Contains(link, Uids.Select(row => row.Data)));
        Assert.Contains(DashboardJson.Tag, dashboard.GetProperty("tags").EnumerateArray().Select(tag => tag.GetString()));
        Assert.Equal(DashboardJson.Tag, dashboard.GetProperty("links")[0].GetProperty("tags")[0].GetString());
    }

    [Fact]
    public void Expect_what_the_topology_has()
    {
        string Steps(ClusterTopology topology) => Panels(Json("hub-overview", topology)).Single(panel => panel.GetProperty("title").GetString() == "Replicas streaming")
            .GetProperty("fieldConfig").GetProperty("defaults").GetProperty("thresholds").GetProperty("steps").ToString();
        Assert.Contains("\"value\": 2", Steps(Presets.Development), StringComparison.Ordinal);
        Assert.DoesNotContain("\"value\": 2", Steps(Presets.DevelopmentSingle), StringComparison.Ordinal);
    }

    [Fact]
    public void Are_one_ConfigMap_each_for_the_sidecar_and_hold_what_the_files_hold()
    {
        var size = PublishSize.Default;
        var maps = KubernetesManifests.For(size.Topology, size.Options).Single(file => file.Name == "grafana-dashboards.yaml").Objects.Cast<V1ConfigMap>().ToList();
        Assert.All(maps, map =>
        {
            Assert.Equal("1", map.Metadata.Labels["grafana_dashboard"]);
            var (name, text) = Assert.Single(map.Data);
            Assert.InRange(text.Length, 1, 200_000); // kubectl apply keeps a copy in an annotation of at most 262 144 bytes
            var file = PublishedFiles.For(size).Single(file => file.Path == $"grafana/dashboards/{name}");
            Assert.True(JsonElement.DeepEquals(JsonDocument.Parse(file.Content).RootElement, JsonDocument.Parse(text).RootElement));
        });
        Assert.Equal(Uids.Count, maps.Count);
    }

    /// <summary>The list in the documentation is the list of files.</summary>
    [Fact]
    public void Are_all_in_the_documentation()
    {
        var text = File.ReadAllText(Path.Combine(Repository(), "docs/DASHBOARDS.md"));
        Assert.All(HubDashboards.For(Presets.Recommended), dashboard => Assert.Contains($"| `{dashboard.Uid}` | {dashboard.Title["Hub / ".Length..]} | {dashboard.Description} |", text, StringComparison.Ordinal));
    }

    private static IEnumerable<string> Queries(JsonElement dashboard) => Panels(dashboard).SelectMany(panel => panel.GetProperty("targets").EnumerateArray())
        .Select(target => target.TryGetProperty("expr", out var expression) ? expression.GetString()! : target.GetProperty("rawSql").GetString()!);

    private static IEnumerable<JsonElement> Sources(JsonElement dashboard) => Panels(dashboard).SelectMany(panel => panel.GetProperty("targets").EnumerateArray())
        .Concat(dashboard.GetProperty("annotations").GetProperty("list").EnumerateArray())
        .Concat(dashboard.GetProperty("templating").GetProperty("list").EnumerateArray().Where(variable => variable.TryGetProperty("datasource", out _)))
        .Select(item => item.GetProperty("datasource"));

    private static string Repository([System.Runtime.CompilerServices.CallerFilePath] string source = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(source)!, "../../.."));

    [GeneratedRegex(@"\$\{?(?<name>\w+)")]
    private static partial Regex Reference();

    [GeneratedRegex(@"^/d/(?<uid>[\w-]+)\?")]
    private static partial Regex Target();
}
