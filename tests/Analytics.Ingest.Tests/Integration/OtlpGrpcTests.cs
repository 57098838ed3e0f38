using Analytics.Ingest.Protos;
using Analytics.Ingest.Tests.Infrastructure;
using Google.Protobuf;
using Grpc.Core;

namespace Analytics.Ingest.Tests.Integration;

[Trait(Tiers.Trait, Tiers.Integration)]
public sealed class OtlpGrpcTests(DatabaseFixture databases) : HostedTests(databases)
{
    private const string Trace = "opentelemetry.proto.collector.trace.v1.TraceService";

    private protected override (string Name, string Value)[] Options => [("Ingest:MaxBodyBytes", "1048576")];

    [Fact]
    public async Task An_export_is_stored_and_partial_success_says_what_was_not()
    {
        var answer = await CallAsync(Trace, Exports.Of(Exports.Call(1, Now), Exports.Call(2, Now.AddDays(1))).ToByteArray(), gzip: true);
        Assert.Equal(1, ExportTraceServiceResponse.Parser.ParseFrom(answer).PartialSuccess.RejectedSpans);
        await AssertRowsAsync(1);
    }

    [Fact]
    public async Task Without_a_valid_key_it_is_UNAUTHENTICATED()
    {
        Assert.Equal(StatusCode.Unauthenticated, (await FailAsync(Trace, [], key: "hub_wrong_wrong_wrong")).StatusCode);
        Assert.Equal(StatusCode.Unauthenticated, (await FailAsync(Trace, [0xFF], key: null)).StatusCode);
    }

    [Fact]
    public async Task Malformed_messages_are_INVALID_ARGUMENT_with_the_place()
    {
        var failure = await FailAsync(Trace, [0x0A, 0xFF, 0x01, 0x00], Key);
        Assert.Equal(StatusCode.InvalidArgument, failure.StatusCode);
        Assert.Contains("at byte 0 of 4 (resourceSpans[0])", failure.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Messages_over_the_limit_are_RESOURCE_EXHAUSTED_also_after_decompression()
    {
        Assert.Equal(StatusCode.ResourceExhausted, (await FailAsync(Trace, new byte[2 << 20], Key)).StatusCode);
        Assert.Equal(StatusCode.ResourceExhausted, (await FailAsync(Trace, new byte[200 << 20], Key, gzip: true)).StatusCode);
    }

    [Fact]
    public async Task Metrics_and_logs_are_answered_with_a_warning()
    {
        var metrics = new ExportMetricsServiceRequest
        {
            ResourceMetrics = { new ResourceMetrics { ScopeMetrics = { new ScopeMetrics { Metrics = { new Metric { Sum = new Points { DataPoints = { new Point() } } } } } } } },
        };
        var answer = ExportMetricsServiceResponse.Parser.ParseFrom(await CallAsync("opentelemetry.proto.collector.metrics.v1.MetricsService", metrics.ToByteArray()));
        Assert.Equal(0, answer.PartialSuccess.RejectedDataPoints);
        Assert.Contains("does not store metrics", answer.PartialSuccess.ErrorMessage, StringComparison.Ordinal);
        Assert.Null(ExportLogsServiceResponse.Parser.ParseFrom(await CallAsync("opentelemetry.proto.collector.logs.v1.LogsService", [])).PartialSuccess);
    }

    [Fact]
    public async Task An_unknown_service_is_UNIMPLEMENTED() =>
        Assert.Equal(StatusCode.Unimplemented, (await FailAsync("opentelemetry.proto.collector.profiles.v1.ProfilesService", [], Key)).StatusCode);

    private async Task<RpcException> FailAsync(string service, byte[] message, string? key, bool gzip = false) =>
        await Assert.ThrowsAsync<RpcException>(() => CallAsync(service, message, key ?? "", gzip));

    private Task<byte[]> CallAsync(string service, byte[] message, string? key = null, bool gzip = false) =>
        GrpcBytes.CallAsync(Host.OtlpGrpc, service, message, key ?? Key, gzip);
}
