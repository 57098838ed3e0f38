using System.Globalization;
using System.Net.Mime;
using System.Text.Json;
using Analytics.Ingest.Http;
using Analytics.Ingest.Keys;
using Analytics.Ingest.Protos;
using Analytics.Ingest.Telemetry;
using Analytics.Ingest.Writing;
using Google.Protobuf;
using Microsoft.Net.Http.Headers;

namespace Analytics.Ingest.Otlp;

/// <summary>OTLP over HTTP: <c>POST /v1/traces</c>, <c>/v1/metrics</c>, <c>/v1/logs</c>, protobuf or JSON, gzip or plain.</summary>
internal static class OtlpHttpApi
{
    public const string Protobuf = "application/x-protobuf";

    public static IEndpointConventionBuilder MapOtlpHttpApi(this IEndpointRouteBuilder app)
    {
        var group = app.MapGroup("/v1").ExcludeFromDescription();
        group.MapPost("/traces", Export<TraceSignal, ExportTraceServiceResponse>);
        group.MapPost("/metrics", Export<MetricsSignal, ExportMetricsServiceResponse>);
        group.MapPost("/logs", Export<LogsSignal, ExportLogsServiceResponse>);
        return group;
    }

    /// <summary>Writes an error as OTLP asks for it: a Status in the encoding of the request, JSON when that is none of ours.</summary>
    public static async Task WriteErrorAsync(HttpContext context, int status, string message, TimeSpan? retryAfter = null)
    {
        if (context.Response.HasStarted) return;
        context.Response.StatusCode = status;
        if (status == StatusCodes.Status401Unauthorized) context.Response.Headers.WWWAuthenticate = "Bearer";
        if (retryAfter is { } wait) context.Response.Headers.RetryAfter = wait.TotalSeconds.ToString("0", CultureInfo.InvariantCulture);
        if (ContentTypeOf(context.Request) == Protobuf)
        {
            await WriteAsync(context, Protobuf, RpcStatus.Of(status, message, retryAfter).ToByteArray());
            return;
        }

        // The details stay out of JSON: Any's JSON form needs its type at hand, and Retry-After says the same.
        await WriteAsync(context, MediaTypeNames.Application.Json,
            JsonSerializer.SerializeToUtf8Bytes(new { code = RpcStatus.CodeOf(status), message }));
    }

    private static async Task Export<TSignal, TResponse>(
        HttpContext context, TSignal signal, ApiKeyAuthenticator keys, KeyLimiter limits, BodyReader bodies, IngestMetrics metrics)
        where TSignal : ISignal<TResponse>
        where TResponse : class, IMessage<TResponse>
    {
        try
        {
            // The key comes first, so that nobody without one makes the service read and decode.
            var caller = await keys.RequireSenderAsync(limits, context);
            var contentType = ContentTypeOf(context.Request) ?? throw new RequestRefusedException(
                StatusCodes.Status415UnsupportedMediaType,
                $"The Content-Type is not supported. Send {Protobuf} or {MediaTypeNames.Application.Json}.");
            if (!await signal.ReadyAsync()) throw RequestRefusedException.Busy(DrainRate.WaitWhenStalled);
            var body = await bodies.ReadAsync(context.Request, caller.ProjectId, bytes => limits.Received(caller, bytes),
                context.RequestAborted);
            var encoding = contentType == Protobuf ? OtlpEncoding.Protobuf : OtlpEncoding.Json;
            var (answer, copies) = await signal.ExportAsync(caller, body, encoding);
            if (copies is { } known) context.Response.Headers[CommitCopies.Header] = known.ToString(CultureInfo.InvariantCulture);
            await WriteAsync(context, contentType, encoding == OtlpEncoding.Protobuf ? answer.ToByteArray() : JsonBytes(answer));
        }
        catch (RequestRefusedException refused)
        {
            metrics.Refused(refused.Status);
            await WriteErrorAsync(context, refused.Status, refused.Message, refused.RetryAfter);
        }
    }

    private static byte[] JsonBytes(IMessage message) => System.Text.Encoding.UTF8.GetBytes(JsonFormatter.Default.Format(message));

    private static async Task WriteAsync(HttpContext context, string contentType, byte[] bytes)
    {
        context.Response.ContentType = contentType;
        context.Response.ContentLength = bytes.Length;
        await context.Response.Body.WriteAsync(bytes, context.RequestAborted);
    }

    private static string? ContentTypeOf(HttpRequest request)
    {
        if (!MediaTypeHeaderValue.TryParse(request.ContentType, out var type)) return null;
        if (type.MediaType.Equals(Protobuf, StringComparison.OrdinalIgnoreCase)) return Protobuf;
        return type.MediaType.Equals(MediaTypeNames.Application.Json, StringComparison.OrdinalIgnoreCase)
            ? MediaTypeNames.Application.Json : null;
    }
}
