namespace Analytics.Migrations.Tests;

[Trait(Tiers.Trait, Tiers.Integration)]
public class The_price_list(DatabaseFixture databases)
{
    // An exact name wins over a prefix, a longer prefix over a shorter one.
    private const string Find =
        """
        SELECT input_per_mtok, output_per_mtok, cache_read_per_mtok, cache_write_per_mtok FROM analytics.model_prices
         WHERE provider = $1 AND valid_from <= $3 AND (valid_to IS NULL OR valid_to > $3) AND CASE match WHEN 'exact' THEN model = $2 ELSE starts_with($2, model) END
         ORDER BY match, length(model) DESC LIMIT 1
        """;

    [Theory]
    [InlineData("openai", "gpt-4o-2024-08-06", "2026-08-01", 2.5, 10.0, 1.25, null)]
    [InlineData("openai", "gpt-4o-mini", "2026-08-01", 0.15, 0.6, 0.075, null)]
    [InlineData("openai", "o3", "2025-06-09T23:59:59", 10.0, 40.0, 0.5, null)]
    [InlineData("openai", "o3", "2025-06-10", 2.0, 8.0, 0.5, null)]
    [InlineData("anthropic", "claude-sonnet-4-5-20250929", "2026-08-01", 3.0, 15.0, 0.3, 3.75)]
    [InlineData("anthropic", "claude-sonnet-4-20250514", "2026-08-01", 3.0, 15.0, 0.3, 3.75)]
    [InlineData("aws.bedrock", "anthropic.claude-sonnet-4-5-20250929-v1:0", "2026-08-01", 3.3, 16.5, 0.33, 4.125)]
    [InlineData("gcp.gemini", "gemini-2.5-pro", "2026-08-01", 1.25, 10.0, 0.125, null)]
    [InlineData("openai", "text-embedding-3-small", "2026-08-01", 0.02, 0.0, null, null)]
    public async Task Knows(string provider, string model, string at, double input, double output, double? cacheRead, double? cacheWrite)
    {
        await using var database = await databases.CreateMigratedAsync();
        var time = DateTime.SpecifyKind(DateTime.Parse(at, System.Globalization.CultureInfo.InvariantCulture), DateTimeKind.Utc);
        var row = (await database.App.RowsAsync(Find, provider, model, time))[0];
        Assert.Equal([(decimal)input, (decimal)output, (decimal?)cacheRead, (decimal?)cacheWrite], row);
    }

    [Fact]
    public async Task Covers_the_main_providers_and_contradicts_itself_nowhere()
    {
        await using var database = await databases.CreateMigratedAsync();
        Assert.Equal(
            ["anthropic", "aws.bedrock", "azure.ai.inference", "cohere", "deepseek", "gcp.gemini", "groq", "mistral_ai", "openai", "x_ai"],
            (await database.App.RowsAsync("SELECT DISTINCT provider FROM analytics.current_model_prices ORDER BY 1")).Select(
                row => row[0]));
        Assert.True(
            await database.App.ScalarAsync<long>("SELECT count(DISTINCT (provider, model)) FROM analytics.current_model_prices") >= 60);
        Assert.Empty(await database.App.RowsAsync(
            """
            SELECT a.provider, a.model FROM analytics.model_prices a JOIN analytics.model_prices b USING (provider, model, match)
             WHERE a.price_id < b.price_id AND tstzrange(a.valid_from, a.valid_to) && tstzrange(b.valid_from, b.valid_to)
            """));
        // Reading a cache is cheaper than not having it, and nothing costs more than a mistyped figure would.
        Assert.Empty(await database.App.RowsAsync(
            "SELECT model FROM analytics.model_prices WHERE cache_read_per_mtok > input_per_mtok OR input_per_mtok > 200 OR "
                + "output_per_mtok > 1000 OR model LIKE '%*' OR model LIKE '% %'"));
    }

    [Fact]
    public async Task Has_no_price_for_an_unknown_model()
    {
        await using var database = await databases.CreateMigratedAsync();
        Assert.Empty(await database.App.RowsAsync(Find, "openai", "gpt-99", DateTime.UnixEpoch.AddYears(56)));
        Assert.Empty(await database.App.RowsAsync(Find, "openai", "gpt-4o-realtime-preview", DateTime.UnixEpoch.AddYears(56)));
    }

    [Theory]
    [InlineData("input_per_mtok", "NaN")]
    [InlineData("output_per_mtok", "Infinity")]
    [InlineData("cache_read_per_mtok", "1e9")]
    [InlineData("cache_write_per_mtok", "0.0000000000000000001")]
    [InlineData("cache_write_per_mtok", "NaN")]
    public async Task Refuses_what_is_no_price(string column, string price)
    {
        await using var database = await databases.CreateMigratedAsync();
        var refused = await Assert.ThrowsAsync<Npgsql.PostgresException>(() => database.Owner.ExecuteAsync(
            $"UPDATE analytics.model_prices SET {column} = '{price}' WHERE price_id = 1"));
        Assert.Equal("model_prices_are_numbers", refused.ConstraintName);
    }

    [Fact]
    public async Task Keeps_bad_prices_as_events_when_the_schema_is_updated()
    {
        await using var database = await databases.CreateInitialisedAsync();
        await database.StopJobsAsync();
        var scripts = MigrationScript.LoadEmbedded();
        await database.MigrateAsync([.. scripts.Where(script => script.Number < 14)]);
        await database.Owner.ExecuteAsync(
            """
            INSERT INTO analytics.model_prices (provider, model, match, input_per_mtok, output_per_mtok, cache_read_per_mtok, source)
            VALUES ('x', 'nan', 'exact', 'NaN', 1, NULL, 's'), ('x', 'inf', 'exact', 1, 'Infinity', NULL, 's'),
                   ('x', 'huge', 'exact', 1, 1, '1e40', 's'), ('x', 'long', 'exact', '0.0000000000000000001', 1, NULL, 's'),
                   ('x', 'good', 'exact', '0.1', 1, NULL, 's')
            """);
        await database.MigrateAsync(scripts);
        Assert.Equal(["good"],
            (await database.Owner.RowsAsync("SELECT model FROM analytics.model_prices WHERE provider = 'x'")).Select(row => row[0]));
        Assert.Equal(["huge 1", "inf 1", "long 0.0000000000000000001", "nan NaN"],
            (await database.Owner.RowsAsync("SELECT (detail->>'model') || ' ' || (detail->>'input_per_mtok') FROM events.system_events "
                + "WHERE component = 'prices' AND kind = 'price_refused' AND severity = 'warning' ORDER BY 1")).Select(row => row[0]));
    }
}
