namespace Analytics.Topology.Dashboards;

/// <summary>Short forms for the dashboards' own files.</summary>
internal static class Panels
{
    public static Panel Stat(string title, string unit, string description, Query query) =>
        new() { Kind = PanelKind.Stat, Title = title, Unit = unit, Description = description, Queries = [query], Width = 4, Height = 4 };

    public static Panel Lines(string title, string unit, string description, params Query[] queries) =>
        new() { Kind = PanelKind.Lines, Title = title, Unit = unit, Description = description, Queries = queries };

    public static Panel Bars(string title, string unit, string description, params Query[] queries) =>
        Lines(title, unit, description, queries) with { Kind = PanelKind.Bars };

    public static Panel States(string title, string description, params Query[] queries) =>
        new()
        {
            Kind = PanelKind.States,
            Title = title,
            Unit = Units.Text,
            Description = description,
            Queries = queries,
            Width = 24,
            Height = 6
        };

    public static Panel Ranking(string title, string unit, string description, Query query) =>
        new() { Kind = PanelKind.Ranking, Title = title, Unit = unit, Description = description, Queries = [query] };

    public static Panel Table(string title, string description, Query query, params (string Column, string Unit)[] units) => new()
    {
        Kind = PanelKind.Table,
        Title = title,
        Unit = Units.Text,
        Description = description,
        Queries = [query],
        ColumnUnits = units.ToDictionary(pair => pair.Column, pair => pair.Unit),
        Width = 12,
    };

    /// <summary>Good, and from these values on not any more.</summary>
    public static Panel Until(this Panel panel, double attention, double bad) =>
        panel with { Thresholds = attention < bad ? [new(attention, Colors.Attention), new(bad, Colors.Bad)] : [new(bad, Colors.Bad)] };

    /// <summary>Bad below the one, good from the other on.</summary>
    public static Panel From(this Panel panel, double attention, double good) => panel with
    {
        Base = Colors.Bad,
        Thresholds = attention < good ? [new(attention, Colors.Attention), new(good, Colors.Good)] : [new(good, Colors.Good)],
    };

    /// <summary>A figure that is neither good nor bad.</summary>
    public static Panel Neutral(this Panel panel) => panel with { Base = Colors.Neutral };

    public static Panel To(this Panel panel, string uid) => panel with { LinkTo = uid };

    public static Panel Wide(this Panel panel, int width, int? height = null) =>
        panel with { Width = width, Height = height ?? panel.Height };
}
