using Npgsql;

namespace Analytics.Migrations;

/// <summary>A row of analytics.schema_journal.</summary>
public sealed record JournalEntry(string Script, string Checksum, string Edition);

/// <summary>What was applied to a database, and the facts about it that other programs ask for (analytics.schema_metadata).</summary>
internal sealed class SchemaJournal(NpgsqlConnection connection)
{
    /// <summary>Makes the two tables where they are missing.</summary>
    public async Task EnsureAsync(CancellationToken cancel)
    {
        const string sql = """
            CREATE TABLE IF NOT EXISTS analytics.schema_journal (
              script     text PRIMARY KEY,
              checksum   text NOT NULL,
              edition    text NOT NULL CHECK (edition IN ('apache', 'timescale')),
              applied_at timestamptz NOT NULL DEFAULT now(),
              duration   interval NOT NULL,
              applied_by text NOT NULL
            );
            COMMENT ON TABLE analytics.schema_journal IS 'Which migration scripts were applied; checksum is SHA-256 of the text with LF line ends.';
            CREATE TABLE IF NOT EXISTS analytics.schema_metadata (
              key        text PRIMARY KEY,
              value      text NOT NULL,
              updated_at timestamptz NOT NULL DEFAULT now()
            );
            COMMENT ON TABLE analytics.schema_metadata IS
              'schema_version: number of the newest applied script; edition: apache or timescale; timescaledb_version. Kept by the migrations runner.';
            GRANT SELECT ON analytics.schema_journal, analytics.schema_metadata TO llm_app, llm_readonly, monitor;
            """;
        // One message, hence one transaction: both tables or none.
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancel);
    }

    /// <summary>Everything applied so far, by script name.</summary>
    public async Task<IReadOnlyDictionary<string, JournalEntry>> ReadAsync(CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand("SELECT script, checksum, edition FROM analytics.schema_journal", connection);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var entries = new Dictionary<string, JournalEntry>(StringComparer.Ordinal);
        while (await reader.ReadAsync(cancel))
            entries.Add(reader.GetString(0), new JournalEntry(reader.GetString(0), reader.GetString(1), reader.GetString(2)));
        return entries;
    }

    /// <summary>Writes a script down as applied; with the schema version in one statement, so that neither is ever without the
    /// other.</summary>
    public async Task AddAsync(MigrationScript script, Edition edition, TimeSpan duration, string appliedBy, CancellationToken cancel)
    {
        const string sql = """
            WITH journal AS (
              INSERT INTO analytics.schema_journal (script, checksum, edition, duration, applied_by) VALUES ($1, $2, $3, $4, $5))
            INSERT INTO analytics.schema_metadata AS m (key, value) VALUES ('schema_version', $6)
            ON CONFLICT (key) DO UPDATE SET value = excluded.value, updated_at = now() WHERE m.value::int < excluded.value::int
            """;
        await using var command = new NpgsqlCommand(sql, connection)
        {
            Parameters =
            {
                new() { Value = script.Name },
                new() { Value = script.Checksum },
                new() { Value = edition.Name() },
                new() { Value = duration },
                new() { Value = appliedBy },
                new() { Value = script.Name[..script.Name.IndexOf('-', StringComparison.Ordinal)] },
            },
        };
        await command.ExecuteNonQueryAsync(cancel);
    }

    /// <summary>The value of a key of analytics.schema_metadata, null when it was never set.</summary>
    public async Task<string?> GetMetadataAsync(string key, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand("SELECT value FROM analytics.schema_metadata WHERE key = $1", connection)
        {
            Parameters = { new() { Value = key } },
        };
        return await command.ExecuteScalarAsync(cancel) as string;
    }

    /// <summary>Sets a key of analytics.schema_metadata; its updated_at changes only with the value.</summary>
    public async Task SetMetadataAsync(string key, string value, CancellationToken cancel)
    {
        const string sql = """
            INSERT INTO analytics.schema_metadata AS m (key, value) VALUES ($1, $2)
            ON CONFLICT (key) DO UPDATE SET value = excluded.value, updated_at = now() WHERE m.value <> excluded.value
            """;
        await using var command = new NpgsqlCommand(sql, connection) { Parameters = { new() { Value = key }, new() { Value = value } } };
        await command.ExecuteNonQueryAsync(cancel);
    }
}
