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
    public static IReadOnlyList<double> LatencyBounds { get; } = [0.1, 0.25, 0.5, 1, 2.5, 5, 10];

    /// <summary>One of <see cref="LatencyBounds"/>. Default 1 s.</summary>
    public TimeSpan IngestLatencyBound { get; init; } = TimeSpan.FromSeconds(1);
}

/// <summary>The life of one hypertable's rows. The migrations hold the same figures; a test compares them.</summary>
/// <param name="Table">Schema-qualified name.</param>
/// <param name="Chunk">Width of a chunk.</param>
/// <param name="Retention">Chunks wholly older than this are dropped.</param>
/// <param name="CompressAfter">Chunks older than this are compressed, where the edition can.</param>
public sealed record HypertablePolicy(string Table, TimeSpan Chunk, TimeSpan Retention, TimeSpan CompressAfter)
{
    public static IReadOnlyList<HypertablePolicy> Defaults { get; } =
    [
        Days("analytics.llm_requests", 1, 365, 7),
        Days("analytics.token_usage", 1, 365, 7),
        Days("analytics.cost_tracking", 1, 730, 14),
        Days("events.system_events", 1, 90, 7),
        Days("events.error_logs", 1, 180, 7),
        Days("metrics.model_performance", 7, 730, 30),
    ];

    private static HypertablePolicy Days(string table, int chunk, int retention, int compressAfter) =>
        new(table, TimeSpan.FromDays(chunk), TimeSpan.FromDays(retention), TimeSpan.FromDays(compressAfter));
}
