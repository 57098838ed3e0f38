using Npgsql;

namespace Analytics.Migrations.Tests;

[Trait(Tiers.Trait, Tiers.Integration)]
public class Roles_may_do_what_they_need_and_no_more(DatabaseFixture databases)
{
    private static readonly string[] Data =
        ["analytics.calls", "aggregates.call_rollups", "events.error_logs", "events.system_events"];

    private static readonly string[] Views = ["analytics.llm_requests", "analytics.token_usage", "analytics.cost_tracking"];

    [Fact]
    public async Task Ingest_reads_and_adds_but_never_changes_or_deletes()
    {
        await using var database = await databases.CreateMigratedAsync();
        await database.AddAsync(new Request(await database.HourAsync()));
        foreach (var table in Data)
        {
            await database.App.ExecuteAsync($"SELECT * FROM {table} LIMIT 1");
            await DeniedAsync(database.App, $"DELETE FROM {table}");
            await DeniedAsync(database.App, $"UPDATE {table} SET time = now()");
            await DeniedAsync(database.App, $"TRUNCATE {table}");
            await DeniedAsync(database.App, $"DROP TABLE {table}", PostgresErrorCodes.InsufficientPrivilege);
        }

        foreach (var view in Views)
        {
            await database.App.ExecuteAsync($"SELECT * FROM {view} LIMIT 1");
            await DeniedAsync(database.App, $"DROP VIEW {view}");
        }

        foreach (var right in new[] { "UPDATE", "DELETE", "TRUNCATE" })
        {
            Assert.Equal(0, await database.Owner.ScalarAsync<long>(
                "SELECT count(*) FROM unnest($1) view WHERE has_table_privilege('llm_app', view, $2)", Views, right));
        }

        await DeniedAsync(database.App, "INSERT INTO analytics.model_prices (provider, model, match, input_per_mtok, output_per_mtok, "
            + "source) VALUES ('p', 'm', 'exact', 0, 0, 's')");
        await DeniedAsync(database.App, "INSERT INTO metrics.model_performance (time, project_id, provider, model, requests, errors, "
            + "error_rate) VALUES (now(), 1, 'p', 'm', 1, 0, 0)");
        await DeniedAsync(database.App, "SELECT analytics.create_api_key('p', 'k', '', 'x')");
        await DeniedAsync(database.App, "UPDATE analytics.api_keys SET max_calls_per_day = NULL");
        await DeniedAsync(database.App, "DELETE FROM analytics.key_calls");
        await DeniedAsync(database.ReadOnly, "SELECT analytics.count_key_calls('{1}', '{1}', current_date)");
        await DeniedAsync(database.App, "CREATE TABLE analytics.mine (i int)");
        await DeniedAsync(database.App, "CREATE TABLE public.mine (i int)");
        await DeniedAsync(database.App, "UPDATE analytics.schema_metadata SET value = '99'");
    }

    [Fact]
    public async Task Ingest_resolves_duplicates_through_a_temporary_table()
    {
        await using var database = await databases.CreateMigratedAsync();
        var request = new Request(await database.HourAsync());
        await database.AddAsync(request);
        await using var connection = await database.App.OpenConnectionAsync(TestContext.Current.CancellationToken);
        await using var command = new NpgsqlCommand(
            """
            CREATE TEMP TABLE batch (LIKE analytics.calls INCLUDING DEFAULTS);
            INSERT INTO batch SELECT * FROM analytics.calls;
            INSERT INTO analytics.calls SELECT * FROM batch ON CONFLICT DO NOTHING;
            """, connection);
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        Assert.Equal(1, await database.App.ScalarAsync<long>("SELECT count(*) FROM analytics.llm_requests"));
    }

    [Fact]
    public async Task Ingest_reads_keys_by_their_hash()
    {
        await using var database = await databases.CreateMigratedAsync();
        var hash = new byte[32];
        var key = await database.Owner.ScalarAsync<int>("SELECT analytics.create_api_key('shop', 'web', $1, 'hub_abcdefgh')", hash);
        Assert.Equal(key,
            await database.App.ScalarAsync<int>("SELECT key_id FROM analytics.api_keys JOIN analytics.projects p USING (project_id) "
                + "WHERE key_hash = $1 AND p.name = 'shop'", hash));
        // A second key of the same project makes no second project; the same key twice is refused.
        hash[0] = 1;
        await database.Owner.ExecuteAsync("SELECT analytics.create_api_key('shop', 'app', $1, 'hub_ijklmnop', now() + interval '1 day')",
            hash);
        Assert.Equal(1, await database.App.ScalarAsync<long>("SELECT count(*) FROM analytics.projects"));
        await DeniedAsync(database.Owner, "SELECT analytics.create_api_key('shop', 'app', decode(repeat('00', 32), 'hex'), 'hub')",
            PostgresErrorCodes.UniqueViolation);
    }

