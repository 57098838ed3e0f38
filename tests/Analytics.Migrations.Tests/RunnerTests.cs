using System.Diagnostics;
using Hub.Shared;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Analytics.Migrations.Tests;

[Trait(Tiers.Trait, Tiers.Integration)]
public class A_run_of_the_migrations(DatabaseFixture databases)
{
    [Fact]
    public async Task Applies_and_journals_every_script_of_its_edition()
    {
        await using var database = await databases.CreateInitialisedAsync();
        var result = await database.MigrateAsync();
        var expected = MigrationScript.LoadEmbedded().Where(script => script.IsFor(result.Edition)).ToList();
        Assert.Equal(expected.Select(script => script.Name), result.Applied);
        var rows = await database.ReadOnly.RowsAsync("SELECT script, checksum, edition, applied_by, duration > interval '0' FROM analytics.schema_journal ORDER BY 1");
        Assert.Equal(expected.Select(script => $"{script.Name} {script.Checksum}"), rows.Select(row => $"{row[0]} {row[1]}"));
        Assert.All(rows, row => Assert.Equal([result.Edition.Name(), true], [row[2], row[4]]));
        Assert.All(rows, row => Assert.StartsWith("llm_owner@", (string)row[3]!, StringComparison.Ordinal));
        Assert.Equal(
            [result.Edition.Name(), $"{expected.Max(script => script.Number):00}", await database.Owner.ScalarAsync<string>("SELECT extversion FROM pg_extension WHERE extname = 'timescaledb'")],
            (await database.App.RowsAsync("SELECT value FROM analytics.schema_metadata ORDER BY key")).Select(row => (string?)row[0]));
    }

    [Fact]
    public async Task Changes_nothing_the_second_time()
    {
        await using var database = await databases.CreateMigratedAsync();
        const string state = "SELECT (SELECT md5(string_agg(j::text, ',' ORDER BY script)) FROM analytics.schema_journal j) || (SELECT md5(string_agg(m::text, ',' ORDER BY key)) FROM analytics.schema_metadata m)";
        var before = await database.Owner.ScalarAsync<string>(state);
        Assert.Empty((await database.MigrateAsync()).Applied);
        Assert.Equal(before, await database.Owner.ScalarAsync<string>(state));
    }

