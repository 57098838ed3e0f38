using Analytics.Ingest.Hosting;
using Analytics.Ingest.Keys;
using Analytics.Ingest.Telemetry;
using Grpc.AspNetCore.Server;

namespace Analytics.Ingest.Otlp;

/// <summary>
/// Checks the key of a gRPC call before its message is read, which an interceptor could not: it runs after. A refusal is a response of trailers only.
/// </summary>
internal sealed class GrpcKeyGate(RequestDelegate next, ApiKeyAuthenticator keys, IngestMetrics metrics)
{
    private static readonly object ProjectItem = new();

    public static int ProjectOf(HttpContext context) => (int)context.Items[ProjectItem]!;

    public async Task InvokeAsync(HttpContext context)
    {
        if (context.GetEndpoint()?.Metadata.GetMetadata<GrpcMethodMetadata>() is null)
        {
            await next(context);
            return;
        }

        try
        {
            context.Items[ProjectItem] = await keys.RequireProjectAsync(context);
        }
        catch (RequestRefusedException refused)
        {
            metrics.Refused(refused.Status);
            var status = RpcStatus.Of(refused.Status, refused.Message, refused.RetryAfter);
            context.Response.ContentType = "application/grpc";
            context.Response.Headers["grpc-status"] = status.Code.ToString(System.Globalization.CultureInfo.InvariantCulture);
            context.Response.Headers["grpc-message"] = Uri.EscapeDataString(status.Message);
            context.Response.Headers["grpc-status-details-bin"] = Convert.ToBase64String(Google.Protobuf.MessageExtensions.ToByteArray(status)).TrimEnd('=');
            return;
        }

        await next(context);
    }
}
