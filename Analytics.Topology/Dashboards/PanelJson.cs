using System.Text.Json.Nodes;

namespace Analytics.Topology.Dashboards;

/// <summary>One panel as Grafana's JSON.</summary>
internal static class PanelJson
{
    public static JsonObject Render(Panel panel, int id, JsonObject position)
    {
        var json = new JsonObject
        {
            ["id"] = id,
            ["type"] = TypeOf(panel.Kind),
            ["title"] = panel.Title,
            ["description"] = panel.Description,
            ["gridPos"] = position,
            ["datasource"] = DashboardJson.SourceOf(panel.Queries[0]),
            ["fieldConfig"] = new JsonObject { ["defaults"] = Defaults(panel), ["overrides"] = new JsonArray([.. Overrides(panel)]) },
            ["options"] = Options(panel),
            ["targets"] = new JsonArray([.. panel.Queries.Select((query, index) => Target(query, panel, (char)('A' + index)))]),
        };
        if (panel.Step is not null)
            json["interval"] = panel.Step;
        if (panel.LinkTo is { } uid)
            json["links"] = new JsonArray(new JsonObject
            {
                ["title"] = "More",
                ["url"] = $"/d/{uid}?${{__url_time_range}}&${{__all_variables}}",
                ["targetBlank"] = false
            });

        // A table of an instant query: its labels are the columns, Grafana's own time is noise.
        if (panel is { Kind: PanelKind.Table } && panel.Queries[0] is Prometheus)
            json["transformations"] = new JsonArray(new JsonObject
            {
                ["id"] = "organize",
                ["options"] = new JsonObject { ["excludeByName"] = new JsonObject { ["Time"] = true, ["Value"] = true } }
            });
        return json;
    }

    private static string TypeOf(PanelKind kind) => kind switch
    {
        PanelKind.Stat => "stat",
        PanelKind.Lines or PanelKind.Bars => "timeseries",
        PanelKind.States => "state-timeline",
        PanelKind.Ranking => "bargauge",
        _ => "table",
    };

    private static JsonObject Target(Query query, Panel panel, char name)
    {
        var json = new JsonObject { ["refId"] = name.ToString(), ["datasource"] = DashboardJson.SourceOf(query), ["editorMode"] = "code" };
        if (query is Sql sql)
        {
            json["format"] = sql.Series ? "time_series" : "table";
            json["rawQuery"] = true;
            json["rawSql"] = sql.Text;
            return json;
        }

        var prometheus = (Prometheus)query;
        json["expr"] = prometheus.Text;
        json["format"] = panel.Kind == PanelKind.Table ? "table" : "time_series";
        json["instant"] = prometheus.Instant;
        json["range"] = !prometheus.Instant;
        json["legendFormat"] = prometheus.Legend ?? "__auto";
        return json;
    }

    private static JsonObject Defaults(Panel panel)
    {
        var json = new JsonObject
        {
            ["unit"] = panel.Unit,
            ["color"] = new JsonObject { ["mode"] = panel.Kind is PanelKind.Stat or PanelKind.States ? "thresholds" : "palette-classic" },
            ["thresholds"] = new JsonObject { ["mode"] = "absolute", ["steps"] = new JsonArray([.. Steps(panel)]) },
            ["mappings"] = new JsonArray([.. panel.Mappings.Select((mapping, index) => (JsonNode)new JsonObject
            {
                ["type"] = "value",
                ["options"] = new JsonObject
                { [mapping.Value] = new JsonObject { ["text"] = mapping.Text, ["color"] = mapping.Color, ["index"] = index } },
            })]),
        };
        if (Custom(panel) is { } custom)
            json["custom"] = custom;
        if (panel.Kind is PanelKind.Lines or PanelKind.Bars or PanelKind.Ranking)
            json["min"] = 0; // a scale that starts elsewhere makes noise look like news
        return json;
    }

    private static JsonObject? Custom(Panel panel) => panel.Kind switch
    {
        PanelKind.Lines => new JsonObject
        {
            ["drawStyle"] = "line",
            ["lineWidth"] = 1,
            ["fillOpacity"] = 10,
            ["showPoints"] = "auto",
            ["thresholdsStyle"] = new JsonObject { ["mode"] = panel.Thresholds.Count > 0 ? "dashed" : "off" },
        },
        PanelKind.Bars => new JsonObject
        {
            ["drawStyle"] = "bars",
            ["lineWidth"] = 0,
            ["fillOpacity"] = 80,
            ["stacking"] = new JsonObject { ["mode"] = "normal", ["group"] = "A" },
        },
        PanelKind.States => new JsonObject { ["lineWidth"] = 0, ["fillOpacity"] = 70 },
        PanelKind.Table => new JsonObject
        {
            ["align"] = "auto",
            ["cellOptions"] = new JsonObject { ["type"] = panel.Mappings.Count > 0 ? "color-text" : "auto" }
        },
        _ => null,
    };

    private static IEnumerable<JsonNode> Steps(Panel panel)
    {
        yield return new JsonObject { ["color"] = panel.Base, ["value"] = null };
        foreach (var threshold in panel.Thresholds)
            yield return new JsonObject { ["color"] = threshold.Color, ["value"] = threshold.From };
    }

    private static IEnumerable<JsonNode> Overrides(Panel panel) => panel.ColumnUnits.Select(column => (JsonNode)new JsonObject
    {
        ["matcher"] = new JsonObject { ["id"] = "byName", ["options"] = column.Key },
        ["properties"] = new JsonArray(new JsonObject { ["id"] = "unit", ["value"] = column.Value }),
    });

    private static JsonObject Options(Panel panel) => panel.Kind switch
    {
        PanelKind.Stat => new JsonObject
        {
            ["colorMode"] = "background",
            ["graphMode"] = "none",
            ["justifyMode"] = "auto",
            ["orientation"] = "auto",
            ["textMode"] = "auto",
            ["reduceOptions"] = Reduce(rows: false),
        },
        PanelKind.Lines or PanelKind.Bars => new JsonObject
        {
            ["legend"] = new JsonObject
            {
                ["displayMode"] = "list",
                ["placement"] = "bottom",
                ["showLegend"] = true,
                ["calcs"] = new JsonArray()
            },
            ["tooltip"] = new JsonObject { ["mode"] = "multi", ["sort"] = "desc" },
        },
        PanelKind.States => new JsonObject
        {
            ["mergeValues"] = true,
            ["showValue"] = "auto",
            ["rowHeight"] = 0.9,
            ["legend"] = new JsonObject { ["displayMode"] = "list", ["placement"] = "bottom", ["showLegend"] = true },
        },
        PanelKind.Ranking => new JsonObject
        {
            ["displayMode"] = "gradient",
            ["orientation"] = "horizontal",
            ["showUnfilled"] = true,
            ["reduceOptions"] = Reduce(panel.Queries[0] is Sql)
        },
        _ => new JsonObject { ["showHeader"] = true, ["cellHeight"] = "sm" },
    };

    private static JsonObject Reduce(bool rows) => new() { ["calcs"] = new JsonArray("lastNotNull"), ["fields"] = "", ["values"] = rows };
}