    [Fact]
    public async Task Waits_for_another_one_and_says_so()
    {
        await using var database = await databases.CreateInitialisedAsync();
        var slow = Script("02-slow.sql", "SELECT pg_sleep(2); CREATE TABLE analytics.once (i int);");
        var log = new MemoryLogger();
        var first = database.MigrateAsync([slow]);
        await UntilAsync(database, "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep(2)%' AND state = 'active' AND datname = current_database()");
        var second = await database.MigrateAsync([slow], logger: log);
        Assert.Equal(["02-slow.sql"], (await first).Applied);
        Assert.Empty(second.Applied);
        Assert.Contains(log.Lines, line => line.Contains("Another runner (pid", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Concurrent_runs_are_safe()
    {
        await using var database = await databases.CreateInitialisedAsync();
        var results = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => database.MigrateAsync()));
        Assert.Single(results, result => result.Applied.Count > 0);
        Assert.Equal(results.Sum(result => result.Applied.Count), await database.Owner.ScalarAsync<long>("SELECT count(*) FROM analytics.schema_journal"));
    }

    [Fact]
    public async Task Gives_up_on_another_run_after_the_limit()
    {
        await using var database = await databases.CreateInitialisedAsync();
        await using var other = await database.Owner.OpenConnectionAsync(TestContext.Current.CancellationToken);
        await using var hold = new NpgsqlCommand($"SELECT pg_advisory_lock({AdvisoryLocks.Migrations})", other);
        await hold.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        var refused = await Assert.ThrowsAsync<MigrationException>(() => database.MigrateAsync(options: new MigrationOptions { RunnerTimeout = TimeSpan.FromSeconds(1) }));
        Assert.Matches(@"Another runner \(pid \d+, .*\) has not finished within 00:00:01", refused.Message);
    }

    [Fact]
    public async Task Undoes_a_failing_script_and_names_its_line()
    {
        await using var database = await databases.CreateInitialisedAsync();
        var good = Script("02-good.sql", "CREATE TABLE analytics.good (i int);");
        var refused = await Assert.ThrowsAsync<MigrationException>(
            () => database.MigrateAsync([good, Script("03-bad.sql", "CREATE TABLE analytics.bad (i int);\n\nINSERT INTO analytics.good VALUES ('x');")]));
        Assert.Contains("03-bad.sql, statement at line 3: 22P02", refused.Message, StringComparison.Ordinal);
        Assert.Equal(["02-good.sql"], (await database.Owner.RowsAsync("SELECT script FROM analytics.schema_journal")).Select(row => row[0]));
        Assert.False(await database.Owner.ScalarAsync<bool>("SELECT to_regclass('analytics.bad') IS NOT NULL"));
        Assert.Equal(["03-bad.sql"], (await database.MigrateAsync([good, Script("03-bad.sql", "SELECT 1")])).Applied);
    }

    [Fact]
    public async Task Runs_a_script_without_a_transaction_when_it_says_so()
    {
        await using var database = await databases.CreateInitialisedAsync();
        const string header = "-- hub: transaction=none\n";
        const string create = "CREATE TABLE IF NOT EXISTS analytics.a (i int);";
        var refused = await Assert.ThrowsAsync<MigrationException>(() => database.MigrateAsync([Script("02-a.sql", header + create + "SELECT 1 / 0;")]));
        Assert.Contains("the statements before it remain", refused.Message, StringComparison.Ordinal);
        Assert.Equal(0, await database.Owner.ScalarAsync<long>("SELECT count(*) FROM analytics.schema_journal"));
        // VACUUM refuses to run in a transaction, also an implicit one.
        await database.MigrateAsync([Script("02-a.sql", header + create + "VACUUM analytics.a; SELECT 2;")]);
        Assert.Equal(1, await database.Owner.ScalarAsync<long>("SELECT count(*) FROM analytics.schema_journal"));
        await Assert.ThrowsAsync<MigrationException>(() => database.MigrateAsync([Script("02-a.sql", header + create + "VACUUM analytics.a; SELECT 2;"), Script("03-b.sql", "VACUUM analytics.a")]));
    }

    [Theory]
    [InlineData("COMMIT")]
    [InlineData("begin\n")]
    public async Task Refuses_transaction_control_in_a_script(string word)
    {
        await using var database = await databases.CreateInitialisedAsync();
        var refused = await Assert.ThrowsAsync<MigrationException>(() => database.MigrateAsync([Script("02-a.sql", $"SELECT 1;\n{word};")]));
        Assert.Contains("02-a.sql line 2", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Refuses_an_edited_script_a_newer_database_and_another_edition()
    {
        await using var database = await databases.CreateInitialisedAsync();
        var (a, b) = (Script("02-a.sql", "SELECT 1"), Script("03-b.sql", "SELECT 1"));
        await database.MigrateAsync([a, b]);
        Assert.Contains("02-a.sql was edited", (await RefusedAsync(Script("02-a.sql", "SELECT 2"), b)).Message, StringComparison.Ordinal);
        Assert.Contains("newer than this release: 03-b.sql", (await RefusedAsync(a)).Message, StringComparison.Ordinal);
        await database.Owner.ExecuteAsync("UPDATE analytics.schema_metadata SET value = CASE value WHEN 'apache' THEN 'timescale' ELSE 'apache' END WHERE key = 'edition'");
        Assert.Matches("created on TimescaleDB's (apache|timescale) edition, the server now runs the", (await RefusedAsync(a, b)).Message);

        Task<MigrationException> RefusedAsync(params MigrationScript[] scripts) => Assert.ThrowsAsync<MigrationException>(() => database.MigrateAsync(scripts));
    }

    [Fact]
    public async Task Leaves_nothing_half_done_when_its_session_is_killed()
    {
        await using var database = await databases.CreateInitialisedAsync();
        var script = Script("02-a.sql", "CREATE TABLE analytics.a (i int); SELECT pg_sleep(20); CREATE TABLE analytics.b (i int);");
        var run = database.MigrateAsync([script]);
        const string sleeping = "FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep(20)%' AND state = 'active' AND datname = current_database()";
        await UntilAsync(database, $"SELECT count(*) {sleeping}");
        await database.Superuser.ExecuteAsync($"SELECT pg_terminate_backend(pid) {sleeping}");
        Assert.Contains("02-a.sql, statement at line 1", (await Assert.ThrowsAsync<MigrationException>(() => run)).Message, StringComparison.Ordinal);
        Assert.Equal([0L, null], (await database.Owner.RowsAsync("SELECT count(*), to_regclass('analytics.a')::text FROM analytics.schema_journal"))[0]);
        Assert.Equal(["02-a.sql"], (await database.MigrateAsync([Script("02-a.sql", "CREATE TABLE analytics.a (i int);")])).Applied);
    }

    [Fact]
    public async Task Stops_when_it_is_told_to()
    {
        await using var database = await databases.CreateInitialisedAsync();
        using var stop = new CancellationTokenSource(TimeSpan.FromSeconds(2));
        var started = Stopwatch.StartNew();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => database.MigrateAsync([Script("02-a.sql", "SELECT pg_sleep(60)")], cancel: stop.Token));
        Assert.InRange(started.Elapsed.TotalSeconds, 0, 15);
    }

    [Fact]
    public async Task Says_what_it_waited_for_when_there_is_no_usable_primary()
    {
        var log = new MemoryLogger();
        var options = new MigrationOptions { PrimaryTimeout = TimeSpan.FromSeconds(3), ProgressInterval = TimeSpan.FromSeconds(1), PollInterval = TimeSpan.FromMilliseconds(100) };
        var nobody = new Migrator(options, [], log, TimeProvider.System);
        var refused = await Assert.ThrowsAsync<MigrationException>(() => nobody.RunAsync("Host=127.0.0.1;Port=1;Database=x;Username=y", TestContext.Current.CancellationToken));
        Assert.Contains("No usable primary at 127.0.0.1:1/x within 00:00:03: Connection refused", refused.Message, StringComparison.Ordinal);
        Assert.Contains(log.Lines, line => line.StartsWith("Waiting for a primary at 127.0.0.1:1/x, 1 s of 3 s: Connection refused", StringComparison.Ordinal));

        await using var database = await databases.CreateInitialisedAsync();
        var empty = new NpgsqlConnectionStringBuilder(database.Server.SuperuserConnectionString("postgres")).ConnectionString;
        var unprepared = await Assert.ThrowsAsync<MigrationException>(() => nobody.RunAsync(empty, TestContext.Current.CancellationToken));
        Assert.Contains("01-init-database.sql has not run", unprepared.Message, StringComparison.Ordinal);
    }

    private static MigrationScript Script(string name, string text) => MigrationScript.Parse(name, text);

    internal static Task UntilAsync(TestDatabase database, string count) => Eventually.TrueAsync(async () => await database.Superuser.ScalarAsync<long>(count) > 0,
        TimeSpan.FromSeconds(30), () => count, TestContext.Current.CancellationToken);
}

/// <summary>Keeps what is logged.</summary>
internal sealed class MemoryLogger : ILogger
{
    public System.Collections.Concurrent.ConcurrentQueue<string> Lines { get; } = new();

    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        Lines.Enqueue(formatter(state, exception));
}
