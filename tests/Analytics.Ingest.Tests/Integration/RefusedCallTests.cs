using System.Net;
using Analytics.Ingest.Protos;
using Analytics.Ingest.Tests.Infrastructure;
using Google.Protobuf;
using Grpc.Core;

namespace Analytics.Ingest.Tests.Integration;

/// <summary>A call that the database refuses, whatever for, costs its own request only.</summary>
[Trait(Tiers.Trait, Tiers.Integration)]
public sealed class RefusedCallTests(DatabaseFixture databases) : HostedTests(databases)
{
    private const string Bad = "broken-model";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private protected override (string Name, string Value)[] Options =>
        [("Ingest:RequestDeadline", "00:00:20"), ("Ingest:WriterLanes", "1"), ("Logging:LogLevel:Default", "Critical")];

    [Theory]
    [InlineData("XX001")]
    [InlineData("53400")]
    [InlineData("XX000")]
    [InlineData("42P17")]
    [InlineData("P0001")]
    public async Task Call_that_the_database_refuses_costs_its_own_request_only(string sqlState)
    {
        await RefuseAsync(sqlState);
        var other = IngestHost.Client(Host.OtlpHttp, await IngestHost.CreateKeyAsync(Database, "other"));
        using (other)
        {
            // One batch of four requests, two of them of another project.
            var sent = await QueuedTogetherAsync(
                () => Otlp.SendAsync(Exports.Of(Exports.Call(1, Now), Exports.Call(2, Now, ("gen_ai.request.model", Bad)),
                    Exports.Call(3, Now))),
                () => Otlp.SendAsync(Exports.Of(Exports.Call(4, Now))),
                () => other.SendAsync(Exports.Of(Exports.Call(5, Now))),
                () => other.SendAsync(Exports.Of(Exports.Call(6, Now))));
            Assert.Equal([HttpStatusCode.ServiceUnavailable, HttpStatusCode.OK, HttpStatusCode.OK, HttpStatusCode.OK],
                sent.Select(response => response.StatusCode));
            Assert.InRange(sent[0].Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 60);
            Assert.Contains($"1 of 3 calls are not stored: the database refuses them for now ({sqlState})",
                (await sent[0].ReadAsync(Protos.Status.Parser)).Message, StringComparison.Ordinal);
            Assert.All(sent[1..], response => Assert.Equal(0, response.Content.Headers.ContentLength));
        }

        // With the call that held the lane.
        await AssertRowsAsync(6);
        await Eventually.TrueAsync(async () => await MetricAsync("hub_ingest_rows_deferred_total") == 1, TimeSpan.FromSeconds(20),
            () => "the deferred call is not counted", Cancel);

        // Repaired: the same request again is complete, and nothing of it is there twice.
        await Database.Owner.ExecuteAsync("DROP TRIGGER refuse ON analytics.calls");
        using var again = await Otlp.SendAsync(Exports.Of(Exports.Call(1, Now), Exports.Call(2, Now, ("gen_ai.request.model", Bad)),
            Exports.Call(3, Now)));
        Assert.Equal(HttpStatusCode.OK, again.StatusCode);
        await AssertRowsAsync(7);
    }

