using Analytics.Ingest.Pricing;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Analytics.Ingest.Tests.Integration;

/// <summary>Ingest may start before the migrations have ended, as it does at every first <c>hub up</c>.</summary>
[Trait(Tiers.Trait, Tiers.Integration)]
public sealed class PriceRefresherTests(DatabaseFixture databases)
{
    [Fact]
    public async Task Empty_price_table_of_unfinished_migrations_is_not_used()
    {
        await using var database = await databases.CreateMigratedAsync();
        await database.Superuser.ExecuteAsync("UPDATE analytics.schema_metadata SET value = '15' WHERE key = 'schema_version'");
        using var prices = new PriceRefresher(database.App, Options.Create(new IngestOptions()), TimeProvider.System,
            NullLogger<PriceRefresher>.Instance);
        Assert.False(await prices.RefreshAsync(TestContext.Current.CancellationToken));
        Assert.False(prices.Loaded.IsCompleted);

        await database.Superuser.ExecuteAsync("UPDATE analytics.schema_metadata SET value = '16' WHERE key = 'schema_version'");
        Assert.True(await prices.RefreshAsync(TestContext.Current.CancellationToken));
        Assert.True(prices.Loaded.IsCompleted);
        Assert.NotEqual(0, prices.Current.Count);
    }
}
