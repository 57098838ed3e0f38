using System.Net;
using Analytics.Ingest.Tests.Infrastructure;
using Google.Protobuf;
using Grpc.Core;

namespace Analytics.Ingest.Tests.Integration;

[Trait(Tiers.Trait, Tiers.Integration)]
public sealed class BackPressureTests(DatabaseFixture databases) : HostedTests(databases)
{
    private protected override (string Name, string Value)[] Options =>
        [("Ingest:QueueRows", "20"), ("Ingest:BatchRows", "10"), ("Ingest:RequestDeadline", "00:00:20"),
            ("Ingest:AttemptTimeout", "00:01:00")];

    [Fact]
    public async Task Full_queue_refuses_with_retry_after_and_loses_nothing_accepted()
    {
        Assert.Equal(HttpStatusCode.OK, (await Otlp.SendAsync(Exports.Of(Exports.Call(1000, Now)))).StatusCode);
        Task<HttpResponseMessage>[] taken;
        await using (var blocker = await Database.Owner.OpenConnectionAsync(TestContext.Current.CancellationToken))
        await using (var transaction = await blocker.BeginTransactionAsync(TestContext.Current.CancellationToken))
        {
            await using var lockTable = blocker.CreateCommand();
            lockTable.CommandText = "LOCK TABLE analytics.calls IN ACCESS EXCLUSIVE MODE";
            await lockTable.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);

            // One project may hold 15 times of what stays free.
            taken = [.. Enumerable.Range(0, 18).Select(id => Otlp.SendAsync(Exports.Of(Exports.Call(id, Now))))];
            await WaitAsync(async () => await MetricAsync("hub_ingest_queue_rows") == 18);

            using var refused = await Otlp.SendAsync(Exports.Of(Exports.Call(99, Now)));
            Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
            Assert.InRange(refused.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 60);

            var grpc = await Assert.ThrowsAsync<RpcException>(() => GrpcBytes.CallAsync(
                Host.OtlpGrpc, "opentelemetry.proto.collector.trace.v1.TraceService", Exports.Of(Exports.Call(98, Now)).ToByteArray(),
                Key));
            Assert.Equal(StatusCode.Unavailable, grpc.StatusCode);
            var details = Protos.Status.Parser.ParseFrom(grpc.Trailers.GetValueBytes("grpc-status-details-bin"));
            Assert.Equal("type.googleapis.com/google.rpc.RetryInfo", Assert.Single(details.Details).TypeUrl);
            Assert.InRange(Protos.RetryInfo.Parser.ParseFrom(details.Details[0].Value).RetryDelay.Seconds, 1, 60);
            Assert.DoesNotContain(taken, sent => sent.IsCompleted);
        }

        Assert.All(await Task.WhenAll(taken), response => Assert.Equal(HttpStatusCode.OK, response.StatusCode));
        await AssertRowsAsync(19);
        await WaitAsync(async () => await MetricAsync("hub_ingest_queue_rows") == 0);
    }

    [Fact]
    public async Task Request_past_its_deadline_is_told_to_retry_and_succeeds()
    {
        await using var host = IngestHost.Start(Database.ConnectionString("llm_app"), ("Ingest:RequestDeadline", "00:00:01"),
            ("Ingest:AttemptTimeout", "00:00:02"));
        using var client = IngestHost.Client(host.OtlpHttp, Key);
        var export = Exports.Of(Exports.Call(1, Now));
        await using (var blocker = await Database.Owner.OpenConnectionAsync(TestContext.Current.CancellationToken))
        await using (var transaction = await blocker.BeginTransactionAsync(TestContext.Current.CancellationToken))
        {
            await using var lockTable = blocker.CreateCommand();
            lockTable.CommandText = "LOCK TABLE analytics.calls IN ACCESS EXCLUSIVE MODE";
            await lockTable.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
            using var late = await client.SendAsync(export);
            Assert.Equal(HttpStatusCode.ServiceUnavailable, late.StatusCode);
            Assert.NotNull(late.Headers.RetryAfter);
        }

        await WaitAsync(async () => (await client.SendAsync(export)).StatusCode == HttpStatusCode.OK);
        await AssertRowsAsync(1);
    }

    private static async Task WaitAsync(Func<Task<bool>> condition)
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!await condition()) await Task.Delay(50, timeout.Token);
    }
}
