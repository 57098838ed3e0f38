using Analytics.Ingest.Calls;

namespace Analytics.Ingest.Tests.Calls.Dialects;

/// <summary>Spans of one instrumentation, made after its public source, and the calls that its documents say they report.</summary>
/// <param name="Name">What is shown.</param>
/// <param name="Source">Repository, path and version of the source that the spans follow field by field.</param>
/// <param name="Spans">The spans, outer ones first.</param>
/// <param name="Calls">The calls, in the order of the spans that report them.</param>
internal sealed record DialectCase(string Name, string Source, SentSpan[] Spans, params StoredCall[] Calls);

/// <summary>A span as it is sent. It takes two seconds.</summary>
internal sealed record SentSpan(string Name, params (string Key, object Value)[] Attributes)
{
    public const double Seconds = 2;

    public bool Failed { get; init; }
}

/// <summary>What is stored of a call, as far as a dialect has a word for it.</summary>
internal sealed record StoredCall(string Provider, string Model, long? Input, long? Output)
{
    /// <summary>The operation of most calls.</summary>
    public const string Chat = "chat";

    public string Operation { get; init; } = Chat;
    public long? CacheRead { get; init; }
    public long? CacheWrite { get; init; }
    public long? Reasoning { get; init; }
    public bool? Streamed { get; init; }

    /// <summary>Seconds to the first token.</summary>
    public double? FirstToken { get; init; }

    /// <summary>What the sender says that it cost, USD.</summary>
    public decimal? Cost { get; init; }
    public string? FinishReason { get; init; }
    public string? User { get; init; }
    public string? Session { get; init; }
    public string? Error { get; init; }
    public string? Contradictions { get; init; }

    public static StoredCall Of(Call call, decimal? cost) => new(call.Provider, call.Model, call.Usage.Input, call.Usage.Output)
    {
        Operation = call.Operation,
        CacheRead = call.Usage.CacheRead,
        CacheWrite = call.Usage.CacheWrite,
        Reasoning = call.Usage.Reasoning,
        Streamed = call.Streamed,
        FirstToken = call.TimeToFirstTokenSeconds is { } seconds ? Math.Round(seconds, 6) : null,
        Cost = cost,
        FinishReason = call.FinishReason,
        User = call.UserId,
        Session = call.ConversationId,
        Error = call.ErrorType,
        Contradictions = call.Usage.Contradictions is { } names ? string.Join(' ', names) : null,
    };
}
