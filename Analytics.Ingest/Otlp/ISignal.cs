using Google.Protobuf;

namespace Analytics.Ingest.Otlp;

/// <summary>What became of one export.</summary>
/// <param name="RetryAfter">Set when it must be sent again.</param>
/// <param name="Rejected">How many items were rejected for good.</param>
/// <param name="Message">Why, or a warning; null for full success.</param>
/// <param name="Copies">On how many members the rest is committed; null when nothing is.</param>
internal readonly record struct Taken(TimeSpan? RetryAfter, long Rejected, string? Message, int? Copies = null);

/// <summary>One signal of OTLP: how it is decoded, taken and answered, whatever the transport.</summary>
internal interface ISignal<TRequest, TResponse>
    where TRequest : class, IMessage<TRequest>, new()
    where TResponse : class, IMessage<TResponse>
{
    /// <summary>The gRPC service, as the specification names it.</summary>
    string GrpcService { get; }

    MessageParser<TRequest> Parser { get; }

    TRequest ReadJson(ReadOnlySpan<byte> utf8);

    Task<Taken> TakeAsync(int projectId, TRequest request);

    /// <summary>The answer: empty on full success, with <c>partial_success</c> when there is something to say.</summary>
    TResponse Answer(Taken taken);
}
