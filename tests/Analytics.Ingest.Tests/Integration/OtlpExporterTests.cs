using System.Diagnostics;
using Analytics.Ingest.Tests.Infrastructure;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Analytics.Ingest.Tests.Integration;

/// <summary>OpenTelemetry's own exporter, as applications use it.</summary>
[Trait(Tiers.Trait, Tiers.Integration)]
public sealed class OtlpExporterTests(DatabaseFixture databases) : HostedTests(databases)
{
    [Theory]
    [InlineData(OtlpExportProtocol.HttpProtobuf)]
    [InlineData(OtlpExportProtocol.Grpc)]
    public async Task What_the_sdk_exports_is_stored(OtlpExportProtocol protocol)
    {
        using var source = new ActivitySource($"test.{protocol}");
        using (var provider = Sdk.CreateTracerProviderBuilder()
            .AddSource(source.Name)
            .ConfigureResource(resource => resource.AddService("sdk-app"))
            .AddOtlpExporter(exporter =>
            {
                exporter.Protocol = protocol;
                exporter.Endpoint = protocol == OtlpExportProtocol.Grpc ? Host.OtlpGrpc : new Uri(Host.OtlpHttp, "/v1/traces");
                exporter.Headers = $"authorization=Bearer {Key}";
            })
            .Build())
        {
            for (var call = 0; call < 50; call++)
            {
                using var activity = source.StartActivity("chat gpt-4o", ActivityKind.Client)!;
                activity.SetTag("gen_ai.operation.name", "chat").SetTag("gen_ai.provider.name", "openai").SetTag("gen_ai.request.model",
                    "gpt-4o")
                    .SetTag("gen_ai.usage.input_tokens", 10).SetTag("gen_ai.usage.output_tokens", 5);
                using var tool = source.StartActivity("not a model call")!;
                if (call == 0) activity.SetStatus(ActivityStatusCode.Error, "refused");
            }

            Assert.True(provider.ForceFlush(20_000));
        }

        await AssertRowsAsync(50);
        Assert.Equal(1, await CountAsync("events.error_logs"));
        Assert.Equal("sdk-app", await Database.Owner.ScalarAsync<string>("SELECT DISTINCT service_name FROM analytics.llm_requests"));
        Assert.Equal(50, await MetricAsync("hub_ingest_spans_ignored_total"));
    }
}
