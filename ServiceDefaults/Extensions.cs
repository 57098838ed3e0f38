using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using ServiceDefaults;

namespace Microsoft.Extensions.Hosting;

/// <summary>What every Hub service shares: telemetry, health, resilience.</summary>
public static class ServiceDefaultsExtensions
{
    /// <summary>The setting whose presence alone turns on OTLP export. Unset (the default), nothing leaves the process but scrapes of
    /// <c>/metrics</c>.</summary>
    public const string OtlpEndpointSetting = "OTEL_EXPORTER_OTLP_ENDPOINT";

    /// <summary>The clients that OpenTelemetry's OTLP exporter takes from the factory.</summary>
    private static readonly string[] ExporterClients = ["OtlpTraceExporter", "OtlpMetricExporter", "OtlpLogExporter"];

    /// <summary>
    /// Adds OpenTelemetry (traces, metrics, logs), a Prometheus exporter, health checks, HTTP resilience and, outside Development, JSON
    /// logs. Meters and activity sources named <c>Hub.*</c> are collected.
    /// </summary>
    public static TBuilder AddServiceDefaults<TBuilder>(this TBuilder builder) where TBuilder : IHostApplicationBuilder
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.AddHealthChecks().AddCheck("self", () => HealthCheckResult.Healthy(), [HealthTags.Live]);
        builder.Services.ConfigureHttpClientDefaults(http => http.AddStandardResilienceHandler());
        builder.AddLogs();
        builder.AddTelemetry();
        return builder;
    }

    /// <summary>
    /// Maps <c>/health/live</c> (the process answers), <c>/health/ready</c> (every check tagged <see cref="HealthTags.Ready"/>; 503 with
    /// the reason in the JSON body when one fails), <c>/health/accepting</c> (the same for <see cref="HealthTags.Accepting"/>) and
    /// <c>/metrics</c> (Prometheus text). They exist in every environment, because probes need them in production.
    /// </summary>
    /// <returns>The builder of the endpoints, for conventions such as the listener they belong to.</returns>
    public static IEndpointConventionBuilder MapDefaultEndpoints(this WebApplication app)
    {
        ArgumentNullException.ThrowIfNull(app);
        var group = app.MapGroup("").ExcludeFromDescription();
        group.MapHealthChecks("/health/live", Probe(HealthTags.Live));
        group.MapHealthChecks("/health/ready", Probe(HealthTags.Ready));
        group.MapHealthChecks("/health/accepting", Probe(HealthTags.Accepting));
        group.MapPrometheusScrapingEndpoint("/metrics");
        return group;
    }

    private static HealthCheckOptions Probe(string tag) =>
        new() { Predicate = check => check.Tags.Contains(tag), ResponseWriter = HealthReportWriter.Write };

    private static void AddLogs(this IHostApplicationBuilder builder)
    {
        if (!builder.Environment.IsDevelopment())
        {
            builder.Logging.AddJsonConsole(console =>
            {
                console.IncludeScopes = true;
                console.UseUtcTimestamp = true;
                console.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ";
            });
        }

        builder.Logging.AddOpenTelemetry(logs =>
        {
            logs.IncludeFormattedMessage = true;
            logs.IncludeScopes = true;
        });
    }

    private static void AddTelemetry(this IHostApplicationBuilder builder)
    {
        var telemetry = builder.Services.AddOpenTelemetry()
            .ConfigureResource(resource => resource
                .AddService(builder.Environment.ApplicationName, serviceNamespace: "hub")
                .AddAttributes([new(OwnTelemetry.ResourceAttribute, true)]))
            .WithMetrics(metrics => metrics
                .AddAspNetCoreInstrumentation()
                .AddHttpClientInstrumentation()
                .AddRuntimeInstrumentation()
                .AddMeter("Hub.*")
                .AddPrometheusExporter())
            .WithTracing(tracing => tracing
                .AddSource("Hub.*")
                .AddAspNetCoreInstrumentation(options => options.Filter = OwnTelemetry.IsWorthATrace)
                .AddHttpClientInstrumentation());

        if (string.IsNullOrWhiteSpace(builder.Configuration[OtlpEndpointSetting])) return;
        OwnTelemetry.MarkExports(builder.Configuration);
        telemetry.UseOtlpExporter();

        // The exporter sends the next batch anyway; retries with their pauses would hold up its thread, and the end of the process by ten
        // seconds.
        foreach (var exporter in ExporterClients)
            builder.Services.AddHttpClient(exporter).ConfigureAdditionalHttpMessageHandlers((handlers, _) => handlers.Clear());
    }
}
