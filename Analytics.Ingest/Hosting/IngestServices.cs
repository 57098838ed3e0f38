using System.Text.Json;
using System.Text.Json.Serialization;
using Analytics.Ingest.Calls;
using Analytics.Ingest.Certificates;
using Analytics.Ingest.Http;
using Analytics.Ingest.Keys;
using Analytics.Ingest.Maintenance;
using Analytics.Ingest.Otlp;
using Analytics.Ingest.Pricing;
using Analytics.Ingest.Rest;
using Analytics.Ingest.Telemetry;
using Analytics.Ingest.Usage;
using Analytics.Ingest.Writing;
using Grpc.AspNetCore.Server.Model;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;
using Npgsql;
using Scalar.AspNetCore;
using ServiceDefaults;

namespace Analytics.Ingest.Hosting;

/// <summary>What the service is made of.</summary>
internal static class IngestServices
{
    /// <summary>The connection that everything uses.</summary>
    public const string Connection = "analytics";

    /// <summary>The connection that usage queries use when it is configured, a replica's for one.</summary>
    public const string ReadOnlyConnection = "analyticsreadonly";

    public static void AddIngest(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddOptions<IngestOptions>().BindConfiguration(IngestOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<IPostConfigureOptions<IngestOptions>>(
            provider => new MemoryLimits(provider.GetRequiredService<IConfiguration>()));
        services.AddSingleton<IConfigureOptions<KestrelServerOptions>, ServerSetup>();
        services.AddSingleton<IConfigureOptions<HostOptions>>(provider =>
            // The server's stopping and the queue's draining share this time.
            new ConfigureOptions<HostOptions>(
                host => host.ShutdownTimeout = provider.GetRequiredService<IOptions<IngestOptions>>().Value.DrainTimeout));
        services.ConfigureHttpJsonOptions(json =>
        {
            json.SerializerOptions.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower;
            // A misspelt field would otherwise be lost in silence.
            json.SerializerOptions.UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow;
        });
        services.AddProblemDetails();
        services.AddOpenApi();
        builder.AddReader();
        services.AddPipeline();
        services.AddOtlp();
        services.AddSingleton<SchemaHealthCheck>();
        services.AddSingleton(provider => new AcceptingHealthCheck(provider.GetRequiredService<SchemaHealthCheck>()));
        services.AddHealthChecks()
            .Add(new HealthCheckRegistration(
                SchemaHealthCheck.Name, provider => provider.GetRequiredService<SchemaHealthCheck>(), HealthStatus.Unhealthy,
                [HealthTags.Ready], SchemaHealthCheck.Timeout))
            .Add(new HealthCheckRegistration(
                AcceptingHealthCheck.Name, provider => provider.GetRequiredService<AcceptingHealthCheck>(), HealthStatus.Unhealthy,
                [HealthTags.Accepting], SchemaHealthCheck.Timeout));
    }

    public static void MapIngest(this WebApplication app)
    {
        app.UseMiddleware<RequestMeter>();
        app.UseErrorResponses();
        app.UseRouting();
        app.UseListeners();
        app.UseMiddleware<GrpcGate>();
        var api = app.MapGroup("").On(Listener.Rest).AddEndpointFilter<RouteGroupBuilder, ProblemFilter>();
        api.MapRequestsApi();
        api.MapUsageApi();
        app.MapOpenApi().On(Listener.Rest);
        app.MapScalarApiReference("/reference").On(Listener.Rest);
        app.MapOtlpHttpApi().On(Listener.OtlpHttp);
        app.MapGrpcService<OtlpGrpcService>().On(Listener.OtlpGrpc);
    }

    private static void AddReader(this WebApplicationBuilder builder)
    {
        var readOnly = builder.Configuration.GetConnectionString(ReadOnlyConnection);
        if (!string.IsNullOrWhiteSpace(readOnly)) builder.Services.AddNpgsqlDataSource(readOnly, serviceKey: ReadOnlyConnection);
        builder.Services.AddSingleton(provider => ActivatorUtilities.CreateInstance<UsageReader>(
            provider, provider.GetKeyedService<NpgsqlDataSource>(ReadOnlyConnection) ?? provider.GetRequiredService<NpgsqlDataSource>()));
    }

    private static void AddPipeline(this IServiceCollection services)
    {
        services.AddSingleton<IngestMetrics>();
        services.AddSingleton<BodyReader>();
        services.AddSingleton<CallBatchReader>();
        services.AddSingleton<IKeyStore, KeyStore>();
        services.AddSingleton<ApiKeyAuthenticator>();
        services.AddHostedService(provider => provider.GetRequiredService<ApiKeyAuthenticator>());
        services.AddSingleton<KeyLimiter>();
        services.AddHostedService(provider => provider.GetRequiredService<KeyLimiter>());
        services.AddSingleton<DrainRate>();
        services.AddSingleton<IngestQueue>();
        services.AddSingleton<BatchWriter>();
        services.AddSingleton<BatchIsolation>();
        services.AddSingleton<IngestPipeline>();
        services.AddSingleton<CallBuilder>();
        services.AddSingleton<CallPricer>();
        services.AddSingleton<PriceRefresher>();
        services.AddSingleton<IPriceSource>(provider => provider.GetRequiredService<PriceRefresher>());
        services.AddHostedService(provider => provider.GetRequiredService<PriceRefresher>());
        services.AddSingleton<MaintenanceService>();
        services.AddHostedService(provider => provider.GetRequiredService<MaintenanceService>());
        services.AddHostedService<CertificateWatch>();

        // The web server is started after all of these and stopped before them, so the lanes outlive the last request.
        services.AddHostedService<WriterService>();
    }

    private static void AddOtlp(this IServiceCollection services)
    {
        services.AddSingleton<TraceSignal>();
        services.AddSingleton<MetricsSignal>();
        services.AddSingleton<LogsSignal>();
        services.AddSingleton<OtlpGrpcService>();
        // Its routes for unknown services would match every two-part path of the other ports.
        services.AddGrpc(grpc => grpc.IgnoreUnknownServices = true);
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IServiceMethodProvider<OtlpGrpcService>, OtlpGrpcMethods>());
    }
}
