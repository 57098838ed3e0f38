using Npgsql;

namespace Analytics.Migrations.Tests;

/// <summary>
/// A database of the release before analytics.calls is upgraded in place: what people ask has the same answer before, while the old calls
/// are moved, and afterwards; both releases of ingest write meanwhile; no call is there twice, and none is lost.
/// </summary>
[Trait(Tiers.Trait, Tiers.Integration)]
public class A_database_of_the_release_before(DatabaseFixture databases)
{
    private const int LastScript = 12;
    private const int Calls = 3000;
    private const string Move = "SELECT analytics.move_old_calls()";

    /// <summary>Sums, and sums of checksums, so that one row that differs shows.</summary>
    private static readonly Dictionary<string, string> Questions = new()
    {
        ["requests"] = Checksum("analytics.llm_requests", "time, request_id, project_id, trace_id, span_id, provider, model, "
            + "request_model, operation, service_name, user_id, streamed, is_error, duration_seconds, time_to_first_token_seconds, "
            + "input_tokens, output_tokens, cost_usd, ingested_at"),
        ["usage"] = Checksum("analytics.token_usage", "t.*"),
        ["costs"] = Checksum("analytics.cost_tracking", "t.*"),
        ["hours"] = Checksum("aggregates.hourly_request_stats", "bucket, project_id, provider, model, operation, requests, errors, "
            + "input_tokens, output_tokens, cost_usd, unpriced_requests, duration_count, duration_bucket_0, duration_bucket_7, "
            + "duration_bucket_8, duration_bucket_14"),
        ["durations"] = "SELECT round(sum(duration_seconds_sum)::numeric, 2)::text FROM aggregates.hourly_request_stats",
        ["days"] = Checksum("aggregates.daily_cost_summary", "t.*"),
        ["quarters"] = Checksum("aggregates.error_rate_by_model", "t.*"),
    };

    [Fact]
    public async Task Gives_the_same_answers_before_during_and_after()
    {
        await using var database = await CreateOldAsync();
        await FillAsync(database);
        var before = await AskAsync(database);
        await database.MigrateAsync();
        Assert.Equal(before, await AskAsync(database));

        var steps = 0;
        string? progress;
        do
        {
            progress = await database.App.ScalarAsync<string>(Move);
            var over = !progress!.Contains("moved,", StringComparison.Ordinal);
            if (++steps % 40 == 0 || over) Assert.Equal(before, await AskAsync(database));
        }
        while (progress!.Contains("moved,", StringComparison.Ordinal));

        Assert.StartsWith($"finished: {Calls} calls moved", progress, StringComparison.Ordinal);
        Assert.Null(await database.App.ScalarAsync<string>(Move));
        Assert.True(steps > 100, $"{steps} steps");
        await database.App.ScalarAsync<int>("SELECT analytics.compact_rollups(100000)");
        Assert.Equal(before, await AskAsync(database));
        Assert.Equal(0, await database.Owner.ScalarAsync<long>(
            "SELECT count(*) FROM pg_class WHERE relname LIKE 'old\\_%' AND relkind IN ('r', 'v') AND relnamespace::regnamespace::text "
                + "IN ('analytics', 'aggregates')"));

        // The same schema as that of a new database.
        await using var fresh = await databases.CreateMigratedAsync();
        const string Objects = """
            SELECT string_agg(format('%s.%s %s', c.relnamespace::regnamespace, c.relname, c.relkind), ', ' ORDER BY c.relnamespace::regnamespace::text, c.relname)
              FROM pg_class c WHERE c.relnamespace::regnamespace::text IN ('analytics', 'aggregates', 'metrics', 'events')
            """;
        Assert.Equal(await fresh.Owner.ScalarAsync<string>(Objects), await database.Owner.ScalarAsync<string>(Objects));
    }

