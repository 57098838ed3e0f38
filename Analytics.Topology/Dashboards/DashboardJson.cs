using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Analytics.Topology.Dashboards;

/// <summary>
/// A dashboard as Grafana's JSON: the classic model at version 42, the last one of it, which Grafana 10 to 13 read
/// (public/app/features/dashboard/state/DashboardMigrator.ts).
/// </summary>
public static class DashboardJson
{
    public const int SchemaVersion = 42;

    /// <summary>The variables that name the two data sources, so that a dashboard is bound to no installation.</summary>
    public const string PrometheusVariable = "prometheus";
    public const string DatabaseVariable = "timescaledb";
    public const string PrometheusType = "prometheus";
    public const string DatabaseType = "grafana-postgresql-datasource";

    /// <summary>Carried by every dashboard of Hub; the links between them go by it.</summary>
    public const string Tag = "hub";
    private const int Columns = 24;

    private static readonly JsonSerializerOptions Format = new()
    {
        WriteIndented = true,
        IndentSize = 2,
        NewLine = "\n",
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping
    };
    private static readonly JsonSerializerOptions Compact = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <param name="dashboard">The dashboard.</param>
    /// <param name="indented">For people; otherwise on one line.</param>
    public static string Render(Dashboard dashboard, bool indented = true)
    {
        ArgumentNullException.ThrowIfNull(dashboard);
        return new JsonObject
        {
            ["uid"] = dashboard.Uid,
            ["title"] = dashboard.Title,
            ["description"] = dashboard.Description,
            ["tags"] = new JsonArray(Tag),
            ["schemaVersion"] = SchemaVersion,
            ["version"] = 1,
            ["editable"] = true,
            ["graphTooltip"] = 1, // a crosshair shared by all panels
            ["timezone"] = "utc",
            ["refresh"] = "30s",
            ["time"] = new JsonObject { ["from"] = dashboard.From, ["to"] = "now" },
            ["annotations"] = Annotations(),
            ["links"] = new JsonArray(new JsonObject
            {
                ["type"] = "dashboards",
                ["title"] = "Hub",
                ["tags"] = new JsonArray(Tag),
                ["asDropdown"] = false,
                ["includeVars"] = true,
                ["keepTime"] = true,
                ["targetBlank"] = false,
            }),
            ["templating"] = new JsonObject { ["list"] = new JsonArray([.. Variables(dashboard)]) },
            ["panels"] = new JsonArray([.. Panels(dashboard)]),
        }.ToJsonString(indented ? Format : Compact) + "\n";
    }

    /// <summary>Every failover is a line in every panel: the first question about a dent is whether there was one.</summary>
    private static JsonObject Annotations() => new()
    {
        ["list"] = new JsonArray(new JsonObject
        {
            ["name"] = "Failover",
            ["enable"] = true,
            ["hide"] = false,
            ["iconColor"] = Colors.Attention,
            ["datasource"] = Source(PrometheusType, PrometheusVariable),
            ["expr"] = new Prometheus("max by (scope) (changes(patroni_postgres_timeline{@}[1m])) > 0").Text,
            ["step"] = "15s",
            ["titleFormat"] = "Failover of {{scope}}",
        }),
    };

    private static IEnumerable<JsonNode> Variables(Dashboard dashboard)
    {
        yield return DataSource(PrometheusVariable, "Prometheus", PrometheusType);
        yield return DataSource(DatabaseVariable, "TimescaleDB", DatabaseType);
        yield return Choice(new Variable("cluster", "Cluster", new Prometheus("label_values(patroni_primary, cluster)"), ".*"));
        foreach (var variable in dashboard.Variables)
            yield return Choice(variable);
    }

    private static JsonObject DataSource(string name, string label, string type) => new()
    {
        ["name"] = name,
        ["label"] = label,
        ["type"] = "datasource",
        ["query"] = type,
        ["refresh"] = 1,
        ["hide"] = 0,
        ["includeAll"] = false,
        ["multi"] = false,
        ["options"] = new JsonArray(),
        ["current"] = new JsonObject(),
    };

    private static JsonObject Choice(Variable variable) => new()
    {
        ["name"] = variable.Name,
        ["label"] = variable.Label,
        ["type"] = "query",
        ["datasource"] = SourceOf(variable.Query),
        ["query"] = variable.Query is Sql sql
            ? sql.Text
            : new JsonObject
            {
                ["qryType"] = 1,
                ["query"] = ((Prometheus)variable.Query).Text,
                ["refId"] = "PrometheusVariableQueryEditor-VariableQuery"
            },
        ["refresh"] = 2, // when the time range changes
        ["sort"] = 1,
        ["hide"] = 0,
        ["multi"] = true,
        ["includeAll"] = true,
        ["allValue"] = variable.All,
        ["options"] = new JsonArray(),
        ["current"] = new JsonObject { ["text"] = new JsonArray("All"), ["value"] = new JsonArray("$__all") },
    };

    private static IEnumerable<JsonNode> Panels(Dashboard dashboard)
    {
        var (id, y) = (1, 0);
        foreach (var row in dashboard.Rows)
        {
            yield return new JsonObject
            {
                ["id"] = id++,
                ["type"] = "row",
                ["title"] = row.Title,
                ["collapsed"] = false,
                ["gridPos"] = Position(1, Columns, 0, y++),
                ["panels"] = new JsonArray(),
            };
            var (x, height) = (0, 0);
            foreach (var panel in row.Panels)
            {
                if (x + panel.Width > Columns)
                    (x, y, height) = (0, y + height, 0);
                yield return PanelJson.Render(panel, id++, Position(panel.Height, panel.Width, x, y));
                x += panel.Width;
                height = Math.Max(height, panel.Height);
            }

            y += height;
        }
    }

    internal static JsonObject SourceOf(Query query) =>
        query is Sql ? Source(DatabaseType, DatabaseVariable) : Source(PrometheusType, PrometheusVariable);

    private static JsonObject Source(string type, string variable) => new() { ["type"] = type, ["uid"] = $"${{{variable}}}" };

    private static JsonObject Position(int height, int width, int x, int y) => new()
    {
        ["h"] = height,
        ["w"] = width,
        ["x"] = x,
        ["y"] = y
    };
}
