using System.Globalization;
using System.Net;
using System.Text.Json;
using Analytics.Ingest.Tests.Infrastructure;
using Google.Protobuf;

namespace Analytics.Ingest.Tests.Integration;

/// <summary>An answer says on how many members its calls are, and a server of several that would commit alone gets no commit.</summary>
[Trait(Tiers.Trait, Tiers.Integration)]
public sealed class CopiesTests
{
    private static readonly CancellationToken Cancel = TestContext.Current.CancellationToken;

    [Fact]
    public async Task One_member_is_one_copy_and_every_answer_says_so()
    {
        await using var server = await ServerAsync("hub.members=1");
        Assert.Equal((HttpStatusCode.OK, "1"), await server.SendAsync(1));
        Assert.Equal(1, (await server.PostAsync()).GetProperty("copies").GetInt32());

        // Again: recognised as a duplicate, in a transaction of its own.
        Assert.Equal((HttpStatusCode.OK, "1"), await server.SendAsync(1));
        Assert.Equal("1", await server.SendGrpcAsync(2));
    }

    [Fact]
    public async Task Cluster_without_a_synchronous_standby_commits_nothing()
    {
        await using var server = await ServerAsync("hub.members=3");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await server.SendAsync(1)).Status);
        Assert.Equal(0, await server.Database.Owner.ScalarAsync<long>("SELECT count(*) FROM analytics.llm_requests"));
    }

    [Fact]
    public async Task Accepted_risk_is_reported()
    {
        await using var server = await ServerAsync("hub.members=3", "synchronous_standby_names=ANY 1 (nobody)", "synchronous_commit=local");
        Assert.Equal((HttpStatusCode.OK, "1"), await server.SendAsync(1));
    }

    [Fact]
    public async Task Response_without_calls_reports_no_copies()
    {
        await using var server = await ServerAsync("hub.members=1");
        using var response = await server.Otlp.SendAsync(Exports.Of());
        Assert.False(response.Headers.Contains("Hub-Copies"));
    }

    private static async Task<Served> ServerAsync(params string[] settings)
    {
        var server = await DatabaseServer.StartAsync(settings);
        if (server.Container is null) Assert.Skip("needs a server of its own, HUB_TEST_DB names a shared one");
        await server.RunInitScriptAsync("hub_copies");
        var database = server.Open("hub_copies");
        await database.StopJobsAsync();
        await database.MigrateAsync();
        return new Served(server, database, IngestHost.Start(database.ConnectionString("llm_app"), ("Ingest:RequestDeadline", "00:00:02"), ("Logging:LogLevel:Default", "Critical")),
            await IngestHost.CreateKeyAsync(database));
    }

    private sealed class Served(DatabaseServer server, TestDatabase database, IngestHost host, string key) : IAsyncDisposable
    {
        private readonly DateTimeOffset now = DateTimeOffset.FromUnixTimeSeconds(TimeProvider.System.GetUtcNow().ToUnixTimeSeconds());

        public TestDatabase Database => database;

        public HttpClient Otlp { get; } = IngestHost.Client(host.OtlpHttp, key);

        public async Task<(HttpStatusCode Status, string? Copies)> SendAsync(int id)
        {
            using var response = await Otlp.SendAsync(Exports.Of(Exports.Call(id, now)));
            return (response.StatusCode, response.Headers.TryGetValues("Hub-Copies", out var copies) ? copies.Single() : null);
        }

        public async Task<JsonElement> PostAsync()
        {
            using var rest = IngestHost.Client(host.Rest, key);
            var body = string.Create(CultureInfo.InvariantCulture, $$"""{"requests":[{"time":"{{now:O}}","provider":"openai","model":"gpt-4o","usage":{"input_tokens":1} } ] }""");
            using var response = await rest.SendAsync("/api/v1/requests", System.Text.Encoding.UTF8.GetBytes(body), "application/json");
            using var answer = JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync(Cancel));
            return answer.RootElement.Clone();
        }

        public async Task<string?> SendGrpcAsync(int id)
        {
            var message = Exports.Of(Exports.Call(id, now)).ToByteArray();
            return (await GrpcBytes.AskAsync(host.OtlpGrpc, "opentelemetry.proto.collector.trace.v1.TraceService", message, key)).Trailers.GetValue("hub-copies");
        }

        public async ValueTask DisposeAsync()
        {
            Otlp.Dispose();
            await host.DisposeAsync();
            await database.DisposeAsync();
            await server.DisposeAsync();
        }
    }
}
