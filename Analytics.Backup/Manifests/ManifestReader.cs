using Npgsql;

namespace Analytics.Backup.Manifests;

/// <summary>
/// Reads the state of a database: on the primary as llm_app, on a scratch instance as its superuser, with the same statements, on
/// TimescaleDB
/// 2.13/PostgreSQL 15 up to 2.28/17, either edition.
/// </summary>
/// <param name="connection">Open; its session's settings are set here.</param>
public sealed class ManifestReader(NpgsqlConnection connection)
{
    // A row's text depends on these. No statement may hold the horizon of vacuum for long, so each has its own transaction.
    private const string Session =
        """
        SET timezone = 'UTC'; SET datestyle = 'ISO, YMD'; SET intervalstyle = 'postgres'; SET extra_float_digits = 1; SET bytea_output = 'hex';
        SET search_path = pg_catalog; SET client_encoding = 'UTF8'; SET enable_seqscan = on; SET statement_timeout = 0
        """;

    private const string ServerSql =
        """
        SELECT now(), current_setting('server_version_num')::int / 10000, (SELECT extversion FROM pg_extension WHERE extname = 'timescaledb'),
               coalesce((SELECT value FROM analytics.schema_metadata WHERE key = 'edition'), 'unknown'),
               ARRAY(SELECT extname || ' ' || extversion FROM pg_extension ORDER BY extname COLLATE "C")
        """;

    // timescaledb_version is what the migrations saw last, not what runs.
    private const string MetadataSql =
        """SELECT key || '=' || value FROM analytics.schema_metadata WHERE key <> 'timescaledb_version' ORDER BY key COLLATE "C" """;

    private const string ChunksSql =
        """
        SELECT hypertable, chunk, range_start, range_end, range_end < now() - $1 AS sealed FROM (
          SELECT h.hypertable_schema || '.' || h.hypertable_name AS hypertable, c.chunk_schema || '.' || c.chunk_name AS chunk, c.range_start, c.range_end
            FROM timescaledb_information.hypertables h
            LEFT JOIN timescaledb_information.chunks c USING (hypertable_schema, hypertable_name)) x
         ORDER BY hypertable COLLATE "C", range_start, chunk COLLATE "C"
        """;

    private const string PoliciesSql =
        """
        SELECT text FROM (
          SELECT format('%s on %s every %s, %s%s', proc_name, coalesce(hypertable_schema || '.' || hypertable_name, 'nothing'), schedule_interval,
                        config, CASE WHEN NOT scheduled THEN ', stopped' END) AS text
            FROM timescaledb_information.jobs WHERE job_id >= 1000 AND proc_name LIKE 'policy\_%'
          UNION ALL
          SELECT format('table_lifecycles %s', l) FROM analytics.table_lifecycles l) p
         ORDER BY text COLLATE "C"
        """;

    private const string JobsSql =
        """
        SELECT text FROM (
          SELECT format('%s.%s every %s, %s%s', proc_schema, proc_name, schedule_interval, config, CASE WHEN NOT scheduled THEN ', stopped' END) AS text
            FROM timescaledb_information.jobs WHERE job_id >= 1000 AND proc_name NOT LIKE 'policy\_%') j
         ORDER BY text COLLATE "C"
        """;

    // Internal names in a definition (the materialisation's table) are part of the backup and the same after it.
    private const string AggregatesSql =
        """
        SELECT name, kind, encode(sha256(convert_to(definition, 'UTF8')), 'hex') FROM (
          SELECT view_schema || '.' || view_name AS name, 'continuous' AS kind, format('%s %s', materialized_only, view_definition) AS definition
            FROM timescaledb_information.continuous_aggregates
          UNION ALL
          SELECT n.nspname || '.' || c.relname, 'view', pg_get_viewdef(c.oid)
            FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
           WHERE n.nspname = 'aggregates' AND c.relkind = 'v'
             AND NOT EXISTS (SELECT FROM timescaledb_information.continuous_aggregates a WHERE a.view_schema = n.nspname AND a.view_name = c.relname)) v
         ORDER BY name COLLATE "C"
        """;

