namespace Analytics.Migrations.Tests;

[Trait(Tiers.Trait, Tiers.Integration)]
public class Aggregates_equal_sums_by_hand(DatabaseFixture databases)
{
    [Fact]
    public async Task Also_where_costs_and_counts_are_unknown()
    {
        await using var database = await databases.CreateMigratedAsync();
        var hour = await database.HourAsync();
        await database.AddAsync(
            new Request(hour.AddMinutes(1)) { Seconds = 0.01, Input = 100, Output = 10, Cost = 0.25m },
            new Request(hour.AddMinutes(14)) { Seconds = 0.011, Input = null, Output = null, Cost = null, IsError = true },
            new Request(hour.AddMinutes(16)) { Seconds = null, Input = 50, Output = 5, Cost = 0.5m },
            new Request(hour.AddMinutes(17)) { Seconds = 81.93, Input = 1, Output = 0, Cost = 0m },
            new Request(hour.AddMinutes(18)) { Model = "unheard-of", Input = null, Output = null, Cost = null },
            new Request(hour.AddHours(-1)) { Seconds = 81.92, Operation = "embeddings" });

        var hourly = await database.ReadOnly.RowsAsync(
            """
            SELECT bucket, model, operation, requests, errors, input_tokens, output_tokens, cost_usd, unpriced_requests, duration_count, duration_bucket_0,
                   duration_bucket_1, duration_bucket_13, duration_bucket_14, round(duration_seconds_sum::numeric, 6) FROM aggregates.hourly_request_stats ORDER BY 1, 2
            """);
        Assert.Equal([hour.AddHours(-1), "gpt-4o", "embeddings", 1L, 0L, 100L, 10L, 0.5m, 0L, 1L, 0L, 0L, 1L, 0L, 81.92m], hourly[0]);
        Assert.Equal([hour, "gpt-4o", "chat", 4L, 1L, 151L, 15L, 0.75m, 1L, 3L, 1L, 1L, 0L, 1L, 81.951m], hourly[1]);
        Assert.Equal([hour, "unheard-of", "chat", 1L, 0L, null, null, null, 1L, 1L, 0L, 0L, 0L, 0L, 1.5m], hourly[2]);
        Assert.Equal(3, hourly.Count);

        var quarters = await database.ReadOnly.RowsAsync(
            "SELECT bucket, requests, errors, error_rate FROM aggregates.error_rate_by_model WHERE model = 'gpt-4o' AND bucket >= $1 "
                + "ORDER BY 1", hour);
        Assert.Equal([hour, 2L, 1L, 0.5], quarters[0]);
        Assert.Equal([hour.AddMinutes(15), 2L, 0L, 0.0], quarters[1]);

        var costs = await database.ReadOnly.RowsAsync(
            """
            SELECT sum(requests), sum(priced_requests), sum(unpriced_requests), sum(input_cost), sum(cache_read_cost), sum(output_cost), sum(total_cost)
              FROM aggregates.daily_cost_summary
            """);
        Assert.Equal([6m, 4m, 2m, 0.5m, null, 0.75m, 1.25m], costs[0]);
        Assert.Equal(
            [null, 1L],
            (await database.ReadOnly.RowsAsync(
                "SELECT total_cost, unpriced_requests FROM aggregates.daily_cost_summary WHERE model = 'unheard-of'"))[0]);
    }

    [Fact]
    public async Task And_the_helper_views_answer()
    {
        await using var database = await databases.CreateMigratedAsync();
        var hour = await database.HourAsync();
        await database.AddAsync([.. Enumerable.Range(0, 4).Select(i => new Request(hour.AddMinutes(i)) { Seconds = 1 })]);
        await database.AddAsync(new Request(hour) { Model = "unheard-of", Cost = null });
        Assert.Equal(0.96,
            await database.ReadOnly.ScalarAsync<double>("SELECT p50_seconds FROM aggregates.hourly_latency WHERE model = 'gpt-4o'"), 1e-9);
        Assert.Equal(1,
            await database.ReadOnly.ScalarAsync<double>("SELECT mean_seconds FROM aggregates.hourly_latency WHERE model = 'gpt-4o'"), 1e-9);
        Assert.Equal(["openai", "unheard-of", 1L],
            (await database.Monitor.RowsAsync("SELECT provider, model, requests FROM analytics.unpriced_models"))[0]);
    }
}

[Trait(Tiers.Trait, Tiers.Integration)]
public class Model_performance_is_recorded(DatabaseFixture databases)
{
    [Fact]
    public async Task For_whole_hours_and_as_often_as_asked()
    {
        await using var database = await databases.CreateMigratedAsync();
        var hour = (await database.HourAsync()).AddHours(-3);
        await database.AddAsync([
            .. Enumerable.Range(1, 100).Select(i => new Request(hour.AddSeconds(i)) { Seconds = i, FirstToken = i / 10.0, Output = 200 })]);
        await database.AddAsync(
            new Request(hour.AddMinutes(30)) { Seconds = null, Output = null, IsError = true },
            new Request(hour.AddHours(1)) { Seconds = 2, Output = 8 },
            // the third hour is cut by the window
            new Request(hour.AddHours(2)) { Seconds = 3 });
        const string record = "SELECT analytics.record_model_performance($1, $2)";
        Assert.Equal(2L, await database.App.ScalarAsync<long>(record, hour.AddMinutes(-20), hour.AddHours(2).AddMinutes(59)));
        Assert.Equal(2L, await database.App.ScalarAsync<long>(record, hour, hour.AddHours(2)));
        var rows = await database.ReadOnly.RowsAsync(
            """
            SELECT time, requests, errors, round(error_rate::numeric, 4), p50_seconds, round(p95_seconds::numeric, 6), round(p99_seconds::numeric, 6), mean_seconds,
                   round(p95_time_to_first_token_seconds::numeric, 6), round(output_tokens_per_second::numeric, 4) FROM metrics.model_performance ORDER BY time
            """);
        Assert.Equal([hour, 101L, 1L, 0.0099m, 50.5, 95.05m, 99.01m, 50.5, 9.505m, 3.9604m], rows[0]);
        Assert.Equal([hour.AddHours(1), 1L, 0L, 0m, 2.0, 2m, 2m, 2.0, null, 4m], rows[1]);
        Assert.Equal(2, rows.Count);

        // What came late is in it the next time.
        await database.AddAsync(new Request(hour.AddHours(1).AddMinutes(1)) { Seconds = 4, IsError = true });
        await database.App.ScalarAsync<long>(record, hour, hour.AddHours(2));
        Assert.Equal([2L, 1L, 0.5],
            (await database.ReadOnly.RowsAsync(
                "SELECT requests, errors, error_rate FROM metrics.model_performance ORDER BY time DESC"))[0]);
    }

    [Fact]
    public async Task But_not_backwards()
    {
        await using var database = await databases.CreateMigratedAsync();
        var refused = await Assert.ThrowsAsync<Npgsql.PostgresException>(
            () => database.App.ExecuteAsync("SELECT analytics.record_model_performance(now(), now() - interval '1 hour')"));
        Assert.Equal(Npgsql.PostgresErrorCodes.InvalidParameterValue, refused.SqlState);
    }
}
