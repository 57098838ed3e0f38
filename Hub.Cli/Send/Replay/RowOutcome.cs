using Hub.Cli.Send.Otlp;

namespace Hub.Cli.Send.Replay;

/// <summary>The final outcome of a row.</summary>
internal enum Outcome
{
    /// <summary>The receiver said that it is stored.</summary>
    Acknowledged,

    /// <summary>The receiver said that it will not store it.</summary>
    Refused,

    /// <summary>It was sent and no final answer came: it may be stored or not. Sent again with the same ids it is not stored twice.</summary>
    Unknown,

    /// <summary>It is not stored: it was never sent, or never got through, or was turned away with 429 each time.</summary>
    Unsent,
}

/// <summary>The outcome of one row; a row has exactly one.</summary>
/// <param name="Span">What was sent for it.</param>
/// <param name="Reason">Why it was not acknowledged; null when it was.</param>
internal readonly record struct RowOutcome(OtlpSpan Span, Outcome Outcome, string? Reason);

/// <summary>How far a replay is.</summary>
internal sealed record ReplayProgress(
    int Total, int Acknowledged, int Refused, int Unknown, int Unsent, int Retries, TimeSpan Elapsed, string? Trouble)
{
    public int Done => Acknowledged + Refused + Unknown + Unsent;
}

/// <summary>What became of a replay. Every row of the trace is counted in exactly one outcome.</summary>
internal sealed record ReplayResult
{
    public required int Total { get; init; }
    public required int Acknowledged { get; init; }
    public required int Unsent { get; init; }

    /// <summary>Refused rows by the receiver's reason.</summary>
    public required IReadOnlyDictionary<string, int> Refused { get; init; }

    /// <summary>Rows that may be stored or not, by what happened last.</summary>
    public required IReadOnlyDictionary<string, int> Unknown { get; init; }

    /// <summary>Requests sent again, by what made it necessary.</summary>
    public required IReadOnlyDictionary<string, int> Retries { get; init; }

    /// <summary>What the receiver remarked although it stored everything.</summary>
    public required IReadOnlyList<string> Warnings { get; init; }

    /// <summary>Requests that were acknowledged.</summary>
    public required int Requests { get; init; }

    /// <summary>Tokens of the acknowledged rows.</summary>
    public required long InputTokens { get; init; }

    /// <summary>Tokens of the acknowledged rows.</summary>
    public required long OutputTokens { get; init; }

    public required TimeSpan Duration { get; init; }

    /// <summary>From the first byte of a request to its acknowledgement, retries included.</summary>
    public required Latencies Latency { get; init; }

    /// <summary>Why it ended before its end; null when it did not.</summary>
    public string? EndedBy { get; init; }

    /// <summary>Whether it was told to stop.</summary>
    public bool Stopped { get; init; }

    public bool IsComplete => Acknowledged == Total;

    public double RowsPerSecond => Duration > TimeSpan.Zero ? Acknowledged / Duration.TotalSeconds : 0;
}

/// <summary>Quantiles of the time to an acknowledgement; zero when there was none.</summary>
internal sealed record Latencies(TimeSpan P50, TimeSpan P95, TimeSpan Max)
{
    public static Latencies Of(IEnumerable<TimeSpan> all)
    {
        var sorted = all.Order().ToArray();
        return sorted.Length == 0 ? new Latencies(default, default, default) : new Latencies(Rank(sorted, 0.5), Rank(sorted, 0.95), sorted[^1]);
    }

    private static TimeSpan Rank(TimeSpan[] sorted, double share) => sorted[Math.Max(0, (int)Math.Ceiling(share * sorted.Length) - 1)];
}
