namespace Analytics.Topology.Dashboards;

/// <summary>A Grafana dashboard, in the terms in which Hub's are written; <see cref="DashboardJson"/> knows Grafana's.</summary>
public sealed record Dashboard
{
    /// <summary>Stable: links, bookmarks and provisioning go by it. Grafana takes at most 40 characters of letters, digits, - and
    /// _.</summary>
    public required string Uid { get; init; }
    public required string Title { get; init; }

    /// <summary>The question that it answers, in one sentence.</summary>
    public required string Description { get; init; }
    public IReadOnlyList<Variable> Variables { get; init; } = [];
    public required IReadOnlyList<Row> Rows { get; init; }

    /// <summary>Start of the shown time, relative to now. Default six hours.</summary>
    public string From { get; init; } = "now-6h";

    /// <summary>The file that holds it, wherever it is written.</summary>
    public string FileName => $"{Uid}.json";

    public IEnumerable<Panel> Panels => Rows.SelectMany(row => row.Panels);
}

/// <summary>Panels under a common heading, placed from left to right and then downwards.</summary>
public sealed record Row(string Title, params IReadOnlyList<Panel> Panels);

/// <summary>A choice at the top of a dashboard.</summary>
/// <param name="Name">As queries name it: <c>$name</c>.</param>
/// <param name="Label">As people read it.</param>
/// <param name="Query">Where its values come from.</param>
/// <param name="All">What queries get when nothing is chosen; inserted as it is.</param>
public sealed record Variable(string Name, string Label, Query Query, string All);

/// <summary>What a panel asks.</summary>
public abstract record Query;

/// <summary>PromQL. <c>{@}</c> stands for the chosen cluster's label, as in <c>up{@,job="ingest"}</c>.</summary>
/// <param name="Expression">The expression.</param>
/// <param name="Legend">Name of a series, with <c>{{label}}</c>; null: Grafana's own choice.</param>
/// <param name="Instant">Only its value now.</param>
public sealed record Prometheus(string Expression, string? Legend = null, bool Instant = false) : Query
{
    /// <summary>The expression as Grafana gets it.</summary>
    public string Text => Expression.Replace("{@", "{cluster=~\"$cluster\"", StringComparison.Ordinal);
}

/// <summary>SQL at TimescaleDB, as role llm_readonly, with Grafana's macros.</summary>
/// <param name="Statement">The statement.</param>
/// <param name="Series">Whether its rows are points (time, metric, value) rather than a table.</param>
public sealed record Sql(string Statement, bool Series = false) : Query
{
    /// <summary>The statement in one piece, without the source's indentation.</summary>
    public string Text => Statement.ReplaceLineEndings("\n").Trim();
}

/// <summary>The forms in which Hub shows an answer.</summary>
public enum PanelKind
{
    /// <summary>One figure, coloured by its thresholds.</summary>
    Stat,

    /// <summary>Lines over time.</summary>
    Lines,

    /// <summary>Stacked bars over time.</summary>
    Bars,

    /// <summary>Who was what, and when.</summary>
    States,

    /// <summary>A bar for each row.</summary>
    Ranking,

    /// <summary>Rows and columns.</summary>
    Table,
}

/// <summary>One answer on a dashboard.</summary>
public sealed record Panel
{
    public required PanelKind Kind { get; init; }
    public required string Title { get; init; }

    /// <summary>What it means and what is normal.</summary>
    public required string Description { get; init; }
    public required IReadOnlyList<Query> Queries { get; init; }

    /// <summary>One of <see cref="Units"/>.</summary>
    public required string Unit { get; init; }

    /// <summary>Colours from a value on, rising; the colour below the first one is <see cref="Base"/>.</summary>
    public IReadOnlyList<Threshold> Thresholds { get; init; } = [];

    /// <summary>The colour below the first threshold.</summary>
    public string Base { get; init; } = Colors.Good;

    /// <summary>Text in place of a value.</summary>
    public IReadOnlyList<Mapping> Mappings { get; init; } = [];

    /// <summary>Units of single columns of a table.</summary>
    public IReadOnlyDictionary<string, string> ColumnUnits { get; init; } = new Dictionary<string, string>();

    /// <summary>Uid of the dashboard that says more.</summary>
    public string? LinkTo { get; init; }

    /// <summary>The smallest step of a query; null: the data source's.</summary>
    public string? Step { get; init; }

    /// <summary>Columns of 24.</summary>
    public int Width { get; init; } = 8;

    /// <summary>Grafana's rows, of 30 pixels each.</summary>
    public int Height { get; init; } = 8;
}

/// <param name="From">The first value that has the colour.</param>
/// <param name="Color">One of <see cref="Colors"/>.</param>
public sealed record Threshold(double From, string Color);

/// <param name="Value">The value.</param>
/// <param name="Text">What is shown instead.</param>
/// <param name="Color">One of <see cref="Colors"/>.</param>
public sealed record Mapping(string Value, string Text, string Color);

/// <summary>Three colours, so that a glance is enough.</summary>
public static class Colors
{
    public const string Good = "green";
    public const string Attention = "orange";
    public const string Bad = "red";
    public const string Neutral = "blue";
}

/// <summary>Grafana's names of units (packages/grafana-data/src/valueFormats/categories.ts).</summary>
public static class Units
{
    public const string Count = "short";
    public const string Seconds = "s";
    public const string Bytes = "bytes";
    public const string BytesPerSecond = "binBps";
    public const string Share = "percentunit";
    public const string Dollars = "currencyUSD";
    public const string RequestsPerSecond = "reqps";
    public const string RowsPerSecond = "rowsps";
    public const string OperationsPerSecond = "ops";
    public const string Cores = "none";

    /// <summary>Text, or columns that have units of their own.</summary>
    public const string Text = "none";
}
