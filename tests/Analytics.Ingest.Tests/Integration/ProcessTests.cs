using System.Net;
using System.Text.Json;
using Analytics.Ingest.Tests.Infrastructure;

namespace Analytics.Ingest.Tests.Integration;

[Trait(Tiers.Trait, Tiers.Integration)]
public sealed class ProcessTests(DatabaseFixture databases)
{
    [Fact]
    public async Task A_stopping_service_answers_what_it_has_taken_and_ends_with_0()
    {
        await using var database = await databases.CreateMigratedAsync();
        var key = await IngestHost.CreateKeyAsync(database);
        await using var ingest = new IngestProcess(database.ConnectionString("llm_app"));
        await ingest.WaitUntilReadyAsync();
        using var client = IngestHost.Client(ingest.OtlpHttp, key);
        var now = TimeProvider.System.GetUtcNow();
        Assert.Equal(HttpStatusCode.OK, (await client.SendAsync(Exports.Of(Exports.Call(1, now)))).StatusCode);

        Task<HttpResponseMessage> inFlight;
        await using (var blocker = await database.Owner.OpenConnectionAsync(TestContext.Current.CancellationToken))
        await using (var transaction = await blocker.BeginTransactionAsync(TestContext.Current.CancellationToken))
        {
            await using var lockTable = blocker.CreateCommand();
            lockTable.CommandText = "LOCK TABLE analytics.calls IN ACCESS EXCLUSIVE MODE";
            await lockTable.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
            inFlight = client.SendAsync(Exports.Of(Exports.Call(2, now)));
            await Task.Delay(1000, TestContext.Current.CancellationToken);
            ingest.Terminate();
            await Task.Delay(1000, TestContext.Current.CancellationToken);
            Assert.False(inFlight.IsCompleted);
        }

        Assert.Equal(HttpStatusCode.OK, (await inFlight).StatusCode);
        Assert.Equal(0, await ingest.WaitForExitAsync());
        Assert.Equal(2, await database.Owner.ScalarAsync<long>("SELECT count(*) FROM analytics.llm_requests"));
    }

    [Fact]
    public async Task Logs_are_json_and_hold_no_key()
    {
        await using var database = await databases.CreateMigratedAsync();
        var key = await IngestHost.CreateKeyAsync(database);
        await using var ingest = new IngestProcess(database.ConnectionString("llm_app"));
        await ingest.WaitUntilReadyAsync();
        using var client = IngestHost.Client(ingest.OtlpHttp, key);
        using var response = await client.SendAsync(Exports.Of(Exports.Call(1, TimeProvider.System.GetUtcNow())));
        ingest.Terminate();
        Assert.Equal(0, await ingest.WaitForExitAsync());
        var lines = ingest.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        Assert.NotEmpty(lines);
        Assert.All(lines, line => JsonDocument.Parse(line).Dispose());
        Assert.DoesNotContain(key, ingest.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Invalid_setting_ends_it_with_a_message()
    {
        await using var wrong = new IngestProcess("Host=127.0.0.1;Port=1;Database=x;Username=x", ("Ingest__WriterLanes", "0"));
        Assert.NotEqual(0, await wrong.WaitForExitAsync());
        Assert.Contains("WriterLanes", wrong.Output, StringComparison.Ordinal);
        await using var missing = new IngestProcess(null);
        Assert.NotEqual(0, await missing.WaitForExitAsync());
        Assert.Contains("The connection string 'analytics' is missing", missing.Output, StringComparison.Ordinal);
    }
}
