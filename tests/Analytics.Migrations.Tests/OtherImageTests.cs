namespace Analytics.Migrations.Tests;

[Trait(Tiers.Trait, Tiers.Integration)]
public class A_database_on_another_image(DatabaseFixture databases)
{
    [Fact]
    public async Task Says_that_the_library_of_its_version_is_missing_and_what_to_do()
    {
        await using var database = await databases.CreateMigratedAsync();
        // The library is looked for by this version, as on an image that does not have it.
        await database.Superuser.ExecuteAsync("UPDATE pg_extension SET extversion = '2.13.99' WHERE extname = 'timescaledb'");
        var problem = await Assert.ThrowsAsync<MigrationException>(() => database.MigrateAsync());
        Assert.Contains("created by TimescaleDB 2.13.99", problem.Message, StringComparison.Ordinal);
        Assert.Contains("has no library of that version", problem.Message, StringComparison.Ordinal);
        Assert.Contains("Another database image", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Says_that_it_was_made_for_the_other_edition_and_what_to_do()
    {
        await using var database = await databases.CreateMigratedAsync();
        await database.Superuser.ExecuteAsync("UPDATE analytics.schema_metadata SET value = CASE value WHEN 'apache' THEN 'timescale' ELSE 'apache' END WHERE key = 'edition'");
        var problem = await Assert.ThrowsAsync<MigrationException>(() => database.MigrateAsync());
        Assert.Contains("Their schemas differ", problem.Message, StringComparison.Ordinal);
        Assert.Contains("Another database image", problem.Message, StringComparison.Ordinal);
    }
}
