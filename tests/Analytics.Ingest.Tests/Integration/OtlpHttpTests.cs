using System.Net;
using Analytics.Ingest.Protos;
using Analytics.Ingest.Tests.Infrastructure;

namespace Analytics.Ingest.Tests.Integration;

[Trait(Tiers.Trait, Tiers.Integration)]
public sealed class OtlpHttpTests(DatabaseFixture databases) : IAsyncLifetime
{
    private TestDatabase database = null!;
    private IngestHost host = null!;
    private HttpClient client = null!;

    public async ValueTask InitializeAsync()
    {
        database = await databases.CreateMigratedAsync();
        host = IngestHost.Start(database.ConnectionString("llm_app"));
        client = IngestHost.Client(host.OtlpHttp, await IngestHost.CreateKeyAsync(database));
    }

    public async ValueTask DisposeAsync()
    {
        client.Dispose();
        await host.DisposeAsync();
        await database.DisposeAsync();
    }

    [Fact]
    public async Task An_answer_of_200_means_that_the_rows_are_committed()
    {
        for (var id = 1; id <= 20; id++)
        {
            using var response = await client.SendAsync(Exports.Of(Exports.Call(id, DateTimeOffset.FromUnixTimeSeconds(TimeProvider.System.GetUtcNow().ToUnixTimeSeconds()))), gzip: id % 2 == 0);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            Assert.Null((await response.ReadAsync(ExportTraceServiceResponse.Parser)).PartialSuccess);
            Assert.Equal(id, await CountAsync("analytics.llm_requests"));
            Assert.Equal(id, await CountAsync("analytics.token_usage"));
            Assert.Equal(id, await CountAsync("analytics.cost_tracking"));
        }
    }

    private Task<long> CountAsync(string table) => database.Owner.ScalarAsync<long>($"SELECT count(*) FROM {table}");
}
