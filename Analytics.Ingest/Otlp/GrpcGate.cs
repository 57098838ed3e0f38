using System.Globalization;
using Analytics.Ingest.Http;
using Analytics.Ingest.Keys;
using Analytics.Ingest.Telemetry;
using Google.Protobuf;
using Grpc.AspNetCore.Server;

namespace Analytics.Ingest.Otlp;

/// <summary>
/// Checks the key of a gRPC call and reads its message before Grpc.AspNetCore does, which has no limit for all messages together and would
/// answer a broken one with UNKNOWN. What it then reads is an empty message. A refusal is a response of trailers only.
/// </summary>
internal sealed class GrpcGate(RequestDelegate next, ApiKeyAuthenticator keys, KeyLimiter limits, BodyReader bodies, IngestMetrics metrics)
{
    private static readonly object CallItem = new();
    private static readonly byte[] EmptyMessage = new byte[5];

    /// <summary>The sender and the message of a call that has passed.</summary>
    public static (Caller Caller, BodyReader.Body Message) Of(HttpContext context) =>
        ((Caller, BodyReader.Body))context.Items[CallItem]!;

    public async Task InvokeAsync(HttpContext context)
    {
        if (context.GetEndpoint()?.Metadata.GetMetadata<GrpcMethodMetadata>() is null)
        {
            await next(context);
            return;
        }

        BodyReader.Body message;
        try
        {
            var caller = await keys.RequireSenderAsync(limits, context);
            message = await bodies.ReadMessageAsync(context.Request, caller.ProjectId, bytes => limits.Received(caller, bytes),
                context.RequestAborted);
            context.Items[CallItem] = (caller, message);
        }
        catch (RequestRefusedException refused)
        {
            metrics.Refused(refused.Status);
            var status = RpcStatus.Of(refused.Status, refused.Message, refused.RetryAfter);
            context.Response.ContentType = "application/grpc";
            context.Response.Headers["grpc-status"] = status.Code.ToString(CultureInfo.InvariantCulture);
            context.Response.Headers["grpc-message"] = Uri.EscapeDataString(status.Message);
            context.Response.Headers["grpc-status-details-bin"] = Convert.ToBase64String(status.ToByteArray()).TrimEnd('=');
            return;
        }

        // Freed by whoever reads it; here too, for a call that Grpc.AspNetCore refuses before.
        using (message)
        {
            context.Request.Body = new MemoryStream(EmptyMessage, writable: false);
            await next(context);
        }
    }
}
