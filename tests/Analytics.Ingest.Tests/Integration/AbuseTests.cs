using System.Net;
using System.Text;
using Analytics.Ingest.Tests.Infrastructure;
using Google.Protobuf;
using Grpc.Core;

namespace Analytics.Ingest.Tests.Integration;

/// <summary>
/// Requests that once ended the process for everybody, sent to a process with the memory of the development preset (768 MiB, of which .NET
/// uses three quarters), beside a sender who does nothing wrong.
/// </summary>
[Trait(Tiers.Trait, Tiers.Integration)]
public sealed class AbuseTests(DatabaseFixture databases, ITestOutputHelper output)
{
    private const string Protobuf = "application/x-protobuf";
    private const string Trace = "opentelemetry.proto.collector.trace.v1.TraceService";
    private const long MostMemory = 400L << 20;

    private static readonly (string Name, string Value)[] Settings =
    [
        ("DOTNET_GCHeapHardLimit", $"0x{576 << 20:X}"), ("DOTNET_gcServer", "0"),
    ];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task No_request_ends_the_process_or_keeps_another_sender_from_storing()
    {
        await using var database = await databases.CreateMigratedAsync();
        var key = await IngestHost.CreateKeyAsync(database);
        await using var ingest = new IngestProcess(database.ConnectionString("llm_app"), Settings);
        await ingest.WaitUntilReadyAsync();
        using var otlp = IngestHost.Client(ingest.OtlpHttp, key);
        using var rest = IngestHost.Client(ingest.Rest, key);

        using var stop = new CancellationTokenSource();
        var bystander = SendAsync(otlp, stop.Token);
        foreach (var abuse in new[] { "empty spans", "empty attributes", "unknown attributes", "deep nesting", "a long text",
            "empty resources" })
            await AllAsync(ingest, abuse, 3,
                async () => AssertAnswered(abuse, await otlp.SendAsync("/v1/traces", Abuse.Protobuf(abuse), Protobuf, "gzip")));
        foreach (var abuse in new[] { "empty spans", "unknown attributes", "a long text", "empty resources" })
            await AllAsync(ingest, abuse, 3,
                async () => AssertAnswered(abuse, await otlp.SendAsync("/v1/traces", Abuse.Json(abuse), "application/json", "gzip")));

        var calls = Calls(400_000);
        await AllAsync(ingest, "calls", 5,
            async () => AssertAnswered("calls", await otlp.SendAsync("/v1/traces", calls, Protobuf, "gzip"),
                HttpStatusCode.RequestEntityTooLarge));
        var bomb = Sending.Gzip(new byte[512 << 20]);
        await AllAsync(ingest, "bomb", 10, async () =>
            AssertAnswered("bomb", await otlp.SendRawAsync("/v1/traces", bomb, Protobuf, "gzip"), HttpStatusCode.RequestEntityTooLarge));
        var requests = Encoding.UTF8.GetBytes($"{{\"requests\":[{string.Join(',', Enumerable.Repeat("{}", 4_000_000))}]}}");
        await AllAsync(ingest, "requests", 3, async () =>
            AssertAnswered("requests", await rest.SendAsync("/api/v1/requests", requests, "application/json", "gzip"),
                HttpStatusCode.RequestEntityTooLarge));

        var large = new byte[60 << 20];
        await AllAsync(ingest, "large messages", 10, async () =>
        {
            var failure = await Assert.ThrowsAsync<RpcException>(() => GrpcBytes.CallAsync(ingest.OtlpGrpc, Trace, large, key));
            Assert.Contains(failure.StatusCode, new[] { StatusCode.InvalidArgument, StatusCode.Unavailable });
        });

        await stop.CancelAsync();
        var stored = await bystander;
        Assert.False(ingest.HasExited, ingest.Output);
        Assert.True(stored > 0);
        Assert.Equal(stored, await database.Owner.ScalarAsync<long>("SELECT count(*) FROM analytics.llm_requests"));
        output.WriteLine($"{stored} calls stored beside, {ingest.PeakMemory >> 20} MiB at most");
        Assert.InRange(ingest.PeakMemory, 0, MostMemory);
    }

    private static async Task<int> SendAsync(HttpClient client, CancellationToken stop)
    {
        var sent = 0;
        while (!stop.IsCancellationRequested)
        {
            using var response = await client.SendAsync(Exports.Of(Exports.Call(++sent, TimeProvider.System.GetUtcNow())));
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            await Task.Delay(50, Cancel);
        }

        return sent;
    }

    private async Task AllAsync(IngestProcess ingest, string abuse, int times, Func<Task> send)
    {
        await Task.WhenAll(Enumerable.Range(0, times).Select(_ => send()));
        output.WriteLine($"{abuse}: {ingest.PeakMemory >> 20} MiB at most");
    }

    private static void AssertAnswered(string abuse, HttpResponseMessage response, HttpStatusCode answer = HttpStatusCode.OK)
    {
        using (response)
            Assert.True(response.StatusCode == answer || response.StatusCode == HttpStatusCode.ServiceUnavailable,
                $"{abuse}: {response.StatusCode}");
    }

    private static byte[] Calls(int count) =>
        Exports.Of([.. Enumerable.Range(1, count).Select(id => Exports.Bare(id, null, ("gen_ai.request.model", "m")))]).ToByteArray();
}
