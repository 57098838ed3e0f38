namespace Analytics.Migrations.Tests;

[Trait(Tiers.Trait, Tiers.Integration)]
public class The_Community_edition(DatabaseFixture databases)
{
    [Fact]
    public async Task Has_the_policies_of_the_design()
    {
        await using var database = await databases.CreateMigratedAsync();
        await database.RequireCommunityAsync();
        var rows = await database.Owner.RowsAsync(
            """
            SELECT h.hypertable, extract(day FROM t.time_interval)::int,
                   extract(day FROM (r.config->>'drop_after')::interval)::int, extract(day FROM (c.config->>'compress_after')::interval)::int
              FROM analytics.table_lifecycles h
              JOIN timescaledb_information.dimensions t ON h.hypertable = t.hypertable_schema || '.' || t.hypertable_name
              -- Hub itself drops calls, after it has archived their costs.
              LEFT JOIN timescaledb_information.jobs r ON r.proc_name = 'policy_retention' AND h.hypertable = r.hypertable_schema || '.' || r.hypertable_name
              JOIN timescaledb_information.jobs c ON c.proc_name IN ('policy_compression', 'policy_columnstore') AND h.hypertable = c.hypertable_schema || '.' || c.hypertable_name
             ORDER BY 1
            """);
        Assert.Equal(
            [
                "aggregates.call_rollups 7 1095 90", "analytics.calls 1 null 7", "analytics.cost_archive 1 730 14",
                "events.error_logs 1 180 7",
                "events.system_events 1 90 7", "metrics.model_performance 7 730 30",
            ],
            rows.Select(row => string.Join(' ', row.Select(value => value ?? "null"))));
        var refreshes = await database.Owner.RowsAsync(
            """
            SELECT a.view_name, j.schedule_interval::text, (j.config->>'end_offset')::interval::text, a.materialized_only::text
              FROM timescaledb_information.jobs j JOIN timescaledb_information.continuous_aggregates a
                ON a.materialization_hypertable_name = j.hypertable_name OR a.view_name = j.hypertable_name
             WHERE j.proc_name = 'policy_refresh_continuous_aggregate' ORDER BY 1
            """);
        Assert.Equal(
            ["daily_cost_summary 1 day 2 days false", "error_rate_by_model 00:15:00 2 days false",
                "hourly_request_stats 01:00:00 2 days false"],
            refreshes.Select(row => string.Join(' ', row)));
    }

    [Fact]
    public async Task Compresses_a_chunk_and_keeps_its_rows_and_its_keys()
    {
        await using var database = await databases.CreateMigratedAsync();
        await database.RequireCommunityAsync();
        var old = (await database.HourAsync()).AddDays(-20);
        var kept = new Request(old) { Model = "kept", Cost = null };
        await database.AddAsync(kept);
        await database.Owner.ExecuteAsync(
            """
            INSERT INTO analytics.llm_requests (time, request_id, project_id, provider, model, input_tokens, duration_seconds)
            SELECT $1::timestamptz + i * interval '1 second', gen_random_uuid(), i % 3, 'openai', 'gpt-4o', i, i FROM generate_series(1, 2000) i
            """, old);
        const string sums = "SELECT count(*), sum(input_tokens), sum(duration_seconds), md5(string_agg(request_id::text, '' ORDER BY "
            + "request_id)) FROM analytics.llm_requests";
        var before = (await database.ReadOnly.RowsAsync(sums))[0];

        foreach (var table in new[] { "calls" })
        {
            var job = await database.Owner.ScalarAsync<int>(
                "SELECT job_id FROM timescaledb_information.jobs WHERE proc_name IN ('policy_compression', 'policy_columnstore') AND "
                    + "hypertable_name = $1", table);
            await database.Owner.ExecuteAsync($"CALL public.run_job({job})");
            Assert.True(
                await database.Owner.ScalarAsync<bool>(
                    "SELECT bool_and(is_compressed) FROM timescaledb_information.chunks WHERE hypertable_name = $1", table), table);
        }

        Assert.Equal(before, (await database.ReadOnly.RowsAsync(sums))[0]);
        // A resend is recognised in a compressed chunk as well, and a late row gets in.
        Assert.Equal(0, await database.App.ExecuteAsync(
            "INSERT INTO analytics.calls (time, project_id, call_id, provider, model) VALUES ($1, 1, analytics.call_mask(1, $2), 'openai', "
                + "'kept') ON CONFLICT DO NOTHING", kept.Time, kept.Id));
        await database.AddAsync(new Request(old.AddSeconds(5)));
        Assert.Equal((long)before[0]! + 1, await database.App.ScalarAsync<long>("SELECT count(*) FROM analytics.llm_requests"));
    }

