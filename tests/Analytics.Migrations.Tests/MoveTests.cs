using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;

namespace Analytics.Migrations.Tests;

/// <summary>
/// What docs/OPERATIONS.md says of moving to another hub (Another database image) takes along everything that is a user's.
/// </summary>
[Trait(Tiers.Trait, Tiers.Integration)]
public partial class Moving_to_another_hub(DatabaseFixture databases)
{
    /// <summary>Made by migrations, or about the hub itself and its own repository of backups.</summary>
    private static readonly string[] TheHubsOwn = [
        "analytics.calls_upgrade", "analytics.schema_journal", "analytics.schema_metadata", "analytics.table_lifecycles",
        "events.backup_manifests"];

    [Fact]
    public async Task Takes_every_table_along_and_new_keys_get_new_numbers()
    {
        var guide = await File.ReadAllTextAsync(Guide(), TestContext.Current.CancellationToken);
        var tables = Loop().Match(guide).Groups["tables"].Value.Split([' ', '\\', '\n'], StringSplitOptions.RemoveEmptyEntries);
        await using var from = await databases.CreateMigratedAsync();
        await using var to = await databases.CreateMigratedAsync();
        var all = (await from.Owner.RowsAsync(
            """
            SELECT n.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
             WHERE n.nspname IN ('aggregates', 'analytics', 'events', 'metrics') AND c.relkind IN ('r', 'p') ORDER BY 1
            """)).Select(row => (string)row[0]!);
        Assert.Equal(all.Except(TheHubsOwn), tables.Order());

        await from.Owner.ExecuteAsync("INSERT INTO analytics.projects (name) VALUES ('a'), ('b'), ('c')");
        await from.Owner.ExecuteAsync("INSERT INTO analytics.api_keys (project_id, name, key_hash, key_prefix) SELECT project_id, name, "
            + "sha256(name::bytea), name FROM analytics.projects");
        await from.AddAsync(new Request(await from.HourAsync()), new Request((await from.HourAsync()).AddDays(-3)));
        await to.Owner.ExecuteAsync("INSERT INTO analytics.projects (name) VALUES ('development')");
        await to.Owner.ExecuteAsync(Truncate().Match(guide).Value);
        foreach (var table in tables)
        {
            await using var source = await from.Owner.OpenConnectionAsync(TestContext.Current.CancellationToken);
            await using var target = await to.Owner.OpenConnectionAsync(TestContext.Current.CancellationToken);
            using var rows = await source.BeginTextExportAsync($"COPY (SELECT * FROM {table}) TO STDOUT",
                TestContext.Current.CancellationToken);
            await using var copy = await target.BeginTextImportAsync($"COPY {table} FROM STDIN", TestContext.Current.CancellationToken);
            await copy.WriteAsync(await rows.ReadToEndAsync(TestContext.Current.CancellationToken));
        }

        await to.Owner.ExecuteAsync(Sequences().Match(guide).Value);
        foreach (var table in tables)
        {
            var sums = $"SELECT count(*), md5(string_agg(t::text, '' ORDER BY t::text)) FROM {table} t";
            Assert.Equal((await from.Owner.RowsAsync(sums))[0], (await to.Owner.RowsAsync(sums))[0]);
        }

        Assert.Equal(2, await to.Owner.ScalarAsync<long>("SELECT count(*) FROM analytics.llm_requests"));
        await to.Owner.ExecuteAsync("INSERT INTO analytics.projects (name) VALUES ('d')");
        await to.Owner.ExecuteAsync(
            "INSERT INTO analytics.api_keys (project_id, name, key_hash, key_prefix) VALUES (1, 'd', sha256('d'), 'd')");
    }

    private static string Guide([CallerFilePath] string source = "") =>
        Path.Combine(Path.GetDirectoryName(source)!, "../../docs/OPERATIONS.md");

    [GeneratedRegex(@"for table in (?<tables>[^;]+);")]
    private static partial Regex Loop();

    [GeneratedRegex("TRUNCATE analytics[^']+")]
    private static partial Regex Truncate();

    [GeneratedRegex("SELECT setval[^\"]+")]
    private static partial Regex Sequences();
}