    /// <summary>Reads everything but rows.</summary>
    public async Task<DatabaseManifest> ReadCatalogAsync(CancellationToken cancel)
    {
        await ExecuteAsync(Session, cancel);
        var (at, server) = (await RowsAsync(ServerSql, reader => (
            Utc(reader, 0), new ServerState(reader.GetInt32(1), reader.GetString(2), reader.GetString(3),
                reader.GetFieldValue<string[]>(4))), cancel))[0];
        return new DatabaseManifest(
            at, server, await TextsAsync(MetadataSql, cancel), await HypertablesAsync(cancel), await TextsAsync(PoliciesSql, cancel),
            await TextsAsync(JobsSql, cancel), await RowsAsync(AggregatesSql,
                reader => new AggregateState(reader.GetString(0), reader.GetString(1), reader.GetString(2)), cancel));
    }

    /// <summary>Counts the rows of a chunk, and takes their checksum when it is sealed.</summary>
    public async Task<ChunkState> ReadRowsAsync(string hypertable, ChunkState chunk, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(chunk);
        var column = await TimeColumnAsync(hypertable, cancel);
        // Through the hypertable: its reader's rights are on it, and compressed rows come back as they were.
        var checksum = chunk.Sealed ? "coalesce(sum(hashtextextended(r::text, 0)), 0)::text" : "NULL::text";
        await using var command = new NpgsqlCommand(
            $"SELECT count(*), {checksum} FROM {Quoted(hypertable)} r WHERE {Quoted(column)} >= $1 AND {Quoted(column)} < $2", connection);
        command.CommandTimeout = 0;
        command.Parameters.Add(new NpgsqlParameter { Value = chunk.Start.UtcDateTime });
        command.Parameters.Add(new NpgsqlParameter { Value = chunk.End.UtcDateTime });
        await using var reader = await command.ExecuteReaderAsync(cancel);
        await reader.ReadAsync(cancel);
        return chunk with { Rows = reader.GetInt64(0), Checksum = reader.IsDBNull(1) ? null : reader.GetString(1) };
    }

    /// <summary>Which hypertables this session may read.</summary>
    public async Task<IReadOnlySet<string>> ReadableAsync(CancellationToken cancel) => (await TextsAsync(
        """
        SELECT hypertable_schema || '.' || hypertable_name FROM timescaledb_information.hypertables
         WHERE has_schema_privilege(hypertable_schema, 'USAGE') AND has_table_privilege(format('%I.%I', hypertable_schema, hypertable_name), 'SELECT')
        """, cancel)).ToHashSet();

    private async Task<IReadOnlyList<HypertableState>> HypertablesAsync(CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(ChunksSql, connection);
        command.Parameters.Add(new NpgsqlParameter { Value = DatabaseManifest.SealedAfter });
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var chunks = new List<(string Hypertable, ChunkState? Chunk)>();
        while (await reader.ReadAsync(cancel))
        {
            // A hypertable over numbers instead of times has no ranges here; Hub has none.
            var hasRange = !reader.IsDBNull(1) && !reader.IsDBNull(2);
            chunks.Add((reader.GetString(0),
                hasRange ? new ChunkState(reader.GetString(1), Utc(reader, 2), Utc(reader, 3), reader.GetBoolean(4)) : null));
        }

        return [.. chunks.GroupBy(pair => pair.Hypertable)
            .Select(group => new HypertableState(group.Key, [.. group.Select(pair => pair.Chunk).OfType<ChunkState>()]))];
    }

    private async Task<string> TimeColumnAsync(string hypertable, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(
            "SELECT column_name::text FROM timescaledb_information.dimensions WHERE hypertable_schema || '.' || hypertable_name = $1 AND "
                + "dimension_number = 1", connection);
        command.Parameters.Add(new NpgsqlParameter { Value = hypertable });
        return (string)(await command.ExecuteScalarAsync(cancel)
            ?? throw new BackupException($"The hypertable {hypertable} has no dimension."));
    }

    private async Task ExecuteAsync(string sql, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancel);
    }

    private Task<List<string>> TextsAsync(string sql, CancellationToken cancel) => RowsAsync(sql, reader => reader.GetString(0), cancel);

    private async Task<List<T>> RowsAsync<T>(string sql, Func<NpgsqlDataReader, T> map, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        command.CommandTimeout = 0;
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var rows = new List<T>();
        while (await reader.ReadAsync(cancel)) rows.Add(map(reader));
        return rows;
    }

    private static DateTimeOffset Utc(NpgsqlDataReader reader, int column) => new(reader.GetFieldValue<DateTime>(column), TimeSpan.Zero);

    internal static string Quoted(string name) =>
        string.Join('.', name.Split('.').Select(part => $"\"{part.Replace("\"", "\"\"", StringComparison.Ordinal)}\""));
}
