using System.Security.Cryptography;
using System.Text;
using Analytics.Topology.Security;
using Hub.Operations.Clusters;
using Npgsql;

namespace Hub.Drills.Load;

/// <summary>
/// What a drill needs in the database: a schema of its own, and a key of a project of its own, so that no project's usage shows a drill's
/// calls. Both go, with the calls, when it ends.
/// </summary>
internal sealed class DrillSchema : IAsyncDisposable
{
    public const string Project = "drill";

    /// <summary>Everything that a drill has made, also one that was killed before it could clean up.</summary>
    private const string Remove = $"""
        DROP SCHEMA IF EXISTS drill CASCADE;
        UPDATE analytics.api_keys SET revoked_at = now() WHERE revoked_at IS NULL AND {Mine};
        DELETE FROM analytics.calls WHERE {Mine};
        DELETE FROM aggregates.call_rollups WHERE {Mine};
        """;

    private const string Mine = $"project_id = (SELECT project_id FROM analytics.projects WHERE name = '{Project}')";
    private readonly RunningCluster cluster;

    private DrillSchema(RunningCluster cluster, string apiKey)
    {
        this.cluster = cluster;
        ApiKey = apiKey;
    }

    public string ApiKey { get; }

    /// <summary>Makes them, in the place of what an interrupted drill has left.</summary>
    public static async Task<DrillSchema> CreateAsync(RunningCluster cluster, CancellationToken cancel)
    {
        var key = SecretValues.NewApiKey();
        await using var owner = await cluster.OwnerAsync(cancel);

        // No unique key: a row that is stored twice must show.
        await using var create = new NpgsqlCommand($"""
            {Remove}
            CREATE SCHEMA drill;
            CREATE TABLE drill.writes (id uuid NOT NULL);
            CREATE TABLE drill.probes (at numeric NOT NULL);
            GRANT USAGE ON SCHEMA drill TO llm_app;
            GRANT INSERT ON drill.writes TO llm_app;
            """, owner);
        await create.ExecuteNonQueryAsync(cancel);
        await using var register = new NpgsqlCommand("SELECT analytics.create_api_key($1, 'drill', $2, $3)", owner);
        register.Parameters.Add(new NpgsqlParameter { Value = Project });
        register.Parameters.Add(new NpgsqlParameter { Value = SHA256.HashData(Encoding.UTF8.GetBytes(key)) });
        register.Parameters.Add(new NpgsqlParameter { Value = key[..12] });
        await register.ExecuteNonQueryAsync(cancel);
        return new DrillSchema(cluster, key);
    }

    /// <summary>How often each write through SQL is stored.</summary>
    public Task<IReadOnlyDictionary<Guid, int>> StoredBySqlAsync(CancellationToken cancel) =>
        CountAsync("SELECT id, count(*)::int FROM drill.writes GROUP BY id", cancel);

    /// <summary>
    /// How often each call that went through ingest is stored. The same transaction adds it to the roll-ups: where they hold another
    /// number of calls, none is taken to be stored as it must be.
    /// </summary>
    public Task<IReadOnlyDictionary<Guid, int>> StoredByIngestAsync(CancellationToken cancel) => CountAsync($"""
        WITH stored AS (SELECT request_id, count(*) AS n FROM analytics.calls WHERE {Mine} GROUP BY 1)
        SELECT request_id, CASE WHEN (SELECT sum(n) FROM stored) = (SELECT sum(calls) FROM aggregates.call_rollups WHERE {Mine})
                                THEN n ELSE 0 END::int FROM stored
        """, cancel);

    public async ValueTask DisposeAsync()
    {
        await using var owner = await cluster.OwnerAsync(CancellationToken.None);
        await using var remove = new NpgsqlCommand(Remove, owner);
        await remove.ExecuteNonQueryAsync();
    }

    private async Task<IReadOnlyDictionary<Guid, int>> CountAsync(string sql, CancellationToken cancel)
    {
        await using var owner = await cluster.OwnerAsync(cancel);
        await using var command = new NpgsqlCommand(sql, owner);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var counts = new Dictionary<Guid, int>();
        while (await reader.ReadAsync(cancel))
            counts[reader.GetGuid(0)] = reader.GetInt32(1);
        return counts;
    }
}
