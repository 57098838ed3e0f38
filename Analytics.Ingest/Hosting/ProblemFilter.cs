using System.Globalization;
using Analytics.Ingest.Http;
using Analytics.Ingest.Telemetry;

namespace Analytics.Ingest.Hosting;

/// <summary>Answers refused REST requests with ProblemDetails.</summary>
internal sealed class ProblemFilter(IngestMetrics metrics) : IEndpointFilter
{
    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        try
        {
            return await next(context);
        }
        catch (RequestRefusedException refused)
        {
            metrics.Refused(refused.Status);
            var headers = context.HttpContext.Response.Headers;
            if (refused.Status == StatusCodes.Status401Unauthorized) headers.WWWAuthenticate = "Bearer";
            if (refused.RetryAfter is { } wait) headers.RetryAfter = wait.TotalSeconds.ToString("0", CultureInfo.InvariantCulture);
            return TypedResults.Problem(refused.Message, statusCode: refused.Status);
        }
    }
}
