using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Analytics.Topology;
using Analytics.Topology.Dashboards;
using Hub.Cli.Status;
using Npgsql;
using StatusClient = Hub.Cli.Cluster.PrometheusClient;

namespace Hub.Cli.Tests.Monitoring;

/// <summary>
/// Every panel of every dashboard is asked of the real data sources of a hub under load, as Grafana would ask: its macros filled in, and as
/// llm_readonly. An empty answer, a metric that nobody emits and a column that is not there all fail.
/// </summary>
[Trait(Tiers.Trait, Tiers.Integration), Collection(nameof(HubUnderLoad))]
public sealed partial class DashboardTruthTests(HubUnderLoad fixture, ITestOutputHelper output)
{
    /// <summary>Panels that may be empty here, and why. Their queries must still be understood.</summary>
    private static readonly Dictionary<string, string> MayBeEmpty = new()
    {
        ["hub-overview/Firing alerts"] = "nothing fires on a healthy hub",
    };

    /// <summary>Metrics that are not there before something happens that does not happen here.</summary>
    private static readonly Dictionary<string, string> NotYet = new()
    {
        ["ALERTS"] = "made by Prometheus while an alert is pending or fires",
        ["hub_ingest_write_failures_total"] = "counted from the first transaction that fails on",
        ["hub_ingest_rows_dropped_total"] = "counted from the first request that gave up on",
    };

    /// <summary>An exporter that asked before the schema was there keeps the empty answer for a minute; then a scrape and an evaluation
    /// follow.</summary>
    private static readonly TimeSpan LongestCache = TimeSpan.FromSeconds(150);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private IReadOnlyList<Dashboard> Dashboards => HubDashboards.For(fixture.Cluster.Topology);

    [Fact]
    public async Task Every_panel_that_asks_Prometheus_gets_an_answer()
    {
        using var prometheus = Client();
        var problems = await UnansweredAsync(prometheus);
        for (var asked = TimeProvider.System.GetTimestamp(); problems.Count > 0
            && TimeProvider.System.GetElapsedTime(asked) < LongestCache; problems = await UnansweredAsync(prometheus))
            await Task.Delay(TimeSpan.FromSeconds(3), Cancel);
        Assert.True(problems.Count == 0, string.Join('\n', problems));
        output.WriteLine($"{Panels().Sum(item => item.Panel.Queries.OfType<Prometheus>().Count())} expressions answered");
    }

    [Theory]
    [InlineData(ClusterNames.HaProxy, Ports.ReadWrite, true)]
    [InlineData(ClusterNames.HaProxy, Ports.ReadOnly, true)]
    [InlineData(ClusterNames.HaProxy, Ports.ReadWrite, false)]
    public async Task Every_panel_that_asks_the_database_gets_an_answer(string container, int port, bool everything)
    {
        await using var connection = new NpgsqlConnection(fixture.Cluster.ConnectionString(container, port, Roles.ReadOnly,
            Secrets.ReadOnly));
        await connection.OpenAsync(Cancel);
        var problems = new List<string>();
        foreach (var (where, panel) in Panels())
        {
            foreach (var query in panel.Queries.OfType<Sql>())
                problems.AddRange((await AskAsync(connection, query, panel, everything)).Where(problem => problem != NoRow
                    || !MayBeEmpty.ContainsKey(where)).Select(problem => $"{where}: {problem}"));
        }

        foreach (var variable in Dashboards.SelectMany(dashboard => dashboard.Variables))
            problems.AddRange(
                (await AskAsync(connection, (Sql)variable.Query, null,
                    everything)).Select(problem => $"variable {variable.Name}: {problem}"));
        Assert.True(problems.Count == 0, string.Join('\n', problems));
        output.WriteLine($"{Panels().Sum(item => item.Panel.Queries.OfType<Sql>().Count())} statements answered");
    }

