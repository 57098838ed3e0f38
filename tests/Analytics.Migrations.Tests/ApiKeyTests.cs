using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;

namespace Analytics.Migrations.Tests;

public class A_key_to_register
{
    [Theory]
    [InlineData(null, "is not set")]
    [InlineData("", "is not set")]
    [InlineData("hub_tooshort", "24 to 256")]
    [InlineData("hub_with a space in its middle", "24 to 256")]
    [InlineData("hub_with_a_letter_that_is_nö_ascii", "24 to 256")]
    public void Invalid_key_is_refused_and_not_printed(string? key, string reason)
    {
        var problem = Assert.Throws<ConfigurationException>(() => Read(("HUB_API_KEY", key)));
        Assert.Contains(reason, problem.Message, StringComparison.Ordinal);
        if (!string.IsNullOrEmpty(key)) Assert.DoesNotContain(key, problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Belongs_to_the_project_development_unless_another_is_named()
    {
        var key = "hub_" + new string('x', 32);
        Assert.Equal("development", Read(("HUB_API_KEY", key)).Project);
        Assert.Equal("development", Read(("HUB_API_KEY", key), ("HUB_API_PROJECT", " ")).Project);
        Assert.Equal("checkout", Read(("HUB_API_KEY", key), ("HUB_API_PROJECT", "checkout")).Project);
    }

    private static ApiKeyRegistration Read(params (string Name, string? Value)[] settings) =>
        ApiKeyRegistration.Read(new ConfigurationBuilder()
        .AddInMemoryCollection(settings.ToDictionary(setting => setting.Name, setting => setting.Value)).Build());
}

[Trait(Tiers.Trait, Tiers.Integration)]
public class A_registered_key(DatabaseFixture databases)
{
    private const string Count = "SELECT count(*) FROM analytics.api_keys";
    private readonly ApiKeyRegistration key = new("hub_" + RandomNumberGenerator.GetHexString(32, lowercase: true), "development");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Is_stored_as_its_hash_and_its_first_characters()
    {
        await using var database = await databases.CreateMigratedAsync();
        Assert.True(await EnsureAsync(database, key));
        var row = Assert.Single(await database.Owner.RowsAsync(
            "SELECT p.name, k.key_hash, k.key_prefix, k.expires_at, k.revoked_at FROM analytics.api_keys k JOIN analytics.projects p "
                + "USING (project_id)"));
        Assert.Equal(["development", SHA256.HashData(Encoding.UTF8.GetBytes(key.Key)), key.Key[..12], null, null], row);
    }

    [Fact]
    public async Task Is_registered_once_however_often_and_by_however_many_it_is_asked_for()
    {
        await using var database = await databases.CreateMigratedAsync();
        var runs = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => EnsureAsync(database, key)));
        Assert.Single(runs, isNew => isNew);
        Assert.False(await EnsureAsync(database, key));
        Assert.Equal(1, await database.Owner.ScalarAsync<long>(Count));
    }

