using System.Net.Sockets;
using Analytics.Topology;
using Hub.Drills.Ledgers;
using Hub.Operations;
using Hub.Operations.Clusters;
using Npgsql;

namespace Hub.Drills.Load;

/// <summary>One writer through the pool: an insert in a transaction of its own, over a connection that is made again only when it broke.</summary>
internal sealed class SqlPath(RunningCluster cluster) : IWritePath
{
    public const string PathName = "pooled SQL";
    private NpgsqlConnection? connection;
    private string? notice;

    public string Name => PathName;

    public async Task<(Answer Answer, string? Reason)> WriteAsync(Guid id, CancellationToken abandon)
    {
        if (await ConnectAsync(abandon) is { } unreachable)
            return (Answer.Refused, unreachable);
        notice = null;
        try
        {
            await using var insert = new NpgsqlCommand("INSERT INTO drill.writes (id) VALUES ($1)", connection);
            insert.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = id });
            await insert.ExecuteNonQueryAsync(abandon);

            // A server whose wait for the standby was cut short commits, answers success, and says so by a warning only.
            return notice is null ? (Answer.Acknowledged, null) : (Answer.Unknown, notice);
        }
        catch (PostgresException said)
        {
            if (said.Severity is "FATAL" or "PANIC" || connection!.FullState != System.Data.ConnectionState.Open)
                await CloseAsync();
            return (IsCertain(said) ? Answer.Refused : Answer.Unknown, $"{said.SqlState} {said.MessageText}");
        }
        catch (Exception broken) when (IsBroken(broken))
        {
            await CloseAsync();
            return (Answer.Unknown, broken is OperationCanceledException ? "no answer" : broken.Message);
        }
    }

    public ValueTask DisposeAsync() => new(CloseAsync());

    /// <summary>Null when there is a connection; otherwise why not.</summary>
    private async Task<string?> ConnectAsync(CancellationToken abandon)
    {
        if (connection is not null)
            return null;
        try
        {
            connection = await cluster.OpenAsync(ClusterNames.PgBouncer, Ports.PgBouncer, Roles.App, Secrets.App, abandon);
            connection.Notice += (_, args) => notice = args.Notice.Severity == "WARNING" ? args.Notice.MessageText : notice;
            return null;
        }
        catch (Exception unreachable) when (IsBroken(unreachable) || unreachable is OperationException)
        {
            cluster.ForgetPorts();
            return "no connection: " + unreachable.Message;
        }
    }

    /// <summary>
    /// Answers after which the row is certainly not stored: the server is read-only, has no room, starts, stops before the statement, or has no
    /// connection to spare; and PgBouncer's own when no server was found in time.
    /// </summary>
    private static bool IsCertain(PostgresException said) => said.SqlState
        is PostgresErrorCodes.ReadOnlySqlTransaction or PostgresErrorCodes.DiskFull or PostgresErrorCodes.CannotConnectNow or PostgresErrorCodes.TooManyConnections
        || said.MessageText.Contains("query_wait_timeout", StringComparison.Ordinal);

    private static bool IsBroken(Exception failure) => failure is NpgsqlException or IOException or SocketException or TimeoutException or OperationCanceledException or ObjectDisposedException;

    private async Task CloseAsync()
    {
        if (Interlocked.Exchange(ref connection, null) is { } old)
            await old.DisposeAsync();
    }
}