    [Fact]
    public async Task Recognises_what_is_sent_again_at_every_point_of_the_upgrade()
    {
        await using var database = await CreateOldAsync();
        var hour = await database.HourAsync();
        var (today, lastWeek) = (new Request(hour), new Request(hour.AddDays(-7)));
        const string Error = "INSERT INTO events.error_logs (time, request_id, project_id, provider, model, error_type) "
            + "VALUES ($1, $2, 1, 'openai', 'gpt-4o', 'timeout')";
        await database.AddAsync(today, lastWeek);
        await database.App.ExecuteAsync(Error, today.Time, today.Id);
        await database.MigrateAsync();

        // Failed, and stored by this release: the release before has another id for its error.
        await database.App.ExecuteAsync(
            "INSERT INTO analytics.calls (time, project_id, call_id, provider, is_error) VALUES ($1, 2, 1, 'openai', true)", today.Time);
        await database.App.ExecuteAsync(Error.Replace("$2, 1", "$2, 2", StringComparison.Ordinal), today.Time, Guid.NewGuid());
        await database.Owner.ExecuteAsync("DELETE FROM analytics.calls WHERE project_id = 2");
        do
        {
            // The release before sends both once more, and the views say nothing of it but store nothing.
            await database.AddAsync(today, lastWeek);
            await database.App.ExecuteAsync(Error, today.Time, today.Id);
            Assert.Equal(1, await database.Owner.ScalarAsync<long>("SELECT count(*) FROM events.error_logs"));
            // Ingest of this release asks as it does for late calls.
            foreach (var request in new[] { today, lastWeek })
            {
                Assert.Equal(0, await database.App.ExecuteAsync(
                    "INSERT INTO analytics.calls (time, project_id, call_id, provider) SELECT $1, 1, id, 'openai' FROM "
                        + "analytics.call_mask(1, $2) id WHERE NOT analytics.is_in_old_tables(1, $1, id) ON CONFLICT DO NOTHING",
                    request.Time, request.Id));
            }

            Assert.Equal([2L, 2L, 2L, 2m, 200m],
                (await database.ReadOnly.RowsAsync(
                    """
                    SELECT (SELECT count(*) FROM analytics.llm_requests), (SELECT count(*) FROM analytics.token_usage),
                           (SELECT count(*) FROM analytics.cost_tracking), sum(requests), sum(input_tokens) FROM aggregates.hourly_request_stats
                    """))[0]);
        }
        while (await database.App.ScalarAsync<string>(Move) is not null);
    }

    [Fact]
    public async Task Takes_calls_of_both_releases_meanwhile()
    {
        await using var database = await CreateOldAsync();
        await FillAsync(database);
        var before = await database.Owner.ScalarAsync<decimal>("SELECT sum(requests) FROM aggregates.hourly_request_stats");
        await database.MigrateAsync();
        var hour = await database.HourAsync();
        var added = 0;
        for (var step = 0; step < 60; step++)
        {
            // Today's, and late ones: of an hour that is moved already, and of one that is not.
            foreach (var days in new[] { 0, 1, 30 }) await database.AddAsync(new Request(hour.AddDays(-days).AddSeconds(step)));
            added += 3;
            await database.App.ScalarAsync<string>(Move);
            Assert.Equal([(long)Calls + added, (long)Calls + added, before + added, (before + added) * 1m],
                (await database.ReadOnly.RowsAsync(
                    """
                    SELECT (SELECT count(*) FROM analytics.llm_requests), (SELECT count(DISTINCT request_id) FROM analytics.token_usage),
                           (SELECT sum(requests) FROM aggregates.hourly_request_stats), (SELECT sum(requests) FROM aggregates.error_rate_by_model)
                    """))[0]);
        }
    }

    [Fact]
    public async Task Goes_on_where_a_killed_move_stopped()
    {
        await using var database = await CreateOldAsync();
        await FillAsync(database);
        var before = await AskAsync(database);
        await database.MigrateAsync();
        for (var i = 0; i < 5; i++)
        {
            await using var connection = await database.App.OpenConnectionAsync(TestContext.Current.CancellationToken);
            await using var transaction = await connection.BeginTransactionAsync(TestContext.Current.CancellationToken);
            await using var move = new NpgsqlCommand(Move, connection);
            await move.ExecuteScalarAsync(TestContext.Current.CancellationToken);
            await using var id = new NpgsqlCommand("SELECT pg_backend_pid()", connection);
            var backend = (int)(await id.ExecuteScalarAsync(TestContext.Current.CancellationToken))!;
            await database.Superuser.ExecuteAsync($"SELECT pg_terminate_backend({backend})");
            await Assert.ThrowsAnyAsync<Exception>(() => transaction.CommitAsync(TestContext.Current.CancellationToken));
            await database.App.ScalarAsync<string>(Move);
        }

        Assert.Equal(before, await AskAsync(database));
        while (await database.App.ScalarAsync<string>(Move) is not null)
        {
        }

        Assert.Equal(before, await AskAsync(database));
    }

    private static string Checksum(string table, string columns) =>
        $"SELECT count(*) || ' ' || coalesce(sum(('x' || left(md5(row({columns})::text), 8))::bit(32)::bigint), 0) FROM {table} t";

