using Analytics.Ingest.Http;
using Analytics.Ingest.Keys;
using Google.Protobuf;

namespace Analytics.Ingest.Otlp;

/// <summary>How the bytes of an export are written.</summary>
internal enum OtlpEncoding
{
    Protobuf,
    Json,
}

/// <summary>What became of one export.</summary>
/// <param name="RetryAfter">Set when it must be sent again.</param>
/// <param name="Rejected">How many items were rejected for good.</param>
/// <param name="Message">Why, or a warning; null for full success, and for a retry whose only reason is the time that it took.</param>
/// <param name="Copies">On how many members the rest is committed; null when nothing is.</param>
internal readonly record struct ExportResult(TimeSpan? RetryAfter, long Rejected, string? Message, int? Copies = null);

/// <summary>What was read of an export. Nothing of it lies in the body any more.</summary>
internal interface IExport
{
    /// <summary>Stores it, and waits for the commit.</summary>
    Task<ExportResult> StoreAsync();
}

/// <summary>One signal of OTLP: how it is read, stored and answered, whatever the transport.</summary>
internal interface ISignal<TResponse> where TResponse : class, IMessage<TResponse>
{
    /// <summary>The gRPC service, as the specification names it.</summary>
    string GrpcService { get; }

    /// <summary>Waits until an export can be read at all. False: it must be sent again.</summary>
    Task<bool> ReadyAsync();

    /// <summary>Reads an export.</summary>
    /// <exception cref="RequestRefusedException">
    /// 400: it is malformed. 413: it holds too much. 503: there is no room for it now.
    /// </exception>
    IExport Read(Caller caller, ReadOnlyMemory<byte> body, OtlpEncoding encoding);

    /// <summary>The answer: empty on full success, with <c>partial_success</c> when there is something to say.</summary>
    TResponse Answer(ExportResult result);
}

internal static class Signals
{
    /// <summary>
    /// Reads a body, stores what it brings, and answers. The body's memory is free before the wait for the commit begins.
    /// </summary>
    /// <exception cref="RequestRefusedException">It is not stored.</exception>
    public static async Task<(TResponse Answer, int? Copies)> ExportAsync<TResponse>(
        this ISignal<TResponse> signal, Caller caller, BodyReader.Body body, OtlpEncoding encoding)
        where TResponse : class, IMessage<TResponse>
    {
        IExport export;
        using (body) export = signal.Read(caller, body.Bytes, encoding);
        var result = await export.StoreAsync();
        if (result.RetryAfter is { } later) throw RequestRefusedException.Busy(later, result.Message);
        return (signal.Answer(result), result.Copies);
    }
}