    /// <summary>The figures of <c>hub status</c> are queries like any other.</summary>
    [Fact]
    public async Task Every_figure_of_status_has_a_value()
    {
        using var http = Client();
        var prometheus = new StatusClient(http);
        await using var connection = new NpgsqlConnection(fixture.Cluster.ConnectionString(ClusterNames.HaProxy, Ports.ReadWrite,
            Roles.ReadOnly, Secrets.ReadOnly));
        await connection.OpenAsync(Cancel);
        var empty = new List<string>();
        foreach (var figure in Figures.All)
        {
            double? value;
            if (figure.Query is Sql sql)
            {
                await using var command = new NpgsqlCommand(sql.Text, connection);
                value = (double?)await command.ExecuteScalarAsync(Cancel);
            }
            else
            {
                value = await prometheus.ValueAsync(((Prometheus)figure.Query).Text, Cancel);
            }

            if (value is null)
                empty.Add($"{figure.Component}: {figure.Name}");
        }

        Assert.Empty(empty);
        Assert.All(Figures.All.GroupBy(figure => figure.Component), component => Assert.Equal(3, component.Count()));
        Assert.All(await prometheus.AlertsAsync(Cancel), alert => Assert.NotEmpty(alert.Summary));
    }

    /// <summary>What these tests are for: a column that was renamed is found in the statement and in the units, and a metric that nobody
    /// emits by its name.</summary>
    [Fact]
    public async Task A_renamed_column_and_a_misspelt_metric_would_be_found()
    {
        await using var connection = new NpgsqlConnection(fixture.Cluster.ConnectionString(ClusterNames.HaProxy, Ports.ReadWrite,
            Roles.ReadOnly, Secrets.ReadOnly));
        await connection.OpenAsync(Cancel);
        var panel = Panels().First(item => item.Panel.ColumnUnits.Count > 0 && item.Panel.Queries[0] is Sql).Panel;
        var (sql, column) = ((Sql)panel.Queries[0], panel.ColumnUnits.Keys.First());
        Assert.Contains(await AskAsync(connection, new Sql("SELECT renamed FROM analytics.llm_requests"), panel, everything: true),
            problem => problem.StartsWith("column \"renamed\" does not exist", StringComparison.Ordinal));
        Assert.Contains($"there is no column {column}, but a unit for it",
            await AskAsync(connection, new Sql($"SELECT 1 AS renamed FROM ({Expand(sql.Text, panel.Step ?? "1h", everything: true)}) q"),
                panel, everything: true));
        using var prometheus = Client();
        Assert.Equal(0, await PointsAsync(prometheus, new Prometheus("sum(hub_conections_used{@})", Instant: true)));
    }

    /// <summary>Whoever mends a panel takes it off the list.</summary>
    [Fact]
    public void The_lists_of_exceptions_name_what_is_there()
    {
        var panels = Panels().ToList();
        Assert.Empty(MayBeEmpty.Keys.Except(panels.Select(item => item.Where)));
        Assert.Empty(
            NotYet.Keys.Except(panels.SelectMany(item => item.Panel.Queries).OfType<Prometheus>()
                .SelectMany(query => PromQl.Metrics(query.Text)).Select(metric => metric.Name)));
        Assert.Empty(panels.GroupBy(item => item.Where).Where(group => group.Count() > 1).Select(group => group.Key));
    }

    private IEnumerable<(string Where, Panel Panel)> Panels() =>
        Dashboards.SelectMany(dashboard => dashboard.Panels.Select(panel => ($"{dashboard.Uid}/{panel.Title}", panel)));

    private async Task<List<string>> UnansweredAsync(HttpClient prometheus)
    {
        var known = (await GetAsync(prometheus, "label/__name__/values")).EnumerateArray().Select(name => name.GetString()!).ToHashSet();
        var problems = new List<string>();
        foreach (var (where, panel) in Panels())
        {
            foreach (var query in panel.Queries.OfType<Prometheus>())
            {
                problems.AddRange(PromQl.Metrics(query.Text).Select(metric => metric.Name)
                    .Where(name => !known.Contains(name) && !NotYet.ContainsKey(name)).Select(name => $"{where}: nobody emits {name}"));
                try
                {
                    var points = await PointsAsync(prometheus, query);
                    if (points == 0 && !MayBeEmpty.ContainsKey(where))
                        problems.Add($"{where}: no data for {query.Text}");
                }
                catch (InvalidOperationException refused)
                {
                    problems.Add($"{where}: {refused.Message}");
                }
            }
        }

        return problems;
    }

    private HttpClient Client() =>
        new() { BaseAddress = new Uri($"http://127.0.0.1:{fixture.Cluster.Port(ClusterNames.Prometheus, Ports.Prometheus)}/api/v1/") };