    private static async Task<Dictionary<string, string?>> AskAsync(TestDatabase database)
    {
        var answers = new Dictionary<string, string?>();
        foreach (var (name, question) in Questions) answers[name] = await database.Owner.ScalarAsync<string>(question);
        return answers;
    }

    /// <summary>A database as the release before has left it, its jobs stopped.</summary>
    private async Task<TestDatabase> CreateOldAsync()
    {
        var database = await databases.CreateInitialisedAsync();
        await database.StopJobsAsync();
        await database.MigrateAsync([.. MigrationScript.LoadEmbedded().Where(script => script.Number <= LastScript)]);
        return database;
    }

    /// <summary>
    /// Calls of 40 days, as spans and as REST calls, with and without prices; on Community compressed and refreshed as the policies do it;
    /// and costs whose calls are gone.
    /// </summary>
    private static async Task FillAsync(TestDatabase database)
    {
        await database.Owner.ExecuteAsync(
            $"""
             CREATE TABLE public.filled AS
             SELECT date_trunc('hour', now()) - interval '40 days' + i * interval '40 days' / {Calls} AS time,
                    gen_random_uuid() AS request_id, 1 + i % 3 AS project_id, CASE WHEN i % 5 > 0 THEN md5((i / 4)::text) END AS trace_id, 'm' || i % 4 AS model,
                    i % 20 = 0 AS is_error, (i % 7) * 0.3 AS seconds, nullif(i % 30, 0) * 10 AS input, i % 40 AS output, i
               FROM generate_series(1, {Calls}) i;
             INSERT INTO analytics.llm_requests (time, request_id, project_id, trace_id, span_id, provider, model, request_model, is_error,
               duration_seconds, time_to_first_token_seconds, input_tokens, output_tokens, cost_usd, user_id)
             SELECT time, request_id, project_id, trace_id, CASE WHEN trace_id IS NOT NULL THEN left(md5(i::text), 16) END, 'openai', model,
                    'asked', is_error, seconds, nullif(seconds, 0) / 2, input, output, CASE WHEN i % 9 > 0 THEN i * 0.001 END, 'u' || i % 50
               FROM filled;
             INSERT INTO analytics.token_usage (time, request_id, project_id, provider, model, input_tokens, output_tokens, cache_read_tokens,
               uncached_input_tokens, total_tokens, cache_convention, contradictions)
             SELECT time, request_id, project_id, 'openai', model, input, output, CASE WHEN i % 3 = 0 THEN input / 2 END,
                    input - coalesce(CASE WHEN i % 3 = 0 THEN input / 2 END, 0), input + output,
                    CASE WHEN i % 3 = 0 THEN 'inclusive' ELSE 'none' END, CASE WHEN i % 100 = 0 THEN ARRAY['total_disagrees'] END FROM filled;
             INSERT INTO analytics.cost_tracking (time, request_id, project_id, provider, model, input_cost, output_cost, total_cost, price_id,
               price_source)
             SELECT time, request_id, project_id, 'openai', model, CASE WHEN i % 9 > 0 THEN i * 0.0004 END,
                    CASE WHEN i % 9 > 0 THEN i * 0.0006 END, CASE WHEN i % 9 > 0 THEN i * 0.001 END, CASE WHEN i % 9 > 0 THEN 1 END,
                    CASE WHEN i % 9 > 0 THEN 'catalogue' ELSE 'unpriced' END FROM filled;
             INSERT INTO analytics.cost_tracking (time, request_id, project_id, provider, model, input_cost, output_cost, total_cost, price_id,
               price_source)
             SELECT now() - interval '500 days' + i * interval '1 hour', gen_random_uuid(), 1, 'openai', 'm1', 1, 2, 3, 1, 'catalogue'
               FROM generate_series(1, 50) i;
             DROP TABLE public.filled
             """);
        if (!await database.Owner.ScalarAsync<bool>("SELECT current_setting('timescaledb.license') = 'timescale'")) return;
        foreach (var (table, days) in new[] { ("llm_requests", 7), ("token_usage", 7), ("cost_tracking", 14) })
        {
            await database.Owner.ExecuteAsync(
                $"SELECT public.compress_chunk(c) FROM public.show_chunks('analytics.{table}', older_than => interval '{days} days') c");
        }

        foreach (var (view, days) in new[] { ("hourly_request_stats", 364), ("error_rate_by_model", 364), ("daily_cost_summary", 729) })
        {
            await database.Owner.ExecuteAsync($"CALL public.refresh_continuous_aggregate('aggregates.{view}', "
                + $"now() - interval '{days} days', now() - interval '2 days')");
        }
    }
}
