namespace Hub.Cli.Send.Otlp;

/// <summary>A client span as it goes on the wire, and what its sender keeps in mind of it.</summary>
internal sealed class OtlpSpan
{
    /// <summary>The row of the trace that it stands for, counted from 0.</summary>
    public required int Row { get; init; }

    public required string ServiceName { get; init; }
    public required string Name { get; init; }

    /// <summary>16 bytes.</summary>
    public required byte[] TraceId { get; init; }

    /// <summary>8 bytes.</summary>
    public required byte[] SpanId { get; init; }

    public required DateTime Start { get; init; }
    public required TimeSpan Duration { get; init; }

    /// <summary>Values are string, long, double, bool or string[].</summary>
    public required IReadOnlyList<KeyValuePair<string, object>> Attributes { get; init; }

    /// <summary>What went wrong; null: nothing.</summary>
    public string? Error { get; init; }

    public required int InputTokens { get; init; }
    public required int OutputTokens { get; init; }

    /// <summary>Nanoseconds since 1970.</summary>
    public ulong StartUnixNano => Nanoseconds(Start);

    /// <summary>Nanoseconds since 1970.</summary>
    public ulong EndUnixNano => Nanoseconds(Start + Duration);

    private static ulong Nanoseconds(DateTime time) => (ulong)(time - DateTime.UnixEpoch).Ticks * TimeSpan.NanosecondsPerTick;
}
