using System.Net;
using Analytics.Ingest.Protos;
using Analytics.Ingest.Tests.Infrastructure;
using Google.Protobuf;
using Grpc.Core;

namespace Analytics.Ingest.Tests.Integration;

[Trait(Tiers.Trait, Tiers.Integration)]
public sealed class KeyLimitTests(DatabaseFixture databases) : HostedTests(databases)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Requests_over_the_limit_are_told_when_to_come_back_in_the_form_of_each_protocol()
    {
        // One request each thousand seconds: the first is within it.
        await LimitAsync("max_requests_per_second = 0.001");
        Assert.Equal(HttpStatusCode.OK, (await Otlp.SendAsync(Exports.Of(Exports.Call(1, Now)))).StatusCode);

        using var http = await Otlp.SendAsync(Exports.Of(Exports.Call(2, Now)));
        Assert.Equal(HttpStatusCode.TooManyRequests, http.StatusCode);
        Assert.InRange(http.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 1000);
        var status = await http.ReadAsync(Protos.Status.Parser);
        Assert.Equal((int)StatusCode.ResourceExhausted, status.Code);
        Assert.Contains("0.001 requests a second", status.Message, StringComparison.Ordinal);

        var grpc = await Assert.ThrowsAsync<RpcException>(() => GrpcBytes.CallAsync(
            Host.OtlpGrpc, "opentelemetry.proto.collector.trace.v1.TraceService", Exports.Of(Exports.Call(3, Now)).ToByteArray(), Key));
        Assert.Equal(StatusCode.ResourceExhausted, grpc.StatusCode);
        var details = Protos.Status.Parser.ParseFrom(grpc.Trailers.GetValueBytes("grpc-status-details-bin"));
        Assert.InRange(RetryInfo.Parser.ParseFrom(Assert.Single(details.Details).Value).RetryDelay.Seconds, 1, 1000);

        using var rest = await Rest.SendAsync("/api/v1/requests", "{\"requests\":[]}"u8.ToArray(), "application/json");
        Assert.Equal(HttpStatusCode.TooManyRequests, rest.StatusCode);
        Assert.NotNull(rest.Headers.RetryAfter);

        // Questions are not limited, nor are other keys of the project.
        Assert.Equal(HttpStatusCode.OK, (await Rest.GetAsync("/api/v1/usage", Cancel)).StatusCode);
        using var other = Client(Host.OtlpHttp, await IngestHost.CreateKeyAsync(Database)).SendAsync(Exports.Of(Exports.Call(4, Now)));
        Assert.Equal(HttpStatusCode.OK, (await other).StatusCode);
        await AssertRowsAsync(2);
        await Eventually.TrueAsync(async () => await MetricAsync("hub_ingest_requests_limited_total", "requests") == 3,
            TimeSpan.FromSeconds(20), () => "the refused requests are not counted", Cancel);
    }

    [Fact]
    public async Task Bytes_are_counted_as_sent_on_every_protocol()
    {
        await LimitAsync("max_bytes_per_second = 1");
        var export = Exports.Of([.. Enumerable.Range(0, 100).Select(id => Exports.Call(id, Now))]);
        Assert.Equal(HttpStatusCode.OK, (await Otlp.SendAsync(export, gzip: true)).StatusCode);
        using var refused = await Otlp.SendAsync(export, gzip: true);
        Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);

        // A second of waiting for each byte, of which gzip leaves a few hundred.
        var size = Sending.Gzip(export.ToByteArray()).Length;
        Assert.InRange(refused.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, size);

        var second = await IngestHost.CreateKeyAsync(Database);
        await LimitAsync("max_bytes_per_second = 1", second);
        var grpc = () => GrpcBytes.CallAsync(Host.OtlpGrpc, "opentelemetry.proto.collector.trace.v1.TraceService", export.ToByteArray(),
            second);
        await grpc();
        Assert.Equal(StatusCode.ResourceExhausted, (await Assert.ThrowsAsync<RpcException>(grpc)).StatusCode);
    }

    [Fact]
    public async Task Calls_of_a_day_are_counted_over_all_replicas_and_over_restarts()
    {
        await LimitAsync("max_calls_per_day = 3");
        Assert.Equal(HttpStatusCode.OK, (await Otlp.SendAsync(Exports.Of(Exports.Call(1, Now), Exports.Call(2, Now)))).StatusCode);

        // What was there already is not counted again.
        Assert.Equal(HttpStatusCode.OK, (await Otlp.SendAsync(Exports.Of(Exports.Call(1, Now), Exports.Call(2, Now)))).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await Otlp.SendAsync(Exports.Of(Exports.Call(3, Now), Exports.Call(4, Now)))).StatusCode);
        Assert.Equal(HttpStatusCode.TooManyRequests, (await Otlp.SendAsync(Exports.Of(Exports.Call(5, Now)))).StatusCode);

        await Host.DisposeAsync();
        Assert.Equal(4, await Database.Owner.ScalarAsync<long>("SELECT calls FROM analytics.key_calls"));
        await using var restarted = IngestHost.Start(Database.ConnectionString("llm_app"));
        using var again = IngestHost.Client(restarted.OtlpHttp, Key);
        using var refused = await again.SendAsync(Exports.Of(Exports.Call(6, Now)));
        Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
        Assert.Contains("3 calls a day", (await refused.ReadAsync(Protos.Status.Parser)).Message, StringComparison.Ordinal);
        await AssertRowsAsync(4);
    }

    private Task LimitAsync(string limit, string? key = null) => Database.Owner.ExecuteAsync(
        $"UPDATE analytics.api_keys SET {limit} WHERE key_prefix = $1", (key ?? Key)[..12]);
}
