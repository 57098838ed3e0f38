using System.Globalization;

namespace Analytics.Ingest.Usage;

/// <summary>A checked question: whole hours (UTC), a known grouping, a bounded range.</summary>
internal sealed record UsageQuery(DateTimeOffset From, DateTimeOffset To, string GroupBy, string GroupExpression)
{
    public const int MaxDays = 400;

    /// <summary>Groupings, and the SQL that each is. Nothing of a question becomes SQL but through this table.</summary>
    public static readonly IReadOnlyDictionary<string, string> Groupings = new Dictionary<string, string>
    {
        ["model"] = "s.model",
        ["provider"] = "s.provider",
        ["project"] = "p.name",
        ["hour"] = "to_char(s.bucket AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')",
        ["day"] = "to_char(s.bucket AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T00:00:00Z\"')",
    };

    public bool IsByTime => GroupBy is "hour" or "day";

    /// <summary>Checks a question. Without from and to it is about the last 24 hours; without one of them, about 24 hours up to or since
    /// the other.</summary>
    /// <returns>The query, or what is wrong with the question.</returns>
    public static (UsageQuery? Query, string? Error) Parse(string? from, string? to, string? groupBy, DateTimeOffset now)
    {
        groupBy = string.IsNullOrEmpty(groupBy) ? "model" : groupBy;
        if (!Groupings.TryGetValue(groupBy, out var expression)) return (null, $"group_by is one of {string.Join(", ", Groupings.Keys)}.");
        DateTimeOffset begin = default, end = now;
        if (!string.IsNullOrEmpty(to) && !TryTime(to, out end)) return (null, "to is not a time such as 2026-11-22T16:00:00Z.");
        if (string.IsNullOrEmpty(from)) begin = end > DateTimeOffset.UnixEpoch ? end.AddDays(-1) : end;
        else if (!TryTime(from, out begin)) return (null, "from is not a time such as 2026-11-22T16:00:00Z.");
        if (begin >= end) return (null, "from must be before to.");
        if (end - begin > TimeSpan.FromDays(MaxDays)) return (null, $"from and to are more than {MaxDays} days apart.");
        return (new UsageQuery(Hour(begin), Hour(end.AddHours(1).AddTicks(-1)), groupBy, expression), null);
    }

    private static bool TryTime(string text, out DateTimeOffset time) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal,
            out time)
        && time.Year is > 1970 and < 9000;

    private static DateTimeOffset Hour(DateTimeOffset time) => new(time.UtcTicks - (time.UtcTicks % TimeSpan.TicksPerHour), TimeSpan.Zero);
}
