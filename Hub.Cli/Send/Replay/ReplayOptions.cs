using Hub.Cli.Send.Otlp;

namespace Hub.Cli.Send.Replay;

/// <summary>How a trace is replayed.</summary>
internal sealed record ReplayOptions
{
    /// <summary>Sent as a bearer token.</summary>
    public required string ApiKey { get; init; }

    /// <summary>Where the traces go, whole address.</summary>
    public Uri Endpoint { get; init; } = new("http://127.0.0.1:4318/v1/traces");

    public OtlpFormat Format { get; init; } = OtlpFormat.Protobuf;

    /// <summary>Requests in flight at one time. 1 to 256, default 4.</summary>
    public int Concurrency { get; init; } = 4;

    /// <summary>Most spans in one request. 1 to 10 000, default 100.</summary>
    public int BatchSize { get; init; } = 100;

    /// <summary>Most rows a second; null (default): as fast as acknowledged.</summary>
    public double? Rate { get; init; }

    /// <summary>The trace's own gaps are divided by this; null (default): gaps are not kept.</summary>
    public double? Speed { get; init; }

    /// <summary>How long to go on trying without any acknowledgement. Default 60 s.</summary>
    public TimeSpan GiveUpAfter { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long requests in flight are waited for after a stop. Default 10 s.</summary>
    public TimeSpan StopGrace { get; init; } = TimeSpan.FromSeconds(10);
}
