using Npgsql;

namespace Analytics.Migrations;

/// <summary>What decides whether and which scripts can run on a server.</summary>
internal sealed record ServerFacts(Version PostgresVersion, Version TimescaleVersion, Edition Edition)
{
    private static readonly Version OldestPostgres = new(15, 0);
    private static readonly Version OldestTimescale = new(2, 13);

    public static async Task<ServerFacts> ReadAsync(NpgsqlConnection connection, CancellationToken cancel)
    {
        var version = await ScalarAsync(connection, "SELECT extversion FROM pg_extension WHERE extname = 'timescaledb'", cancel)
            ?? throw new MigrationException("The extension timescaledb is not in this database: run 01-init-database.sql.");
        // The statement above has made the extension load; before that its settings are unknown.
        var license = await ScalarAsync(connection, "SELECT current_setting('timescaledb.license', true)", cancel);
        if (!EditionNames.TryParse(license, out var edition))
            throw new MigrationException($"timescaledb.license is '{license}', neither 'apache' nor 'timescale'.");
        // 2.19.3, but also 2.30.0-dev
        return new ServerFacts(connection.PostgreSqlVersion, Version.Parse(version.Split('-')[0]), edition);
    }

    public void RequireSupported()
    {
        if (PostgresVersion < OldestPostgres)
            throw new MigrationException($"PostgreSQL {PostgresVersion} is too old: {OldestPostgres.Major} or newer is needed.");
        if (TimescaleVersion < OldestTimescale)
            throw new MigrationException($"TimescaleDB {TimescaleVersion} is too old: {OldestTimescale} or newer is needed.");
    }

    private static async Task<string?> ScalarAsync(NpgsqlConnection connection, string sql, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync(cancel) as string;
    }
}
