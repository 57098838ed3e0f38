using Npgsql;
using NpgsqlTypes;

namespace Analytics.Ingest.Keys;

/// <summary>A key as the database has it.</summary>
/// <param name="Hash">SHA-256 of the key.</param>
/// <param name="Caller">Whose it is.</param>
/// <param name="ExpiresAt">From when on it is not valid; null is never.</param>
internal sealed record StoredKey(byte[] Hash, Caller Caller, DateTimeOffset? ExpiresAt);

/// <summary>Where keys are.</summary>
internal interface IKeyStore
{
    /// <summary>Those of the keys that exist and are not revoked.</summary>
    Task<IReadOnlyList<StoredKey>> FindAsync(IReadOnlyCollection<byte[]> hashes, CancellationToken cancellationToken);
}

/// <summary>The table analytics.api_keys.</summary>
internal sealed class KeyStore(NpgsqlDataSource dataSource, TimeProvider time) : IKeyStore
{
    private const string Sql = """
        SELECT k.key_hash, k.key_id, k.project_id, k.expires_at, k.max_requests_per_second, k.max_bytes_per_second, k.max_calls_per_day,
               c.calls
          FROM analytics.api_keys k LEFT JOIN analytics.key_calls c ON c.key_id = k.key_id AND c.day = $2
         WHERE k.key_hash = ANY ($1) AND (k.revoked_at IS NULL OR k.revoked_at > $3)
        """;

    public async Task<IReadOnlyList<StoredKey>> FindAsync(IReadOnlyCollection<byte[]> hashes, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var day = DateOnly.FromDateTime(now.UtcDateTime);
        await using var command = dataSource.CreateCommand(Sql);
        command.Parameters.AddWithValue(NpgsqlDbType.Array | NpgsqlDbType.Bytea, hashes.ToArray());
        command.Parameters.AddWithValue(NpgsqlDbType.Date, day);
        command.Parameters.AddWithValue(NpgsqlDbType.TimestampTz, now);
        var found = new List<StoredKey>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            var limits = new KeyLimits(Value<double>(reader, 4), Value<long>(reader, 5), Value<long>(reader, 6));
            var caller = new Caller(reader.GetInt32(1), reader.GetInt32(2), limits, day, Value<long>(reader, 7) ?? 0);
            found.Add(new StoredKey(reader.GetFieldValue<byte[]>(0), caller, Value<DateTimeOffset>(reader, 3)));
        }

        return found;
    }

    private static T? Value<T>(NpgsqlDataReader reader, int column) where T : struct =>
        reader.IsDBNull(column) ? null : reader.GetFieldValue<T>(column);
}