    private const string NoRow = "no row";

    private static async Task<int> PointsAsync(HttpClient prometheus, Prometheus query)
    {
        var expression = Uri.EscapeDataString(query.Text.Replace("$__rate_interval", "1m", StringComparison.Ordinal).Replace("$cluster",
            ".*", StringComparison.Ordinal));
        var now = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
        var path = query.Instant ? $"query?query={expression}" : string.Create(CultureInfo.InvariantCulture,
            $"query_range?query={expression}&start={now - 60}&end={now}&step=5");
        return (await GetAsync(prometheus, path)).GetProperty("result").EnumerateArray()
            .SelectMany(series => query.Instant ? [series.GetProperty("value")] : series.GetProperty("values").EnumerateArray().ToArray())
            .Count(point => point[1].GetString() != "NaN");
    }

    /// <exception cref="InvalidOperationException">Prometheus refuses the question.</exception>
    private static async Task<JsonElement> GetAsync(HttpClient prometheus, string path)
    {
        using var response = await prometheus.GetAsync(new Uri(path, UriKind.Relative), Cancel);
        using var document = JsonDocument.Parse(await response.Content.ReadAsStringAsync(Cancel));
        return document.RootElement.GetProperty("status").GetString() == "success"
            ? document.RootElement.GetProperty("data").Clone()
            : throw new InvalidOperationException(document.RootElement.GetProperty("error").GetString());
    }

    private static async Task<List<string>> AskAsync(NpgsqlConnection connection, Sql query, Panel? panel, bool everything)
    {
        try
        {
            await using var command = new NpgsqlCommand(Expand(query.Text, panel?.Step ?? "1h", everything), connection);
            await using var reader = await command.ExecuteReaderAsync(Cancel);
            var columns = Enumerable.Range(0, reader.FieldCount).Select(reader.GetName).ToList();
            List<string> problems = [
                .. (panel?.ColumnUnits.Keys ?? []).Except(columns).Select(column => $"there is no column {column}, but a unit for it")];
            if (query.Series
                && (columns[0] != "time" || (reader.GetFieldType(0) != typeof(DateTime) && reader.GetFieldType(0) != typeof(double))))
                problems.Add("the first column of a series must be the time");
            var figures = 0;
            while (await reader.ReadAsync(Cancel))
                figures += Enumerable.Range(query.Series ? 1 : 0, reader.FieldCount - (query.Series ? 1 : 0))
                    .Any(column => !reader.IsDBNull(column)) ? 1 : 0;
            if (figures == 0)
                problems.Add(NoRow);
            return problems;
        }
        catch (PostgresException refused)
        {
            return [$"{refused.MessageText} in {query.Text}"];
        }
    }

    /// <summary>Grafana's macros for a TimescaleDB data source, and its variables: nothing chosen, or the first of each.</summary>
    private static string Expand(string sql, string step, bool everything)
    {
        var to = TimeProvider.System.GetUtcNow();
        string Iso(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture);
        sql = sql.Replace("$__interval", $"'{step}'", StringComparison.Ordinal);
        sql = TimeFilter().Replace(sql, match => $"{match.Groups[1].Value} BETWEEN '{Iso(to.AddHours(-24))}' AND '{Iso(to)}'");
        sql = TimeGroup().Replace(sql, match => $"time_bucket({match.Groups[2].Value}, {match.Groups[1].Value}) AS \"time\"");
        sql = sql.Replace("${project:csv}", everything ? "0" : "1", StringComparison.Ordinal)
            .Replace("${model:sqlstring}", everything ? "''" : "(SELECT model FROM analytics.llm_requests WHERE is_error LIMIT 1)",
                StringComparison.Ordinal);
        return Leftover().Match(sql) is { Success: true } left
            ? throw new InvalidOperationException($"the test does not know {left.Value}") : sql;
    }

    [GeneratedRegex(@"\$__timeFilter\(([^)]+)\)")]
    private static partial Regex TimeFilter();

    [GeneratedRegex(@"\$__timeGroupAlias\(([^,]+),\s*([^)]+)\)")]
    private static partial Regex TimeGroup();

    [GeneratedRegex(@"\$\{?\w+")]
    private static partial Regex Leftover();
}
