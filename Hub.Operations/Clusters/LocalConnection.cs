using Analytics.Topology;
using Npgsql;

namespace Hub.Operations.Clusters;

/// <summary>A connection to Hub's database through a port of this machine: verified TLS, one session without a pool.</summary>
internal sealed record LocalConnection(int Port, string Role, string Password, string CaFile)
{
    /// <summary>For the connection, in seconds.</summary>
    public int Timeout { get; init; } = 5;

    /// <summary>For a statement, in seconds.</summary>
    public int CommandTimeout { get; init; } = 15;

    public string ApplicationName { get; init; } = "hub";

    /// <summary>Connects. A connection that cannot be opened is disposed of.</summary>
    public async Task<NpgsqlConnection> OpenAsync(CancellationToken cancel)
    {
        var connection = new NpgsqlConnection(ToString());
        try
        {
            await connection.OpenAsync(cancel);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <summary>The connection string.</summary>
    public override string ToString() => new NpgsqlConnectionStringBuilder
    {
        Host = "127.0.0.1",
        Port = Port,
        Database = ClusterNames.Database,
        Username = Role,
        Password = Password,
        SslMode = SslMode.VerifyFull,
        RootCertificate = CaFile,
        Pooling = false,
        Timeout = Timeout,
        CommandTimeout = CommandTimeout,
        ApplicationName = ApplicationName,
    }.ConnectionString;
}
