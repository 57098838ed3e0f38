namespace Analytics.Migrations.Tests;

[Trait(Tiers.Trait, Tiers.Integration)]
public class The_schema_is_what_the_design_says(DatabaseFixture databases)
{
    private const string Ids = "time timestamptz!, request_id uuid!, project_id int4!";

    public static TheoryData<string, string, string?> Tables => new()
    {
        { "analytics.projects", "project_id int4!, name text!, created_at timestamptz!", "project_id" },
        {
            "analytics.api_keys",
            "key_id int4!, project_id int4!, name text!, key_hash bytea!, key_prefix text!, created_at timestamptz!, expires_at "
                + "timestamptz, revoked_at timestamptz, max_requests_per_second float8, max_bytes_per_second int8, max_calls_per_day int8",
            "key_id"
        },
        { "analytics.key_calls", "key_id int4!, day date!, calls int8!", "key_id, day" },
        {
            "analytics.model_prices",
            "price_id int4!, provider text!, model text!, match text!, valid_from timestamptz!, valid_to timestamptz, input_per_mtok "
            + "numeric!, "
            + "output_per_mtok numeric!, cache_read_per_mtok numeric, cache_write_per_mtok numeric, source text!",
            "price_id"
        },
        {
            "analytics.calls",
            "time timestamptz!, project_id int4!, call_id int8!, trace_id uuid, request_id uuid, provider text!, model text!, "
            + "request_model text, operation text!, service_name text, environment text, user_id text, conversation_id text, streamed "
            + "bool, finish_reason text, is_error bool!, error_type text, duration_seconds float8, time_to_first_token_seconds float8, "
            + "input_tokens int8, output_tokens int8, cache_read_tokens int8, cache_write_tokens int8, reasoning_tokens int8, "
            + "cache_convention char, contradictions _text, input_cost numeric, cache_read_cost numeric, cache_write_cost numeric, "
            + "output_cost numeric, cost_usd numeric, price_id int4, price_source char, ingested_at timestamptz!",
            "project_id, time, call_id"
        },
        {
            "aggregates.call_rollups",
            "time timestamptz!, project_id int4!, provider text!, model text!, operation text, service_name text, environment text, "
            + "calls int8!, errors int8!, input_tokens int8, output_tokens int8, cache_read_tokens int8, cache_write_tokens int8, "
            + "reasoning_tokens int8, priced_calls int8!, input_cost numeric, cache_read_cost numeric, cache_write_cost numeric, "
            + "output_cost numeric, cost_usd numeric, duration_microseconds int8, duration_count int8!, first_token_microseconds int8, "
            + "first_token_count int8!"
            + string.Concat(Enumerable.Range(0, 15).Select(i => $", duration_bucket_{i} int8"))
            + string.Concat(Enumerable.Range(0, 15).Select(i => $", first_token_bucket_{i} int8")) + ", is_compacted bool!",
            null
        },
        {
            "analytics.cost_archive",
            Ids + ", provider text!, model text!, currency text!, input_cost numeric, cache_read_cost numeric, cache_write_cost numeric, "
                + "output_cost numeric, "
            + "total_cost numeric, price_id int4, price_source text!",
            "request_id, time"
        },
        {
            "events.error_logs",
            Ids + ", provider text!, model text!, error_type text!, severity text!, message text, service_name text, trace_id text",
            "request_id, time"
        },
        {
            "events.system_events",
            "time timestamptz!, event_id uuid!, component text!, kind text!, severity text!, message text!, detail jsonb",
            "event_id, time"
        },
        {
            "metrics.model_performance",
            "time timestamptz!, project_id int4!, provider text!, model text!, requests int8!, errors int8!, error_rate float8!, "
            + "p50_seconds float8, "
            + "p95_seconds float8, p99_seconds float8, mean_seconds float8, p95_time_to_first_token_seconds float8, "
                + "output_tokens_per_second float8",
            "time, project_id, provider, model"
        },
        { "analytics.schema_metadata", "key text!, value text!, updated_at timestamptz!", "key" },
        {
            "analytics.schema_journal",
            "script text!, checksum text!, edition text!, applied_at timestamptz!, duration interval!, applied_by text!",
            "script"
        },
    };