    [Theory]
    [InlineData("UPDATE analytics.api_keys SET revoked_at = now()", "was revoked")]
    [InlineData("UPDATE analytics.api_keys SET expires_at = now() - interval '1 minute'", "has expired")]
    [InlineData("UPDATE analytics.projects SET name = 'other'", "belongs to project other")]
    public async Task Revoked_key_is_not_registered_again(string change, string reason)
    {
        await using var database = await databases.CreateMigratedAsync();
        await EnsureAsync(database, key);
        await database.Superuser.ExecuteAsync(change);
        var problem = await Assert.ThrowsAsync<MigrationException>(() => EnsureAsync(database, key));
        Assert.Contains(reason, problem.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(key.Key, problem.Message, StringComparison.Ordinal);
        Assert.Equal(1, await database.Owner.ScalarAsync<long>(Count));
    }

    [Fact]
    public async Task Needs_the_schema_and_says_so()
    {
        await using var database = await databases.CreateInitialisedAsync();
        Assert.Contains("not registered", (await Assert.ThrowsAsync<MigrationException>(() => EnsureAsync(database, key))).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Is_registered_by_the_program_which_does_not_print_it()
    {
        await using var database = await databases.CreateMigratedAsync();
        using var program = MigrationsProgram.Start("ensure-key",
            $"ConnectionStrings__analytics={database.ConnectionString("llm_owner")}", $"HUB_API_KEY={key.Key}", "HUB_API_PROJECT=checkout");
        var (exitCode, output) = await program.WaitAsync();
        Assert.True(exitCode == ExitCodes.Ok, output);
        Assert.DoesNotContain(key.Key, output, StringComparison.Ordinal);
        Assert.Equal("checkout", await database.Owner.ScalarAsync<string>("SELECT name FROM analytics.projects"));
    }

    private static Task<bool> EnsureAsync(TestDatabase database, ApiKeyRegistration key) =>
        key.EnsureAsync(database.ConnectionString("llm_owner"), new MigrationOptions { PrimaryTimeout = TimeSpan.FromSeconds(30) },
            NullLogger.Instance, TimeProvider.System, Cancel);
}

[Trait(Tiers.Trait, Tiers.Integration)]
public class The_limits_of_a_key(DatabaseFixture databases)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Are_set_changed_removed_and_shown_one_by_one()
    {
        await using var database = await databases.CreateMigratedAsync();
        var key = await database.Owner.ScalarAsync<int>("SELECT analytics.create_api_key('shop', 'web', sha256('x'), 'hub_abcdefgh')");
        Assert.Equal("none", await ApplyAsync(database, key));
        Assert.Equal("0.5 requests/s, 100 calls/day",
            await ApplyAsync(database, key, ("HUB_KEY_REQUESTS_PER_SECOND", "0.5"), ("HUB_KEY_CALLS_PER_DAY", "100")));
        Assert.Equal("0.5 requests/s, 1000000 bytes/s, 100 calls/day",
            await ApplyAsync(database, key, ("HUB_KEY_BYTES_PER_SECOND", "1000000")));
        Assert.Equal("1000000 bytes/s, 100 calls/day", await ApplyAsync(database, key, ("HUB_KEY_REQUESTS_PER_SECOND", "none")));
        Assert.Equal("none", await ApplyAsync(database, key, ("HUB_KEY_BYTES_PER_SECOND", "none"), ("HUB_KEY_CALLS_PER_DAY", "none")));
    }

    [Fact]
    public async Task Need_a_key_that_is_valid()
    {
        await using var database = await databases.CreateMigratedAsync();
        var problem = await Assert.ThrowsAsync<MigrationException>(() => ApplyAsync(database, 99));
        Assert.Contains("no valid key with number 99", problem.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("max_requests_per_second = 'NaN'")]
    [InlineData("max_requests_per_second = 'Infinity'")]
    [InlineData("max_requests_per_second = 0")]
    [InlineData("max_bytes_per_second = 0")]
    [InlineData("max_calls_per_day = -1")]
    public async Task Are_numbers_above_zero(string limit)
    {
        await using var database = await databases.CreateMigratedAsync();
        await database.Owner.ExecuteAsync("SELECT analytics.create_api_key('shop', 'web', sha256('x'), 'hub_abcdefgh')");
        var refused = await Assert.ThrowsAsync<Npgsql.PostgresException>(
            () => database.Owner.ExecuteAsync($"UPDATE analytics.api_keys SET {limit}"));
        Assert.Equal(Npgsql.PostgresErrorCodes.CheckViolation, refused.SqlState);
    }

    [Fact]
    public async Task Count_the_calls_of_each_day_and_forget_them_after_a_month()
    {
        await using var database = await databases.CreateMigratedAsync();
        const string Count = "SELECT string_agg(key_id || '=' || calls, ' ' ORDER BY key_id) FROM analytics.count_key_calls($1, $2, $3)";
        Assert.Equal("1=5 2=7", await database.App.ScalarAsync<string>(Count, new[] { 2, 1 }, new[] { 7L, 5 }, new DateOnly(2026, 11, 1)));
        Assert.Equal("1=8", await database.App.ScalarAsync<string>(Count, new[] { 1 }, new[] { 3L }, new DateOnly(2026, 11, 1)));
        Assert.Equal("1=2", await database.App.ScalarAsync<string>(Count, new[] { 1 }, new[] { 2L }, new DateOnly(2026, 12, 2)));
        Assert.Equal("1=1", await database.App.ScalarAsync<string>(Count, new[] { 1 }, new[] { 1L }, new DateOnly(2026, 12, 3)));
        Assert.Equal(["1 2026-12-02", "1 2026-12-03", "2 2026-11-01"],
            (await database.App.RowsAsync("SELECT key_id || ' ' || day FROM analytics.key_calls ORDER BY key_id, day"))
                .Select(row => row[0]));
    }

    private static Task<string> ApplyAsync(TestDatabase database, int key, params (string Name, string Value)[] values) =>
        ApiKeyLimits.Read(new ConfigurationBuilder().AddInMemoryCollection(
                values.Append(("HUB_API_KEY_ID", key.ToString(System.Globalization.CultureInfo.InvariantCulture)))
                    .ToDictionary(value => value.Item1, value => (string?)value.Item2)).Build())
            .ApplyAsync(database.ConnectionString("llm_owner"), new MigrationOptions(), NullLogger.Instance, TimeProvider.System, Cancel);
}
