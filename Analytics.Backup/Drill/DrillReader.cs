using Analytics.Backup.Manifests;
using Npgsql;

namespace Analytics.Backup.Drill;

/// <summary>Reads what a drill compares from its scratch instance.</summary>
internal static class DrillReader
{
    /// <summary>The restored state, with the rows of those chunks that the manifest counted and that are asked for.</summary>
    public static async Task<DatabaseManifest> ReadAsync(NpgsqlConnection connection, DatabaseManifest expected,
        Func<ChunkState, bool> wanted, CancellationToken cancel)
    {
        var reader = new ManifestReader(connection);
        var restored = await reader.ReadCatalogAsync(cancel);
        var read = expected.Hypertables.SelectMany(table => table.Chunks).Where(chunk => chunk.Rows is not null && wanted(chunk))
            .ToDictionary(chunk => chunk.Name);
        var hypertables = new List<HypertableState>();
        foreach (var table in restored.Hypertables)
        {
            var chunks = new List<ChunkState>();
            foreach (var chunk in table.Chunks)
            {
                // Sealed then is sealed now: what decides is what was recorded, not the hour of the drill.
                chunks.Add(read.TryGetValue(chunk.Name, out var recorded) ? await reader.ReadRowsAsync(table.Name,
                    chunk with { Sealed = recorded.Checksum is not null }, cancel) : chunk);
            }

            hypertables.Add(table with { Chunks = chunks });
        }

        return restored with { Hypertables = hypertables };
    }

    /// <summary>How long each hypertable keeps its rows.</summary>
    public static async Task<IReadOnlyDictionary<string, TimeSpan>> LifetimesAsync(NpgsqlConnection connection, CancellationToken cancel)
    {
        await using var command =
            new NpgsqlCommand("SELECT hypertable, extract(epoch FROM keep_for)::float8 FROM analytics.table_lifecycles", connection);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var lifetimes = new Dictionary<string, TimeSpan>();
        while (await reader.ReadAsync(cancel)) lifetimes[reader.GetString(0)] = TimeSpan.FromSeconds(reader.GetDouble(1));
        return lifetimes;
    }

    /// <summary>Whether every aggregate and Hub's own health check answer: views over what was restored, not only rows.</summary>
    public static async Task<CheckResult> AnswersAsync(NpgsqlConnection connection, CancellationToken cancel)
    {
        // A whole row is counted, for count(*) would not even compute the columns.
        await using (var names = new NpgsqlCommand(
            """
            SELECT format('SELECT count(v) FROM %I.%I v', schemaname, viewname) FROM pg_views WHERE schemaname IN ('aggregates', 'analytics')
            UNION ALL SELECT 'SELECT count(v) FROM analytics.system_health_check() v' ORDER BY 1
            """, connection))
        {
            var statements = new List<string>();
            await using (var reader = await names.ExecuteReaderAsync(cancel))
            {
                while (await reader.ReadAsync(cancel)) statements.Add(reader.GetString(0));
            }

            var problems = new List<string>();
            foreach (var statement in statements)
            {
                try
                {
                    await using var command = new NpgsqlCommand(statement, connection);
                    await command.ExecuteScalarAsync(cancel);
                }
                catch (PostgresException e)
                {
                    problems.Add($"{statement}: {e.MessageText}");
                }
            }

            return new CheckResult("answers", statements.Count, problems);
        }
    }

    /// <summary>The newest commit that was replayed, and the newest row of any hypertable.</summary>
    public static async Task<Newest> NewestAsync(NpgsqlConnection connection, CancellationToken cancel)
    {
        DateTimeOffset? commit = null, row = null;
        await using (var command = new NpgsqlCommand("SELECT pg_last_xact_replay_timestamp()", connection))
        {
            if (await command.ExecuteScalarAsync(cancel) is DateTime at) commit = new DateTimeOffset(at, TimeSpan.Zero);
        }

        var statements = new List<string>();
        await using (var command = new NpgsqlCommand(
            """
            SELECT format('SELECT max(%I) FROM %I.%I WHERE %I <= now()', column_name, hypertable_schema, hypertable_name, column_name)
              FROM timescaledb_information.dimensions WHERE dimension_number = 1 AND column_type = 'timestamptz'::regtype
            """, connection))
        {
            await using var reader = await command.ExecuteReaderAsync(cancel);
            while (await reader.ReadAsync(cancel)) statements.Add(reader.GetString(0));
        }

        foreach (var statement in statements)
        {
            await using var command = new NpgsqlCommand(statement, connection);
            if (await command.ExecuteScalarAsync(cancel) is DateTime at && (row is null || at > row.Value.UtcDateTime))
                row = new DateTimeOffset(at, TimeSpan.Zero);
        }

        return new Newest(commit, row);
    }
}

/// <summary>How new the newest thing is that was recovered.</summary>
/// <param name="Commit">The last commit that recovery replayed; null when it replayed none.</param>
/// <param name="Row">The newest time in a hypertable, clients' clocks and all.</param>
public sealed record Newest(DateTimeOffset? Commit, DateTimeOffset? Row)
{
    /// <summary>
    /// The newer of both. A database at rest commits nothing, so its newest row may well be old; what is lost is what was committed after
    /// this.
    /// </summary>
    public DateTimeOffset? Any => Commit is null || Row > Commit ? Row : Commit;
}