    /// <summary>The names that people query, with the columns that they had when they were tables.</summary>
    [Fact]
    public async Task The_views_of_calls_have_their_columns()
    {
        await using var database = await databases.CreateMigratedAsync();
        Assert.Equal(
            Ids.Replace("!", "", StringComparison.Ordinal) + ", trace_id text, span_id text, provider text, model text, request_model "
            + "text, operation text, service_name text, environment text, user_id text, conversation_id text, streamed bool, "
            + "finish_reason text, is_error bool, error_type text, duration_seconds float8, time_to_first_token_seconds float8, "
            + "input_tokens int8, output_tokens int8, cost_usd numeric, ingested_at timestamptz",
            await ColumnsAsync(database, "analytics.llm_requests"));
        Assert.Equal(
            Ids.Replace("!", "", StringComparison.Ordinal) + ", provider text, model text, input_tokens int8, output_tokens int8, "
            + "cache_read_tokens int8, cache_write_tokens int8, reasoning_tokens int8, uncached_input_tokens int8, total_tokens int8, "
            + "cache_convention text, contradictions _text",
            await ColumnsAsync(database, "analytics.token_usage"));
        Assert.Equal(
            Ids.Replace("!", "", StringComparison.Ordinal) + ", provider text, model text, currency text, input_cost numeric, "
            + "cache_read_cost numeric, cache_write_cost numeric, output_cost numeric, total_cost numeric, price_id int4, "
            + "price_source text",
            await ColumnsAsync(database, "analytics.cost_tracking"));
    }

    [Fact]
    public async Task Every_table_has_its_columns_in_order_and_its_primary_key()
    {
        await using var database = await databases.CreateMigratedAsync();
        foreach (var (table, columns, key) in Tables.Select(row => row.Data))
        {
            Assert.Equal($"{table}: {columns}", $"{table}: {await ColumnsAsync(database, table)}");
            Assert.Equal($"{table}: {key}", $"{table}: " + await database.Owner.ScalarAsync<string>(
                """
                SELECT string_agg(a.attname, ', ' ORDER BY k.n) FROM pg_index i CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY k (attnum, n)
                  JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum WHERE i.indisprimary AND i.indrelid = $1::regclass
                """, table));
        }
    }

    [Fact]
    public async Task The_hypertables_have_the_chunks_of_the_design()
    {
        await using var database = await databases.CreateMigratedAsync();
        var rows = await database.Owner.RowsAsync(
            """
            SELECT hypertable_schema || '.' || hypertable_name, time_interval FROM timescaledb_information.dimensions
             WHERE hypertable_schema IN ('analytics', 'events', 'metrics', 'aggregates') ORDER BY 1
            """);
        Assert.Equal(
            [
                "aggregates.call_rollups 7", "analytics.calls 1", "analytics.cost_archive 1", "events.error_logs 1",
                "events.system_events 1",
                "metrics.model_performance 7",
            ],
            rows.Select(row => $"{row[0]} {((TimeSpan)row[1]!).TotalDays}"));
    }

