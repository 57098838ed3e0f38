using System.ComponentModel;

namespace Analytics.Ingest.Usage;

/// <summary>What was used, cost, and how fast and reliable it was.</summary>
internal sealed record UsageAnswer
{
    [Description("Begin of what is counted: the from asked for, aligned down to a whole hour (UTC).")]
    public required DateTimeOffset From { get; init; }

    [Description("End of what is counted, exclusive: the to asked for, aligned up to a whole hour (UTC).")]
    public required DateTimeOffset To { get; init; }

    public required string GroupBy { get; init; }

    [Description("One entry per group: by time for hour and day, else the most requests first.")]
    public required IReadOnlyList<UsageGroup> Groups { get; init; }

    [Description("Whether there were more groups than are listed. The total counts them all.")]
    public required bool Truncated { get; init; }

    public required UsageGroup Total { get; init; }
}

/// <summary>The figures of one group, or of all.</summary>
internal sealed record UsageGroup
{
    [Description("The model, provider or project, or the begin of the hour or day; null in the total.")]
    public required string? Key { get; init; }

    public required long Requests { get; init; }

    [Description("Input tokens, cached ones included, of the requests that reported them.")]
    public required long InputTokens { get; init; }

    [Description("Output tokens, reasoning included, of the requests that reported them.")]
    public required long OutputTokens { get; init; }

    [Description("USD, the sum over the priced requests; null when none is priced.")]
    public required decimal? CostUsd { get; init; }

    [Description("Requests whose cost is unknown and therefore not in cost_usd.")]
    public required long UnpricedRequests { get; init; }

    [Description("Share of the requests that cost_usd covers, 0 to 1; null without requests.")]
    public required double? PricedCoverage { get; init; }

    public required long Errors { get; init; }

    [Description("Share of the requests that failed, 0 to 1; null without requests.")]
    public required double? ErrorRate { get; init; }

    [Description("Median duration in seconds, from histograms; null without durations.")]
    public required double? P50LatencySeconds { get; init; }

    [Description("95th percentile of the duration in seconds, from histograms; null without durations.")]
    public required double? P95LatencySeconds { get; init; }
}