    [Fact]
    public async Task Answers_from_refreshed_aggregates_what_the_raw_rows_answer()
    {
        await using var database = await databases.CreateMigratedAsync();
        await database.RequireCommunityAsync();
        var hour = await database.HourAsync();
        await database.Owner.ExecuteAsync(
            """
            INSERT INTO analytics.llm_requests (time, request_id, project_id, provider, model, cost_usd, input_tokens, duration_seconds, is_error)
            SELECT $1::timestamptz - i * interval '4 minutes', gen_random_uuid(), i % 2, 'openai', 'm' || i % 3,
                   CASE WHEN i % 7 > 0 THEN i * 0.001 END, nullif(i % 100, 0), i % 90 * 1.01, i % 11 = 0 FROM generate_series(1, 4000) i
            """, hour);
        await database.Owner.ExecuteAsync(
            """
            INSERT INTO analytics.cost_tracking (time, request_id, project_id, provider, model, total_cost, price_source)
            SELECT time, request_id, project_id, provider, model, cost_usd, CASE WHEN cost_usd IS NULL THEN 'unpriced' ELSE 'provider' END
              FROM analytics.llm_requests
            """);

        // The roll-ups answer alone as long as nothing is materialised: the views then are the plain queries.
        var views = new[] { "hourly_request_stats", "daily_cost_summary", "error_rate_by_model" };
        var raw = new Dictionary<string, List<string>>();
        foreach (var view in views) raw[view] = await AnswerAsync(view);
        foreach (var view in views)
        {
            var job = await database.Owner.ScalarAsync<int>(
                """
                SELECT j.job_id FROM timescaledb_information.jobs j JOIN timescaledb_information.continuous_aggregates a
                    ON a.materialization_hypertable_name = j.hypertable_name OR a.view_name = j.hypertable_name
                 WHERE j.proc_name = 'policy_refresh_continuous_aggregate' AND a.view_name = $1
                """, view);
            await database.Owner.ExecuteAsync($"CALL public.run_job({job})");
            var stored = await database.Owner.ScalarAsync<string>(
                "SELECT format('%I.%I', materialization_hypertable_schema, materialization_hypertable_name) FROM "
                    + "timescaledb_information.continuous_aggregates WHERE view_name = $1", view);
            Assert.True(await database.Owner.ScalarAsync<long>($"SELECT count(*) FROM {stored}") > 0, $"{view} is not materialised");
            Assert.True(await database.Owner.ScalarAsync<bool>($"SELECT max(bucket) < now() - interval '2 days' FROM {stored}"),
                $"{view} is materialised too far");
            Assert.Equal(raw[view], await AnswerAsync(view));
        }

        // Late, but younger than two days: at once. Older: with the next refresh.
        await database.AddAsync(new Request(hour.AddHours(-30)) { Model = "late" }, new Request(hour.AddDays(-5)) { Model = "later" });
        Assert.Equal(1, await database.App.ScalarAsync<long>("SELECT count(*) FROM aggregates.hourly_request_stats WHERE model = 'late'"));
        Assert.Equal(0, await database.App.ScalarAsync<long>("SELECT count(*) FROM aggregates.hourly_request_stats WHERE model = 'later'"));
        await database.Owner.ExecuteAsync("CALL public.refresh_continuous_aggregate('aggregates.hourly_request_stats', now() - interval "
            + "'10 days', now() - interval '2 days')");
        Assert.Equal(1, await database.App.ScalarAsync<long>("SELECT count(*) FROM aggregates.hourly_request_stats WHERE model = 'later'"));

        async Task<List<string>> AnswerAsync(string view) =>
            [.. (await database.ReadOnly.RowsAsync($"SELECT * FROM aggregates.{view} ORDER BY 1, 2, 3, 4")).Select(row => string.Join(' ',
                row.Select(v => v is double d ? Math.Round(d, 9) : v ?? "NULL")))];
    }

    [Fact]
    public async Task Keeps_aggregates_when_raw_rows_are_dropped()
    {
        await using var database = await databases.CreateMigratedAsync();
        await database.RequireCommunityAsync();
        var gone = (await database.HourAsync()).AddDays(-363);
        await database.AddAsync(new Request(gone) { Model = "old" });
        int[] jobs = [
            .. (await database.Owner.RowsAsync(
                "SELECT job_id FROM timescaledb_information.jobs "
                    + "WHERE proc_name = 'policy_refresh_continuous_aggregate' ORDER BY 1")).Select(row => (int)row[0]!)];
        foreach (var job in jobs) await database.Owner.ExecuteAsync($"CALL public.run_job({job})");
        // As retention does two days later, seen from the refresh two days later: outside its window.
        await database.Owner.ExecuteAsync("SELECT public.drop_chunks('analytics.calls', older_than => now() - interval '361 days')");
        await database.Owner.ExecuteAsync("CALL public.refresh_continuous_aggregate('aggregates.hourly_request_stats', now() - interval "
            + "'360 days', now() - interval '2 days')");
        Assert.Equal(1, await database.App.ScalarAsync<long>("SELECT requests FROM aggregates.hourly_request_stats WHERE model = 'old'"));
    }
}
