using Npgsql;

namespace Analytics.Migrations.Tests;

[Trait(Tiers.Trait, Tiers.Integration)]
public class The_init_script(DatabaseFixture databases)
{
    [Fact]
    public async Task Can_be_run_again_after_the_migrations()
    {
        await using var database = await databases.CreateMigratedAsync();
        await database.AddAsync(new Request(await database.HourAsync()));
        await database.Server.RunInitScriptAsync(database.Name);
        Assert.Equal(1, await database.ReadOnly.ScalarAsync<long>("SELECT count(*) FROM analytics.llm_requests"));
        Assert.Empty((await database.MigrateAsync()).Applied);
    }

    [Fact]
    public async Task Shows_no_password_to_log_or_statistics()
    {
        await using var database = await databases.CreateInitialisedAsync();
        if (database.Server.Container is not { } container)
        {
            Assert.Skip("reads the log of a container, HUB_TEST_DB names a server");
            return;
        }

        // A mark in the log, so that its absence elsewhere means something: the server logs every statement.
        await database.Superuser.ExecuteAsync("SELECT 'this statement is logged'");
        // The engine passes the log on in its own time.
        var log = "";
        await Eventually.TrueAsync(async () =>
        {
            var (output, error) = await container.GetLogsAsync(ct: TestContext.Current.CancellationToken);
            log = output + error;
            return log.Contains("this statement is logged", StringComparison.Ordinal);
        }, TimeSpan.FromSeconds(30), () => log, TestContext.Current.CancellationToken);
        Assert.DoesNotContain("tests-only", log, StringComparison.Ordinal);
        Assert.Contains("CREATE EXTENSION IF NOT EXISTS timescaledb", log, StringComparison.Ordinal);
        Assert.Equal(0,
            await database.Superuser.ScalarAsync<long>(
                "SELECT count(*) FROM pg_stat_statements WHERE query LIKE '%tests-only%' AND query NOT LIKE '%pg_stat_statements%'"));
        Assert.Equal(0, await database.Superuser.ScalarAsync<long>("SELECT count(*) FROM pg_authid WHERE rolname IN ('llm_owner', "
            + "'llm_app', 'llm_readonly', 'monitor', 'pgbouncer') AND rolpassword NOT LIKE 'SCRAM-SHA-256$%'"));
    }

    [Fact]
    public async Task Lets_the_pooler_look_up_verifiers_but_no_superuser()
    {
        await using var database = await databases.CreateInitialisedAsync();
        await using var pooler = NpgsqlDataSource.Create(database.ConnectionString("pgbouncer"));
        // In one statement: another test may set the passwords again, with another salt.
        Assert.True(
            await database.Superuser.ScalarAsync<bool>(
                "SELECT password = rolpassword FROM pgbouncer.get_auth('llm_app') JOIN pg_authid ON rolname = username"));
        Assert.StartsWith("SCRAM-SHA-256$", await pooler.ScalarAsync<string>("SELECT password FROM pgbouncer.get_auth('llm_app')"),
            StringComparison.Ordinal);
        Assert.Empty(await pooler.RowsAsync("SELECT * FROM pgbouncer.get_auth('postgres')"));
        Assert.Empty(await pooler.RowsAsync("SELECT * FROM pgbouncer.get_auth('pgbouncer')"));
        await Assert.ThrowsAsync<PostgresException>(() => pooler.ExecuteAsync("SELECT rolpassword FROM pg_authid"));
    }

    [Fact]
    public async Task Warns_of_roles_without_a_password()
    {
        await using var server = await DatabaseServer.StartAsync();
        if (server.Container is not { } container)
        {
            Assert.Skip("needs a server of its own, HUB_TEST_DB names a shared one");
            return;
        }

        var result = await container.ExecAsync(
            ["env", "-u", "LLM_APP_PASSWORD", "MONITOR_PASSWORD=", "psql", "-X", "-q", "-h", "127.0.0.1", "-U", "postgres", "-d",
                "postgres", "-f", "/tmp/01-init-database.sql"],
            TestContext.Current.CancellationToken);
        Assert.Equal(0, result.ExitCode);
        Assert.Contains("no password and cannot log in: llm_app, monitor", result.Stdout + result.Stderr, StringComparison.Ordinal);
        await using var database = server.Open("llm_analytics");
        await database.MigrateAsync();
        await Assert.ThrowsAsync<PostgresException>(() => database.App.ExecuteAsync("SELECT 1"));
        // The password comes later, and an empty one in the environment takes none away.
        await server.RunInitScriptAsync("llm_analytics");
        await database.App.ExecuteAsync("SELECT 1");
        await container.ExecAsync(
            ["env", "LLM_APP_PASSWORD=", "psql", "-X", "-q", "-h", "127.0.0.1", "-U", "postgres", "-d", "postgres", "-f",
                "/tmp/01-init-database.sql"], TestContext.Current.CancellationToken);
        await database.Monitor.ExecuteAsync("SELECT 1");
        await using var again = NpgsqlDataSource.Create(database.ConnectionString("llm_app"));
        await again.ExecuteAsync("SELECT 1");
    }
}