    [Fact]
    public async Task Call_alone_that_the_database_refuses_keeps_no_lane_from_others()
    {
        await RefuseAsync("XX001");
        var export = Exports.Of(Exports.Call(1, Now, ("gen_ai.request.model", Bad)));
        var refused = await Assert.ThrowsAsync<RpcException>(() => GrpcBytes.CallAsync(
            Host.OtlpGrpc, "opentelemetry.proto.collector.trace.v1.TraceService", export.ToByteArray(), Key));
        Assert.Equal(StatusCode.Unavailable, refused.StatusCode);
        Assert.Contains("XX001", refused.Status.Detail, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await Otlp.SendAsync(Exports.Of(Exports.Call(2, Now)))).StatusCode);
        await AssertRowsAsync(1);
    }

    [Fact]
    public async Task Several_refused_calls_are_found_among_many()
    {
        await RefuseAsync("XX001");
        using var response = await Otlp.SendAsync(Exports.Of([.. Enumerable.Range(0, 300)
            .Select(id => Exports.Call(id, Now, ("gen_ai.request.model", id is 0 or 123 or 299 ? Bad : "gpt-4o")))]));
        Assert.Contains("3 of 300 calls are not stored", (await response.ReadAsync(Protos.Status.Parser)).Message,
            StringComparison.Ordinal);
        await AssertRowsAsync(297);
    }

    [Fact]
    public async Task Search_for_refused_calls_ends_after_a_bounded_number_of_transactions()
    {
        await RefuseAsync("XX001");
        using var response = await Otlp.SendAsync(Exports.Of([.. Enumerable.Range(0, 600)
            .Select(id => Exports.Call(id, Now, ("gen_ai.request.model", id % 2 == 0 ? Bad : "gpt-4o")))]));
        Assert.Contains("calls are not stored", (await response.ReadAsync(Protos.Status.Parser)).Message, StringComparison.Ordinal);

        // The attempt, its repetition, and what the search may cost.
        Assert.InRange(await MetricAsync("hub_ingest_write_failures_total", "Refused"), 60, 70);
        Assert.Equal(HttpStatusCode.OK, (await Otlp.SendAsync(Exports.Of(Exports.Call(1000, Now)))).StatusCode);
    }

    [Fact]
    public async Task Values_that_break_a_rule_of_the_table_are_rejected_and_their_neighbours_stored()
    {
        await Database.Owner.ExecuteAsync(
            $"ALTER TABLE analytics.calls ADD CONSTRAINT not_this_model CHECK (model <> '{Bad}') NOT VALID");
        using var response = await Otlp.SendAsync(
            Exports.Of(Exports.Call(1, Now), Exports.Call(2, Now, ("gen_ai.request.model", Bad)), Exports.Call(3, Now)));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var answer = (await response.ReadAsync(ExportTraceServiceResponse.Parser)).PartialSuccess;
        Assert.Equal(1, answer.RejectedSpans);
        Assert.Contains("not_this_model", answer.ErrorMessage, StringComparison.Ordinal);
        await AssertRowsAsync(2);
    }

    /// <summary>
    /// A server without transaction ids says 54000, the code of values that are too large, to every transaction. Here it says so to every
    /// call, and refuses the transaction that would show that it commits others.
    /// </summary>
    [Theory]
    [InlineData("54000")]
    [InlineData("XX000")]
    public async Task A_server_that_commits_nothing_rejects_nothing(string sqlState)
    {
        await RefuseAsync(sqlState, everyCall: true);
        await Database.Superuser.ExecuteAsync($"REVOKE TEMPORARY ON DATABASE {Database.Name} FROM llm_app");
        var sending = Otlp.SendAsync(Exports.Of(Exports.Call(1, Now)));
        await Eventually.TrueAsync(async () => await MetricAsync("hub_ingest_write_failures_total") >= 4, TimeSpan.FromSeconds(20),
            () => "no four attempts have failed", Cancel);
        Assert.False(sending.IsCompleted);

        await Database.Owner.ExecuteAsync("DROP TRIGGER refuse ON analytics.calls");
        Assert.Equal(HttpStatusCode.OK, (await sending).StatusCode);
        await AssertRowsAsync(1);
    }

    [Fact]
    public async Task Read_only_database_delays_and_rejects_nothing()
    {
        Assert.Equal(HttpStatusCode.OK, (await Otlp.SendAsync(Exports.Of(Exports.Call(1, Now)))).StatusCode);
        await Database.Superuser.ExecuteAsync($"ALTER DATABASE {Database.Name} SET default_transaction_read_only = on");
        await EndSessionsAsync();
        var sending = Otlp.SendAsync(Exports.Of(Exports.Call(2, Now)));
        await Eventually.TrueAsync(async () => await MetricAsync("hub_ingest_write_failures_total", "Transient") >= 3,
            TimeSpan.FromSeconds(20), () => "no three attempts have failed", Cancel);
        Assert.False(sending.IsCompleted);

        await Database.Superuser.ExecuteAsync($"ALTER DATABASE {Database.Name} RESET default_transaction_read_only");
        await EndSessionsAsync();
        Assert.Equal(HttpStatusCode.OK, (await sending).StatusCode);
        await AssertRowsAsync(2);
    }

    /// <summary>Calls of one model, or all, end their transaction with an error.</summary>
    private Task RefuseAsync(string sqlState, bool everyCall = false) => Database.Owner.ExecuteAsync(
        $"""
        CREATE FUNCTION analytics.refuse() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'refused by a test' USING ERRCODE = '{sqlState}'; END $$;
        GRANT EXECUTE ON FUNCTION analytics.refuse() TO llm_app;
        CREATE TRIGGER refuse BEFORE INSERT ON analytics.calls
          FOR EACH ROW WHEN ({(everyCall ? "true" : $"NEW.model = '{Bad}'")}) EXECUTE FUNCTION analytics.refuse();
        """);

    /// <summary>Sends requests while the only lane waits, so that they come into one batch.</summary>
    private async Task<HttpResponseMessage[]> QueuedTogetherAsync(params Func<Task<HttpResponseMessage>>[] requests)
    {
        Task<HttpResponseMessage> first;
        var sent = new List<Task<HttpResponseMessage>>();
        await using (var blocker = await Database.Owner.OpenConnectionAsync(Cancel))
        await using (await blocker.BeginTransactionAsync(Cancel))
        {
            await using var lockTable = blocker.CreateCommand();
            lockTable.CommandText = "LOCK TABLE analytics.calls IN ACCESS EXCLUSIVE MODE";
            await lockTable.ExecuteNonQueryAsync(Cancel);
            first = Otlp.SendAsync(Exports.Of(Exports.Call(1000, Now)));
            await Eventually.TrueAsync(async () => await Database.Superuser.ScalarAsync<long>(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = $1 AND usename = 'llm_app' AND wait_event_type = 'Lock'",
                Database.Name) > 0, TimeSpan.FromSeconds(20), () => "the lane does not wait", Cancel);
            foreach (var request in requests)
            {
                var before = await MetricAsync("hub_ingest_queue_rows");
                sent.Add(request());
                await Eventually.TrueAsync(async () => await MetricAsync("hub_ingest_queue_rows") > before, TimeSpan.FromSeconds(20),
                    () => "a request is not queued", Cancel);
            }
        }

        using var firstAnswer = await first;
        Assert.Equal(HttpStatusCode.OK, firstAnswer.StatusCode);
        return await Task.WhenAll(sent);
    }

    private async Task EndSessionsAsync()
    {
        while (await Database.Superuser.ScalarAsync<long>(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = 'llm_app' AND datname = $1",
            Database.Name) > 0)
            await Task.Delay(100, Cancel);
    }
}
