using Microsoft.AspNetCore.Http;

namespace ServiceDefaults;

/// <summary>
/// Keeps Hub's own telemetry out of Hub's own tables: it is exported only to an endpoint that somebody configured, and its resource carries a
/// mark by which ingest leaves it out even when that endpoint is ingest itself.
/// </summary>
public static class OwnTelemetry
{
    /// <summary>The resource attribute (boolean) that marks telemetry of Hub itself.</summary>
    public const string ResourceAttribute = "hub.self";

    /// <summary>Probes and scrapes say nothing and come every second; OTLP requests would trace the export of their own traces.</summary>
    internal static bool IsWorthATrace(HttpContext context) =>
        !context.Request.Path.StartsWithSegments("/health", StringComparison.Ordinal)
        && !context.Request.Path.StartsWithSegments("/metrics", StringComparison.Ordinal)
        && !context.Request.Path.StartsWithSegments("/v1", StringComparison.Ordinal)
        && !context.Request.Path.StartsWithSegments("/opentelemetry.proto.collector.trace.v1.TraceService", StringComparison.Ordinal);
}
