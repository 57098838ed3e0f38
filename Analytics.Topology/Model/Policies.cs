using Hub.Shared;

namespace Analytics.Topology;

/// <summary>How the cluster is watched.</summary>
public sealed record MonitoringPolicy
{
    /// <summary>Default 15 s. Range 5 s to 5 min.</summary>
    public TimeSpan ScrapeInterval { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How long the local Prometheus keeps samples. Default 7 days.</summary>
    public TimeSpan Retention { get; init; } = TimeSpan.FromDays(7);

    /// <summary>Where the runbooks are found: each alert's link is this and its name. Default the directory in a checkout; an operator sets a URL.</summary>
    public string Runbooks { get; init; } = "docs/runbooks";

    /// <summary>Whether the link in an alert can be opened as it is.</summary>
    public bool HasRunbookAddress => Uri.TryCreate(Runbooks, UriKind.Absolute, out var address) && address.Scheme is "https" or "http";

    /// <summary>Share of the exports that ingest must not turn away. Range 0.9 to 0.9999, default 0.999.</summary>
    public double IngestAvailability { get; init; } = 0.999;

    /// <summary>Share of the accepted exports that must be answered within <see cref="IngestLatencyBound"/>. Range 0.9 to 0.9999, default 0.99.</summary>
    public double IngestLatency { get; init; } = 0.99;

    /// <summary>The boundaries of ingest's histogram that an objective may name, in seconds.</summary>
    public static IReadOnlyList<double> LatencyBounds { get; } = [.. LatencyBuckets.Objectives];

    /// <summary>One of <see cref="LatencyBounds"/>. Default 1 s.</summary>
    public TimeSpan IngestLatencyBound { get; init; } = TimeSpan.FromSeconds(1);
}
