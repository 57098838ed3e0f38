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

    private static ApiKeyRegistration Read(params (string Name, string? Value)[] settings) => ApiKeyRegistration.Read(new ConfigurationBuilder()
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
            "SELECT p.name, k.key_hash, k.key_prefix, k.expires_at, k.revoked_at FROM analytics.api_keys k JOIN analytics.projects p USING (project_id)"));
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
        Assert.Contains("not registered", (await Assert.ThrowsAsync<MigrationException>(() => EnsureAsync(database, key))).Message, StringComparison.Ordinal);
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
        key.EnsureAsync(database.ConnectionString("llm_owner"), new MigrationOptions { PrimaryTimeout = TimeSpan.FromSeconds(30) }, NullLogger.Instance, TimeProvider.System, Cancel);
}
