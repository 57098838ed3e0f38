using Analytics.Ingest.Pricing;
using Analytics.Ingest.Tests.Infrastructure;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Analytics.Ingest.Tests.Integration;

/// <summary>Ingest may start before the migrations have ended, as it does at every first <c>hub up</c>.</summary>
[Trait(Tiers.Trait, Tiers.Integration)]
public sealed class PriceRefresherTests(DatabaseFixture databases)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

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

    [Theory]
    [InlineData("NaN")]
    [InlineData("Infinity")]
    [InlineData("1e40")]
    [InlineData("79228162514264337593543950335")]
    public async Task Bad_price_leaves_the_last_good_prices_in_use_and_is_reported_once(string price)
    {
        await using var database = await databases.CreateMigratedAsync();
        var log = new Lines();
        using var prices = new PriceRefresher(database.App, Options.Create(new IngestOptions()), TimeProvider.System, log);
        Assert.True(await prices.RefreshAsync(Cancel));
        var count = prices.Current.Count;

        await AddBadPriceAsync(database, price);
        await database.Owner.ExecuteAsync("INSERT INTO analytics.model_prices (provider, model, match, input_per_mtok, output_per_mtok, "
            + "source) VALUES ('openai', 'new', 'exact', 1, 2, 'test')");
        for (var turn = 0; turn < 3; turn++) Assert.True(await prices.RefreshAsync(Cancel));
        Assert.Equal(count, prices.Current.Count);
        Assert.NotNull(prices.Current.Find("openai", "gpt-4o", null, Exports.Now.UtcDateTime));
        Assert.Contains("(openai gpt-4o-bad). The prices read before stay in use",
            Assert.Single(log.Errors), StringComparison.Ordinal);

        await database.Owner.ExecuteAsync("UPDATE analytics.model_prices SET input_per_mtok = 3 WHERE model = 'gpt-4o-bad'");
        Assert.True(await prices.RefreshAsync(Cancel));
        Assert.Equal(count + 2, prices.Current.Count);
        Assert.Equal(3, prices.Current.Find("openai", "gpt-4o-bad", null, Exports.Now.UtcDateTime)!.Input);
    }

    [Fact]
    public async Task Without_earlier_prices_the_model_of_a_bad_one_has_none()
    {
        await using var database = await databases.CreateMigratedAsync();
        await database.Owner.ExecuteAsync("INSERT INTO analytics.model_prices (provider, model, match, input_per_mtok, output_per_mtok, "
            + "valid_from, valid_to, source) VALUES ('openai', 'gpt-4o', 'prefix', 1, 2, '4000-01-01 BC', '200000-01-01', 'test')");
        await AddBadPriceAsync(database, "NaN");
        using var prices = new PriceRefresher(database.App, Options.Create(new IngestOptions()), TimeProvider.System,
            NullLogger<PriceRefresher>.Instance);
        Assert.True(await prices.RefreshAsync(Cancel));
        Assert.True(prices.Loaded.IsCompleted);
        Assert.NotNull(prices.Current.Find("openai", "gpt-4o-other", null, Exports.Now.UtcDateTime));
        Assert.Null(prices.Current.Find("openai", "gpt-4o-bad", "gpt-4o", Exports.Now.UtcDateTime));
    }

    /// <summary>A price as it could be before the table refused it.</summary>
    private static async Task AddBadPriceAsync(TestDatabase database, string price)
    {
        await database.Owner.ExecuteAsync("ALTER TABLE analytics.model_prices DROP CONSTRAINT model_prices_are_numbers");
        await database.Owner.ExecuteAsync("INSERT INTO analytics.model_prices (provider, model, match, input_per_mtok, output_per_mtok, "
            + $"source) VALUES ('openai', 'gpt-4o-bad', 'exact', '{price}', 2, 'test')");
    }

    private sealed class Lines : ILogger<PriceRefresher>
    {
        public List<string> Errors { get; } = [];

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception,
            Func<TState, Exception?, string> formatter)
        {
            if (logLevel == LogLevel.Error) Errors.Add(formatter(state, exception));
        }
    }
}
