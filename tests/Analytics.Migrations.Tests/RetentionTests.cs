namespace Analytics.Migrations.Tests;

[Trait(Tiers.Trait, Tiers.Integration)]
public class Retention(DatabaseFixture databases)
{
    [Fact]
    public async Task Drops_what_is_too_old_and_says_so_on_the_Apache_edition()
    {
        await using var database = await databases.CreateMigratedAsync();
        await database.RequireApacheAsync();
        var hour = await database.HourAsync();
        // Kept 365 days as a request, 730 as a cost.
        await database.AddAsync(new Request(hour), new Request(hour.AddDays(-360)), new Request(hour.AddDays(-370)),
            new Request(hour.AddDays(-740)));
        await database.App.ExecuteAsync("INSERT INTO events.error_logs (time, request_id, project_id, provider, model, error_type) "
            + "VALUES ($1, gen_random_uuid(), 1, 'p', 'm', 'e')", hour.AddDays(-182));

        var dropped = await database.App.RowsAsync("SELECT hypertable, count(*) FROM analytics.apply_retention() GROUP BY 1 ORDER BY 1");
        Assert.Equal(
            ["analytics.calls 2", "analytics.cost_archive 1", "events.error_logs 1"],
            dropped.Select(row => $"{row[0]} {row[1]}"));
        Assert.Equal([2L, 2L, 3L, 0L], (await database.Owner.RowsAsync(
            """
            SELECT (SELECT count(*) FROM analytics.llm_requests), (SELECT count(*) FROM analytics.token_usage), (SELECT count(*) FROM analytics.cost_tracking),
                   (SELECT count(*) FROM events.error_logs)
            """))[0]);
        Assert.Equal(
            [["retention", "chunks_dropped", "2"]],
            (await database.ReadOnly.RowsAsync("SELECT component, kind, jsonb_array_length(detail->'chunks')::text FROM "
                + "events.system_events WHERE detail->>'hypertable' = 'analytics.calls'")));

        Assert.Empty(await database.App.RowsAsync("SELECT * FROM analytics.apply_retention()"));
        Assert.Equal(3, await database.Owner.ScalarAsync<long>("SELECT count(*) FROM events.system_events"));
    }

    [Fact]
    public async Task Is_done_once_by_many_at_a_time()
    {
        await using var database = await databases.CreateMigratedAsync();
        await database.RequireApacheAsync();
        await database.AddAsync(new Request((await database.HourAsync()).AddDays(-800)));
        var answers =
            await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => database.App.RowsAsync("SELECT * FROM analytics.apply_retention()")));
        // The calls' and, of the costs that were archived at the same time, the archive's.
        Assert.Equal(2, answers.Sum(rows => rows.Count));
    }

    [Fact]
    public async Task Is_left_to_the_policies_on_the_Community_edition_but_for_calls()
    {
        await using var database = await databases.CreateMigratedAsync();
        await database.RequireCommunityAsync();
        var hour = await database.HourAsync();
        await database.AddAsync(new Request(hour), new Request(hour.AddDays(-370)), new Request(hour.AddDays(-740)));
        var costs = await database.Owner.ScalarAsync<decimal>("SELECT sum(total_cost) FROM analytics.cost_tracking");
        Assert.Equal(
            ["analytics.calls", "analytics.calls"],
            (await database.App.RowsAsync("SELECT hypertable FROM analytics.apply_retention()")).Select(row => row[0]));
        Assert.Equal(1, await database.Owner.ScalarAsync<long>("SELECT count(*) FROM analytics.llm_requests"));
        Assert.Equal(costs, await database.Owner.ScalarAsync<decimal>("SELECT sum(total_cost) FROM analytics.cost_tracking"));

        var job = await database.Owner.ScalarAsync<int>(
            "SELECT job_id FROM timescaledb_information.jobs WHERE proc_name = 'policy_retention' AND hypertable_name = 'cost_archive'");
        await database.Owner.ExecuteAsync($"CALL public.run_job({job})");
        Assert.Equal(2, await database.Owner.ScalarAsync<long>("SELECT count(*) FROM analytics.cost_tracking"));
    }
}
