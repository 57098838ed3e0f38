namespace Analytics.Migrations.Tests;

[Trait(Tiers.Trait, Tiers.Integration)]
public class First(DatabaseFixture databases)
{
    [Fact]
    public async Task Migrates()
    {
        await using var database = await databases.CreateMigratedAsync();
        Assert.Equal("07", await database.App.ScalarAsync<string>("SELECT value FROM analytics.schema_metadata WHERE key = 'schema_version'"));
    }
}
