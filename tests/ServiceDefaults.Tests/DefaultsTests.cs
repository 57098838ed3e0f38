using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using Microsoft.Extensions.Options;
using Npgsql;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace ServiceDefaults.Tests;

public sealed class DefaultsTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Live_is_the_process_and_ready_is_its_dependencies_with_the_reason()
    {
        await using var app = Build(builder => builder.Services.AddHealthChecks()
            .AddCheck("needed", () => HealthCheckResult.Unhealthy("it is not there", new InvalidOperationException("host secret-db")), [HealthTags.Ready])
            .AddCheck("unrelated", () => HealthCheckResult.Unhealthy(), ["other"]));
        using var client = await StartAsync(app);

        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/health/live", Cancel)).StatusCode);
        using var ready = await client.GetAsync("/health/ready", Cancel);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.StatusCode);
        var text = await ready.Content.ReadAsStringAsync(Cancel);
        var checks = JsonDocument.Parse(text).RootElement.GetProperty("checks");
        Assert.Equal("it is not there", checks.GetProperty("needed").GetProperty("reason").GetString());
        Assert.False(checks.TryGetProperty("unrelated", out _));
        Assert.DoesNotContain("secret-db", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Metrics_are_scraped_with_those_of_the_runtime_and_of_hub()
    {
        await using var app = Build();
        using var client = await StartAsync(app);
        using var meter = app.Services.GetRequiredService<IMeterFactory>().Create("Hub.Test");
        meter.CreateCounter<long>("hub.test.things").Add(3);
        var text = await client.GetStringAsync("/metrics", Cancel);
        Assert.Contains("hub_test_things_total", text, StringComparison.Ordinal);
        Assert.Contains("dotnet_", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Unresponsive_database_makes_it_unready_but_live()
    {
        await using var app = Build(builder => builder.AddAnalyticsDataSource("analytics"), ("ConnectionStrings:analytics", "Host=127.0.0.1;Port=1;Username=x;Timeout=1"));
        using var client = await StartAsync(app);
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/health/live", Cancel)).StatusCode);
        using var ready = await client.GetAsync("/health/ready", Cancel);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.StatusCode);
        var checks = JsonDocument.Parse(await ready.Content.ReadAsStringAsync(Cancel)).RootElement.GetProperty("checks");
        Assert.Equal("The database does not answer.", checks.GetProperty("analytics").GetProperty("reason").GetString());
        Assert.NotNull(app.Services.GetService<NpgsqlDataSource>());
    }

    [Fact]
    public void A_missing_connection_string_is_named()
    {
        var builder = WebApplication.CreateSlimBuilder();
        var missing = Assert.Throws<InvalidOperationException>(() => builder.AddAnalyticsDataSource("analytics"));
        Assert.Contains("ConnectionStrings__analytics", missing.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => builder.AddAnalyticsDataSource(" "));
    }

    [Theory]
    [InlineData("Production", ConsoleFormatterNames.Json)]
    [InlineData("Development", null)]
    public async Task Logs_are_json_outside_development(string environment, string? formatter)
    {
        await using var app = Build(null, ("environment", environment));
        Assert.Equal(formatter, app.Services.GetRequiredService<IOptions<ConsoleLoggerOptions>>().Value.FormatterName);
    }

    [Fact]
    public async Task Nothing_is_exported_unless_an_endpoint_is_set_and_all_of_it_is_marked_as_hubs_own()
    {
        await using var silent = Build();
        await using var exporting = Build(null, ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1"));
        Assert.Equal((false, true), (Exports(silent), Exports(exporting)));
        var resource = silent.Services.GetRequiredService<MeterProvider>().GetResource();
        Assert.Contains(resource.Attributes, attribute => attribute is { Key: OwnTelemetry.ResourceAttribute, Value: true });

        static bool Exports(WebApplication app) =>
            app.Services.GetServices<IConfigureOptions<OpenTelemetry.Exporter.OtlpExporterOptions>>().Any()
            || app.Services.GetServices<TracerProvider>().Any(provider => Processor(provider) is not null);

        static object? Processor(TracerProvider provider) =>
            provider.GetType().GetProperty("Processor", System.Reflection.BindingFlags.Instance | System.Reflection.BindingFlags.NonPublic)?.GetValue(provider);
    }

    [Theory]
    [InlineData("/api/v1/usage", true)]
    [InlineData("/health/ready", false)]
    [InlineData("/metrics", false)]
    [InlineData("/v1/traces", true)]
    [InlineData("/opentelemetry.proto.collector.trace.v1.TraceService/Export", true)]
    public void Probes_and_hubs_own_exports_are_not_traced(string path, bool traced)
    {
        var context = new Microsoft.AspNetCore.Http.DefaultHttpContext();
        context.Request.Path = path;
        Assert.Equal(traced, OwnTelemetry.IsWorthATrace(context));
        context.Request.Headers[OwnTelemetry.Header] = "true";
        Assert.False(OwnTelemetry.IsWorthATrace(context));
    }

    [Theory]
    [InlineData("OTEL_EXPORTER_OTLP_HEADERS", null, "hub-self=true")]
    [InlineData("OTEL_EXPORTER_OTLP_HEADERS", "Authorization=Bearer x", "Authorization=Bearer x,hub-self=true")]
    [InlineData("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "a=b", "a=b,hub-self=true")]
    [InlineData("OTEL_EXPORTER_OTLP_TRACES_HEADERS", null, null)]
    public async Task Exports_say_that_they_are_hubs_own(string setting, string? configured, string? sent)
    {
        await using var app = Build(null, ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1"), (setting, configured!));
        Assert.Equal(sent, app.Configuration[setting]);
    }

    [Fact]
    public async Task A_collector_that_refuses_is_not_asked_again_for_the_same_batch()
    {
        var asked = new ConcurrentBag<string>();
        await using var collector = Build();
        collector.Map("/v1/{signal}", (string signal, Microsoft.AspNetCore.Http.HttpResponse answer) =>
        {
            asked.Add(signal);
            answer.StatusCode = (int)HttpStatusCode.ServiceUnavailable;
        });
        using var address = await StartAsync(collector);
        await using (var app = Build(null, ("OTEL_EXPORTER_OTLP_ENDPOINT", $"{address.BaseAddress}"), ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf")))
        {
            using var client = await StartAsync(app);
            using var source = new ActivitySource("Hub.Test.Exports");
            source.StartActivity("span")!.Dispose();
            await app.StopAsync(Cancel);
        }

        Assert.Equal(["metrics", "traces"], asked.Order());
    }

    private static WebApplication Build(Action<WebApplicationBuilder>? configure = null, params (string Name, string Value)[] settings)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions
        {
            EnvironmentName = settings.FirstOrDefault(setting => setting.Name == "environment").Value ?? "Production",
        });
        builder.Configuration.AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create(setting.Name, (string?)setting.Value)));
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.SetMinimumLevel(LogLevel.None);
        builder.AddServiceDefaults();
        configure?.Invoke(builder);
        var app = builder.Build();
        app.MapDefaultEndpoints();
        return app;
    }

    private static async Task<HttpClient> StartAsync(WebApplication app)
    {
        await app.StartAsync(Cancel);
        return new HttpClient { BaseAddress = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()) };
    }
}
