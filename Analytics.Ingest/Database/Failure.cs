using System.Net.Sockets;
using Npgsql;

namespace Analytics.Ingest.Database;

/// <summary>What a failed transaction means for its rows.</summary>
internal enum Failure
{
    /// <summary>Some row is there already (or two lanes brought it at once): the same batch, ignoring those.</summary>
    Duplicate,

    /// <summary>The database refused a value: find the row by halves.</summary>
    Data,

    /// <summary>
    /// Nothing was committed, and the server is there. The cause may be one row (a damaged chunk, a limit, a trigger) or all of them (no
    /// schema yet): if the same comes back, find out by halves.
    /// </summary>
    Refused,

    /// <summary>Nothing was committed and trying again may help: the server starts, stops, is read-only, or has no room.</summary>
    Transient,

    /// <summary>The connection or the time ran out somewhere between the first byte and the answer to COMMIT: it may be
    /// committed.</summary>
    Unknown,
}

internal static class Failures
{
    /// <summary>
    /// Classifies a failure, by the classes of PostgreSQL's error codes (its manual, appendix A). Whatever is not known to be the data's
    /// own fault never leads to a rejection: a wrong password or a missing table is repaired by somebody, and until then clients are told
    /// to retry, not that their rows are wrong.
    /// </summary>
    public static Failure Classify(Exception exception) => exception switch
    {
        PostgresException { SqlState: PostgresErrorCodes.UniqueViolation } => Failure.Duplicate,
        // Data exceptions, constraint violations, "index row size exceeds maximum" and other limits. 54000 is also what a server says that
        // has run out of transaction ids, so nothing is rejected before another transaction has been committed.
        PostgresException { SqlState: ['2', '2' or '3', ..] or ['5', '4', ..] } => Failure.Data,
        // 57P01: the server ended the session, maybe after COMMIT had reached the disk.
        PostgresException { SqlState: PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.QueryCanceled } => Failure.Unknown,
        PostgresException { SqlState: var state } => IsOutage(state) ? Failure.Transient : Failure.Refused,
        _ => IsDatabase(exception) ? Failure.Unknown : Failure.Refused,
    };

    /// <summary>What a failure is recognised by when it comes back; null when it may not lie in the rows.</summary>
    public static string? Signature(Exception exception) => Classify(exception) is Failure.Data or Failure.Refused or Failure.Duplicate
        ? exception is PostgresException refused ? refused.SqlState : exception.GetType().FullName : null;

    /// <summary>
    /// Whether an error says that the server serves nobody now, or that this session or transaction had bad luck: connection (08), state
    /// of the transaction and read-only (25), prepared statement (26), login (28), database (3D), rollback (40), resources (53, but for a
    /// limit that is configured), locks (55P03, 55006), operator (57).
    /// </summary>
    private static bool IsOutage(string state) => state switch
    {
        PostgresErrorCodes.ConfigurationLimitExceeded => false,
        PostgresErrorCodes.LockNotAvailable or PostgresErrorCodes.ObjectInUse => true,
        _ => state[..2] is "08" or "25" or "26" or "28" or "3D" or "40" or "53" or "57",
    };

    /// <summary>Whether an exception comes from the database or the way to it, and not from a fault in this program.</summary>
    public static bool IsDatabase(Exception exception) => exception is NpgsqlException or TimeoutException or OperationCanceledException
        or IOException or SocketException or ReplicationNotConfirmedException;
}

/// <summary>The server committed without having waited for its standby, and said so by a warning; or it would have, and did not
/// commit.</summary>
internal sealed class ReplicationNotConfirmedException(string message) : Exception(message);