    [Fact]
    public async Task Analysts_read_data_but_no_hashes_and_write_nothing()
    {
        await using var database = await databases.CreateMigratedAsync();
        foreach (var view in new[] { "hourly_request_stats", "daily_cost_summary", "error_rate_by_model", "hourly_latency" })
            await database.ReadOnly.ExecuteAsync($"SELECT * FROM aggregates.{view} LIMIT 1");
        foreach (var table in Data.Concat(["metrics.model_performance", "analytics.model_prices", "analytics.cost_archive"]))
        {
            await database.ReadOnly.ExecuteAsync($"SELECT * FROM {table} LIMIT 1");
            await DeniedAsync(database.ReadOnly, $"DELETE FROM {table}");
        }

        foreach (var view in Views) await database.ReadOnly.ExecuteAsync($"SELECT * FROM {view} LIMIT 1");
        await database.ReadOnly.ExecuteAsync("SELECT key_id, name, key_prefix, revoked_at, max_calls_per_day FROM analytics.api_keys");
        await DeniedAsync(database.ReadOnly, "SELECT key_hash FROM analytics.api_keys");
        await DeniedAsync(database.ReadOnly, "SELECT * FROM analytics.api_keys");
        await DeniedAsync(database.ReadOnly,
            "INSERT INTO events.system_events (time, component, kind, message) VALUES (now(), 'c', 'k', 'm')");
        await DeniedAsync(database.ReadOnly, "SELECT analytics.apply_retention()");
        await DeniedAsync(database.ReadOnly, "CREATE TEMP TABLE mine (i int)");
        await DeniedAsync(database.ReadOnly, "SELECT pgbouncer.get_auth('llm_app')");
        await DeniedAsync(database.ReadOnly, "SELECT lo_create(0)");
        await DeniedAsync(database.ReadOnly, "SELECT lo_from_bytea(0, 'x')");
        Assert.Equal("5min", await database.ReadOnly.ScalarAsync<string>("SHOW statement_timeout"));
    }

    [Fact]
    public async Task Exporters_see_the_server_and_totals_but_no_request()
    {
        await using var database = await databases.CreateMigratedAsync();
        await database.Monitor.ExecuteAsync(
            "SELECT query FROM pg_stat_activity; SELECT * FROM pg_stat_replication; SELECT * FROM pg_stat_statements LIMIT 1");
        await database.Monitor.ExecuteAsync("SELECT * FROM aggregates.hourly_request_stats; SELECT * FROM metrics.model_performance; "
            + "SELECT * FROM events.system_events; SELECT * FROM analytics.schema_metadata");
        await DeniedAsync(database.Monitor, "SELECT * FROM analytics.llm_requests");
        await DeniedAsync(database.Monitor, "SELECT * FROM events.error_logs");
        await DeniedAsync(database.Monitor, "SELECT name FROM analytics.api_keys");
        await DeniedAsync(database.Monitor, "SELECT lo_creat(-1)");
        Assert.Equal("30s", await database.Monitor.ScalarAsync<string>("SHOW statement_timeout"));
    }

    [Fact]
    public async Task Other_roles_cannot_connect()
    {
        await using var database = await databases.CreateMigratedAsync();
        Assert.Equal(
            "",
            await database.Superuser.ScalarAsync<string>(
                """
                SELECT coalesce(string_agg(what, ', '), '') FROM (
                  SELECT 'function ' || p.oid::regprocedure AS what FROM pg_proc p, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
                   WHERE p.pronamespace::regnamespace::text IN ('analytics', 'metrics', 'events', 'aggregates', 'pgbouncer') AND a.grantee = 0
                  UNION ALL
                  SELECT 'table ' || c.oid::regclass FROM pg_class c, aclexplode(c.relacl) a
                   WHERE c.relnamespace::regnamespace::text IN ('analytics', 'metrics', 'events', 'aggregates') AND a.grantee = 0
                  UNION ALL
                  SELECT 'database ' || a.privilege_type FROM pg_database d, aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) a
                   WHERE d.datname = current_database() AND a.grantee = 0
                  UNION ALL
                  SELECT 'security definer without search_path ' || p.oid::regprocedure FROM pg_proc p
                   WHERE p.prosecdef AND p.pronamespace::regnamespace::text IN ('analytics', 'pgbouncer') AND NOT coalesce(p.proconfig::text LIKE '%search_path=pg_catalog, pg_temp%', false)
                ) x
                """));
    }

    private static async Task DeniedAsync(NpgsqlDataSource source, string sql, string state = PostgresErrorCodes.InsufficientPrivilege)
    {
        var refused = await Record.ExceptionAsync(() => source.ExecuteAsync(sql));
        Assert.True(refused is PostgresException p && p.SqlState == state, $"{sql}: {refused?.Message ?? "was allowed"}");
    }
}
