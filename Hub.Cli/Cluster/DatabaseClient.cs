using Analytics.Topology;
using Hub.Cli.State;
using Hub.Operations.Clusters;
using Npgsql;

namespace Hub.Cli.Cluster;

/// <summary>SQL at the hub's primary, over TLS, as one of the roles whose passwords this hub made.</summary>
internal sealed class DatabaseClient(Deployment deployment)
{
    /// <summary>The hub of this checkout.</summary>
    /// <exception cref="CliException">It was never brought up.</exception>
    public static DatabaseClient Open() => new(Deployment.LoadExisting());

    /// <summary>A statement's rows as the given role.</summary>
    /// <exception cref="CliException">The primary cannot be reached.</exception>
    public async Task<IReadOnlyList<object?[]>> QueryAsync(string role, string secret, string sql, CancellationToken cancellation, params object[] parameters)
    {
        await using var connection = new NpgsqlConnection(ConnectionString(role, secret));
        try
        {
            await connection.OpenAsync(cancellation);
        }
        catch (NpgsqlException problem)
        {
            throw new CliException($"The database does not answer at 127.0.0.1:{deployment.HostPort(Ports.ReadWrite)}: {problem.Message}", "Is the hub up? See `./hub status`.");
        }

        await using var command = new NpgsqlCommand(sql, connection);
        foreach (var parameter in parameters)
            command.Parameters.Add(new NpgsqlParameter { Value = parameter });
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        var rows = new List<object?[]>();
        while (await reader.ReadAsync(cancellation))
        {
            var row = new object?[reader.FieldCount];
            reader.GetValues(row!);
            rows.Add([.. row.Select(value => value is DBNull ? null : value)]);
        }

        return rows;
    }

    private string ConnectionString(string role, string secret) =>
        new LocalConnection(deployment.HostPort(Ports.ReadWrite), role, deployment.Secrets()[secret], deployment.CaFile).ToString();
}