    [Theory]
    [InlineData("SELECT count(*) FROM analytics.llm_requests WHERE project_id = 7 AND time > now() - interval '40 hours'", "calls_pkey")]
    [InlineData("SELECT * FROM analytics.calls WHERE project_id = 7 ORDER BY time DESC LIMIT 50", "calls_pkey")]
    [InlineData("SELECT * FROM analytics.calls WHERE project_id = 7 AND time = now() AND call_id = 1", "calls_pkey")]
    [InlineData("SELECT sum(requests) FROM aggregates.hourly_request_stats WHERE project_id = 7 AND bucket > now() - interval '2 hours'",
        "call_rollups_project_time")]
    [InlineData("SELECT sum(calls) FROM aggregates.call_rollups WHERE time > now() - interval '1 hour'", "call_rollups_time")]
    [InlineData("SELECT DISTINCT time FROM aggregates.call_rollups WHERE NOT is_compacted AND time < now() - interval '45 hours'",
        "call_rollups_deltas")]
    public async Task An_index_answers(string query, string index)
    {
        await using var database = await databases.CreateMigratedAsync();
        await database.Owner.ExecuteAsync(
            """
            INSERT INTO analytics.calls (time, project_id, call_id, provider, model) SELECT now() - i * interval '20 seconds', i % 50, i, 'p', 'm'
              FROM generate_series(1, 8000) i;
            INSERT INTO aggregates.call_rollups (time, project_id, provider, model, operation, calls, errors, priced_calls, duration_count, first_token_count)
            SELECT now() - i * interval '20 seconds', i % 50, 'p', 'm', 'chat', 1, 0, 0, 0, 0 FROM generate_series(1, 8000) i
            """);
        await database.Owner.ExecuteAsync("ANALYZE analytics.calls; ANALYZE aggregates.call_rollups");
        var plan = string.Join('\n', (await database.Owner.RowsAsync($"EXPLAIN {query}")).Select(row => row[0]));
        Assert.Contains(index, plan, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("INSERT INTO analytics.llm_requests (time, request_id, project_id, provider, input_tokens) VALUES (now(), "
        + "gen_random_uuid(), 1, 'p', -1)")]
    [InlineData("INSERT INTO analytics.llm_requests (time, request_id, project_id, provider, duration_seconds) VALUES (now(), "
        + "gen_random_uuid(), 1, 'p', 'NaN')")]
    [InlineData("INSERT INTO analytics.calls (time, project_id, call_id, provider, cache_convention) VALUES (now(), 1, 1, 'p', 'x')")]
    [InlineData("INSERT INTO analytics.calls (time, project_id, call_id, provider, cost_usd, price_source) VALUES "
        + "(now(), 1, 1, 'p', 0, 'u')")]
    [InlineData("INSERT INTO analytics.calls (time, project_id, call_id, provider, cost_usd, price_source) VALUES "
        + "(now(), 1, 1, 'p', 1, 'c')")]
    [InlineData("INSERT INTO events.system_events (time, component, kind, severity, message) VALUES (now(), 'c', 'k', 'shrug', 'm')")]
    public async Task Invalid_input_is_refused(string insert)
    {
        await using var database = await databases.CreateMigratedAsync();
        var refused = await Assert.ThrowsAsync<Npgsql.PostgresException>(() => database.App.ExecuteAsync(insert));
        Assert.Equal(Npgsql.PostgresErrorCodes.CheckViolation, refused.SqlState);
    }

    [Fact]
    public async Task The_aggregates_have_the_same_columns_on_both_editions()
    {
        await using var database = await databases.CreateMigratedAsync();
        var buckets = string.Concat(Enumerable.Range(0, 15).Select(i => $", duration_bucket_{i} int8"));
        Assert.Equal(
            "bucket timestamptz, project_id int4, provider text, model text, operation text, requests int8, errors int8, input_tokens "
            + "int8, output_tokens int8, "
            + "cost_usd numeric, unpriced_requests int8, duration_seconds_sum float8, duration_count int8" + buckets,
            await ColumnsAsync(database, "aggregates.hourly_request_stats"));
        Assert.Equal(
            "bucket timestamptz, project_id int4, provider text, model text, requests int8, priced_requests int8, unpriced_requests "
            + "int8, input_cost numeric, "
            + "cache_read_cost numeric, cache_write_cost numeric, output_cost numeric, total_cost numeric",
            await ColumnsAsync(database, "aggregates.daily_cost_summary"));
        Assert.Equal(
            "bucket timestamptz, project_id int4, provider text, model text, requests int8, errors int8, error_rate float8",
            await ColumnsAsync(database, "aggregates.error_rate_by_model"));
    }

    private static Task<string?> ColumnsAsync(TestDatabase database, string table) => database.Owner.ScalarAsync<string>(
        """
        SELECT string_agg(a.attname || ' ' || t.typname || CASE WHEN a.attnotnull THEN '!' ELSE '' END, ', ' ORDER BY a.attnum)
          FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid WHERE a.attrelid = $1::regclass AND a.attnum > 0 AND NOT a.attisdropped
        """, table);
}
