using System.Security.Cryptography;
using System.Text;
using Analytics.Topology;
using Hub.Cli.Send.Replay;
using Npgsql;

namespace Hub.Cli.Tests.Cluster;

/// <summary>The development topology in containers, with a key to send with; shared by the tests of one class.</summary>
public sealed class ClusterFixture : IAsyncLifetime
{
    private const string ApiKey = "hub_cluster_tests";
    private HubCluster? cluster;

    internal HubCluster Cluster => cluster ?? throw new InvalidOperationException("The cluster has not started.");

    internal ReplayOptions Replay =>
        new() { ApiKey = ApiKey, Endpoint = new Uri($"http://127.0.0.1:{Cluster.Port(ClusterNames.Ingest, Ports.OtlpHttp)}/v1/traces") };

    public async ValueTask InitializeAsync()
    {
        cluster = await HubCluster.StartAsync(Presets.Development, TestContext.Current.CancellationToken);
        await using var owner = await OpenAsync(Roles.Owner, Secrets.Owner);
        await using var command = new NpgsqlCommand("SELECT analytics.create_api_key('cluster', 'tests', $1, $2)", owner);
        command.Parameters.Add(new NpgsqlParameter { Value = SHA256.HashData(Encoding.UTF8.GetBytes(ApiKey)) });
        command.Parameters.Add(new NpgsqlParameter { Value = ApiKey[..12] });
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>A connection to the primary through HAProxy.</summary>
    internal Task<NpgsqlConnection> OpenAsync(string role, string secret) =>
        OpenAsync(Cluster.ConnectionString(ClusterNames.HaProxy, Ports.ReadWrite, role, secret));

    internal static async Task<NpgsqlConnection> OpenAsync(string connectionString)
    {
        var connection = new NpgsqlConnection(connectionString);
        try
        {
            await connection.OpenAsync(TestContext.Current.CancellationToken);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    internal static async Task<T> ScalarAsync<T>(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        return (T)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!;
    }

    public async ValueTask DisposeAsync()
    {
        if (cluster is not null)
            await cluster.DisposeAsync();
    }
}
