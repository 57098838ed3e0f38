using System.Globalization;
using Analytics.Ingest.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Analytics.Ingest.Telemetry;

/// <summary>
/// Counts and times every request that brings rows, by what its sender was told. It stands outside everything that answers, so that whoever
/// wrote the answer, it is counted once.
/// </summary>
internal sealed class RequestMeter(RequestDelegate next, IngestMetrics metrics, TimeProvider time)
{
    public const string Accepted = "accepted";

    /// <summary>The sender's fault, or its key's limit: it does not count against any objective.</summary>
    public const string Refused = "refused";

    /// <summary>Told to retry, because Hub cannot take it now: 503, UNAVAILABLE.</summary>
    public const string Unavailable = "unavailable";

    /// <summary>An error of ours.</summary>
    public const string Failed = "failed";

    private const string GrpcStatus = "grpc-status";

    public static IReadOnlyList<string> Outcomes { get; } = [Accepted, Refused, Unavailable, Failed];

    public static IReadOnlyList<string> Protocols { get; } = ["otlp_http", "otlp_grpc", "rest"];

    public async Task InvokeAsync(HttpContext context)
    {
        var started = time.GetTimestamp();
        await next(context);
        if (ProtocolOf(context) is not { } protocol) return;

        // A sender that went away was told nothing; its rows are written all the same.
        if (context.RequestAborted.IsCancellationRequested) return;
        metrics.Answered(protocol, protocol == "otlp_grpc" ? GrpcOutcome(context) : HttpOutcome(context.Response.StatusCode),
            time.GetElapsedTime(started));
    }

    internal static string HttpOutcome(int status) => status switch
    {
        < 400 => Accepted,
        StatusCodes.Status503ServiceUnavailable => Unavailable,
        >= 500 => Failed,
        _ => Refused,
    };

    /// <summary>
    /// Codes of gRPC: 2 UNKNOWN, 13 INTERNAL, 14 UNAVAILABLE, 15 DATA_LOSS. RESOURCE_EXHAUSTED (8) is told to what is too
    /// large, and to a key that has used up a limit.
    /// </summary>
    internal static string GrpcOutcome(int code) => code switch
    {
        0 => Accepted,
        14 => Unavailable,
        2 or 13 or 15 => Failed,
        _ => Refused,
    };

    private static string? ProtocolOf(HttpContext context) => Listeners.Of(context) switch
    {
        Listener.OtlpHttp when context.Request.Path.StartsWithSegments("/v1", StringComparison.Ordinal) => "otlp_http",
        Listener.OtlpGrpc => "otlp_grpc",
        Listener.Rest when HttpMethods.IsPost(context.Request.Method) && context.Request.Path.StartsWithSegments("/api/v1/requests",
            StringComparison.Ordinal) => "rest",
        _ => null,
    };

    private static string GrpcOutcome(HttpContext context)
    {
        var trailers = context.Features.Get<IHttpResponseTrailersFeature>()?.Trailers;
        var text = trailers is not null && trailers.TryGetValue(GrpcStatus, out var trailer)
            ? trailer.ToString() : context.Response.Headers[GrpcStatus].ToString();

        // No gRPC status at all is an answer of HTTP, such as 404 or 415.
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var code)
            ? GrpcOutcome(code) : HttpOutcome(context.Response.StatusCode);
    }
}
