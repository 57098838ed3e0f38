using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;

namespace ServiceDefaults;

/// <summary>
/// Keeps Hub's own telemetry out of Hub's own tables: it is exported only to an endpoint that somebody configured, and its resource carries
/// a mark by which ingest leaves it out even when that endpoint is ingest itself.
/// </summary>
public static class OwnTelemetry
{
    /// <summary>The resource attribute (boolean) that marks telemetry of Hub itself.</summary>
    public const string ResourceAttribute = "hub.self";

    /// <summary>The header (gRPC: metadata) of every export of Hub itself, so that no service of Hub traces the export of its own
    /// traces.</summary>
    public const string Header = "hub-self";

    /// <summary>The exporter's settings: for every signal, and for single ones, which then replace it.</summary>
    private static readonly string[] HeaderSettings =
        ["OTEL_EXPORTER_OTLP_HEADERS", "OTEL_EXPORTER_OTLP_TRACES_HEADERS", "OTEL_EXPORTER_OTLP_METRICS_HEADERS",
            "OTEL_EXPORTER_OTLP_LOGS_HEADERS"];

    /// <summary>Makes the exporter send <see cref="Header"/>, beside whatever headers are configured.</summary>
    internal static void MarkExports(IConfiguration configuration)
    {
        foreach (var setting in HeaderSettings)
        {
            var configured = configuration[setting];
            if (setting != HeaderSettings[0] && string.IsNullOrEmpty(configured)) continue;
            configuration[setting] = string.IsNullOrEmpty(configured) ? $"{Header}=true" : $"{configured},{Header}=true";
        }
    }

    /// <summary>Probes and scrapes say nothing and come every second; tracing Hub's own exports would make the next export, without
    /// end.</summary>
    internal static bool IsWorthATrace(HttpContext context) =>
        !context.Request.Path.StartsWithSegments("/health", StringComparison.Ordinal)
        && !context.Request.Path.StartsWithSegments("/metrics", StringComparison.Ordinal)
        && !context.Request.Headers.ContainsKey(Header);
}
