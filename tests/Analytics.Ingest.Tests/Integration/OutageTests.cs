using System.Collections.Concurrent;
using System.Net;
using Analytics.Ingest.Tests.Infrastructure;
using Npgsql;

namespace Analytics.Ingest.Tests.Integration;

/// <summary>The database goes away in the middle: what was acknowledged is there, once; what was not may be sent again.</summary>
[Trait(Tiers.Trait, Tiers.Integration)]
public sealed class OutageTests : IAsyncLifetime
{
    private const int SpansPerExport = 5;

    // A server of its own: the others' tests must not notice.
    private readonly DatabaseFixture databases = new();
    private TestDatabase database = null!;
    private CuttableProxy proxy = null!;
    private string throughProxy = "", key = "";

    public async ValueTask InitializeAsync()
    {
        database = await databases.CreateMigratedAsync();
        key = await IngestHost.CreateKeyAsync(database);
        var target = new NpgsqlConnectionStringBuilder(database.ConnectionString("llm_app"));
        proxy = new CuttableProxy(target.Host!, target.Port);
        (target.Host, target.Port) = ("127.0.0.1", proxy.Port);
        throughProxy = target.ConnectionString;
    }

    public async ValueTask DisposeAsync()
    {
        await proxy.DisposeAsync();
        await database.DisposeAsync();
        await databases.DisposeAsync();
    }

    [Fact]
    public async Task Connections_cut_at_any_moment_lose_and_double_nothing()
    {
        await using var host = IngestHost.Start(throughProxy, ("Ingest:BatchRows", "40"), ("Logging:LogLevel:Default", "Critical"));
        using var done = new CancellationTokenSource();
        var sabotage = Task.Run(async () =>
        {
            var random = new Random(7);
            while (!done.IsCancellationRequested)
            {
                await Task.Delay(random.Next(20, 250), CancellationToken.None);
                if (random.Next(2) == 0) proxy.Cut();
                else await proxy.SwallowAnswersAsync(TimeSpan.FromMilliseconds(random.Next(5, 60)));
            }
        }, CancellationToken.None);
        // As many as it takes: a fast machine has sent the first thousands before the wire has been cut often enough.
        var acknowledged = new ConcurrentBag<int>();
        for (var first = 0; first == 0 || proxy.Cuts <= 20; first += 600) await SendAllAsync(host, first, 600, acknowledged);
        await done.CancelAsync();
        await sabotage;

        await AssertLedgerAsync(acknowledged);
    }

    [Fact]
    public async Task A_frozen_database_delays_and_loses_nothing()
    {
        await using var host = IngestHost.Start(throughProxy, ("Ingest:AttemptTimeout", "00:00:02"),
            ("Logging:LogLevel:Default", "Critical"));
        var container = database.Server.Container
            ?? throw new InvalidOperationException("This test needs a container of its own: unset HUB_TEST_DB.");
        var freeze = Task.Run(async () =>
        {
            await Task.Delay(500, CancellationToken.None);
            await container.PauseAsync(CancellationToken.None);
            await Task.Delay(TimeSpan.FromSeconds(6), CancellationToken.None);
            await container.UnpauseAsync(CancellationToken.None);
        }, CancellationToken.None);
        var acknowledged = new ConcurrentBag<int>();
        for (var first = 0; first == 0 || !freeze.IsCompleted; first += 1000) await SendAllAsync(host, first, 1000, acknowledged);
        await freeze;
        await AssertLedgerAsync(acknowledged);
    }

    [Fact]
    public async Task Known_key_is_accepted_while_the_database_hangs()
    {
        await using var host = IngestHost.Start(throughProxy, ("Ingest:KeyCache", "00:00:01"), ("Logging:LogLevel:Default", "Critical"));
        var container = database.Server.Container
            ?? throw new InvalidOperationException("This test needs a container of its own: unset HUB_TEST_DB.");
        using var client = IngestHost.Client(host.OtlpHttp, key);
        Assert.Equal(HttpStatusCode.OK, (await client.SendAsync(Exports.Of())).StatusCode);
        await container.PauseAsync(TestContext.Current.CancellationToken);
        try
        {
            // For several times as long as the key is trusted without a look-up.
            for (var turn = 0; turn < 20; turn++)
            {
                Assert.Equal(HttpStatusCode.OK, (await client.SendAsync(Exports.Of())).StatusCode);
                await Task.Delay(200, TestContext.Current.CancellationToken);
            }
        }
        finally
        {
            await container.UnpauseAsync(CancellationToken.None);
        }
    }

    /// <summary>Sends numbered exports, each until it is acknowledged.</summary>
    private async Task SendAllAsync(IngestHost host, int first, int exports, ConcurrentBag<int> acknowledged)
    {
        var now = DateTimeOffset.FromUnixTimeSeconds(TimeProvider.System.GetUtcNow().ToUnixTimeSeconds());
        using var client = IngestHost.Client(host.OtlpHttp, key);
        await Parallel.ForEachAsync(Enumerable.Range(first, exports), new ParallelOptions { MaxDegreeOfParallelism = 16 },
            async (number, cancellationToken) =>
        {
            var spans = Enumerable.Range(1 + (number * SpansPerExport), SpansPerExport)
                .Select(id => Exports.Call(id, now, ("error.type", id % 7 == 0 ? "x" : null)));
            var export = Exports.Of([.. spans]);
            for (var attempt = 0; ; attempt++)
            {
                using var response = await client.SendAsync(export);
                if (response.StatusCode == HttpStatusCode.OK) break;
                Assert.True(attempt < 50 && response.StatusCode == HttpStatusCode.ServiceUnavailable,
                    $"{response.StatusCode} at attempt {attempt}");
                await Task.Delay(200, cancellationToken);
            }

            acknowledged.Add(number);
        });
    }

    private async Task AssertLedgerAsync(ConcurrentBag<int> acknowledged)
    {
        var rows = (long)acknowledged.Count * SpansPerExport;
        foreach (var table in new[] { "analytics.llm_requests", "analytics.token_usage", "analytics.cost_tracking" })
        {
            Assert.Equal(
                [rows, rows],
                Assert.Single(await database.Owner.RowsAsync($"SELECT count(*), count(DISTINCT request_id) FROM {table}")));
        }

        Assert.Equal(
            await database.Owner.ScalarAsync<long>("SELECT count(*) FROM analytics.llm_requests WHERE is_error"),
            await database.Owner.ScalarAsync<long>("SELECT count(*) FROM events.error_logs"));
    }
}
