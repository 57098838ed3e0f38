using System.Net;
using Analytics.Ingest.Tests.Infrastructure;
using Npgsql;

namespace Analytics.Ingest.Tests.Integration;

/// <summary>A project that sends more than the database can take keeps no other from storing its calls.</summary>
[Trait(Tiers.Trait, Tiers.Integration)]
public sealed class FairnessTests(DatabaseFixture databases) : HostedTests(databases)
{
    private const int Gate = 4711;
    private const string Slow = "slow-model";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private protected override (string Name, string Value)[] Options =>
        [("Ingest:QueueRows", "160"), ("Ingest:BatchRows", "20"), ("Ingest:RequestDeadline", "00:01:00"),
            ("Ingest:AttemptTimeout", "00:01:00")];

    [Fact]
    public async Task Another_project_is_answered_while_one_fills_its_lanes_and_its_room()
    {
        using var other = IngestHost.Client(Host.OtlpHttp, await IngestHost.CreateKeyAsync(Database, "other"));
        // Whoever makes a chunk keeps others from it until its commit.
        Assert.Equal(HttpStatusCode.OK, (await Otlp.SendAsync(Exports.Of(Exports.Call(2000, Now)))).StatusCode);
        await using var blocker = await Database.Owner.OpenConnectionAsync(Cancel);
        await HoldSlowCallsAsync(blocker);

        // Each request of the first project waits in the database, behind the gate, until nothing more of it is taken.
        var taken = new List<Task<HttpResponseMessage>>();
        while (true)
        {
            var sent = Otlp.SendAsync(Exports.Of([.. Enumerable.Range(taken.Count * 10, 10)
                .Select(id => Exports.Call(id, Now, ("gen_ai.request.model", Slow)))]));
            var calls = 10.0 * (taken.Count + 1);
            await Eventually.TrueAsync(async () => sent.IsCompleted || await MetricAsync("hub_ingest_queue_rows") >= calls,
                TimeSpan.FromSeconds(20), () => "a request is neither queued nor refused", Cancel);
            if (sent.IsCompleted)
            {
                Assert.Equal(HttpStatusCode.ServiceUnavailable, (await sent).StatusCode);
                break;
            }

            taken.Add(sent);
        }

        Assert.Equal(15, taken.Count);
        Assert.Equal(2, await WaitingAsync());
        for (var id = 1000; id < 1010; id++)
        {
            using var answer = await other.SendAsync(Exports.Of(Exports.Call(id, Now)));
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        }

        Assert.DoesNotContain(taken, sent => sent.IsCompleted);
        await OpenGateAsync(blocker);
        Assert.All(await Task.WhenAll(taken), answer => Assert.Equal(HttpStatusCode.OK, answer.StatusCode));
        await AssertRowsAsync(161);
    }

    /// <summary>Calls of one model wait in the database until the gate is opened.</summary>
    private async Task HoldSlowCallsAsync(NpgsqlConnection blocker)
    {
        await Database.Owner.ExecuteAsync(
            $"""
            CREATE FUNCTION analytics.hold() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN PERFORM pg_advisory_xact_lock_shared({Gate}); RETURN NEW; END $$;
            GRANT EXECUTE ON FUNCTION analytics.hold() TO llm_app;
            CREATE TRIGGER hold BEFORE INSERT ON analytics.calls
              FOR EACH ROW WHEN (NEW.model = '{Slow}') EXECUTE FUNCTION analytics.hold();
            """);
        await using var close = new NpgsqlCommand($"SELECT pg_advisory_lock({Gate})", blocker);
        await close.ExecuteNonQueryAsync(Cancel);
    }

    private static async Task OpenGateAsync(NpgsqlConnection blocker)
    {
        await using var open = new NpgsqlCommand($"SELECT pg_advisory_unlock({Gate})", blocker);
        await open.ExecuteNonQueryAsync(Cancel);
    }

    private Task<long> WaitingAsync() => Database.Superuser.ScalarAsync<long>(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = $1 AND usename = 'llm_app' AND wait_event = 'advisory'", Database.Name);
}
