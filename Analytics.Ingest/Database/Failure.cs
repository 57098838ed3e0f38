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

    /// <summary>Nothing was committed and trying again may help: the server starts, stops, is read-only, has no room or no schema yet.</summary>
    Transient,

    /// <summary>The connection or the time ran out somewhere between the first byte and the answer to COMMIT: it may be committed.</summary>
    Unknown,
}

internal static class Failures
{
    /// <summary>
    /// Classifies a failure. Whatever is not known to be the data's own fault is tried again until the request's deadline: a wrong password or
    /// a missing table is repaired by somebody, and until then clients are told to retry, not that their rows are wrong.
    /// </summary>
    public static Failure Classify(Exception exception) => exception switch
    {
        PostgresException { SqlState: PostgresErrorCodes.UniqueViolation } => Failure.Duplicate,
        // Data exceptions, constraint violations, "index row size exceeds maximum" and other limits.
        PostgresException { SqlState: ['2', '2' or '3', ..] or ['5', '4', ..] } => Failure.Data,
        // 57P01: the server ended the session, maybe after COMMIT had reached the disk.
        PostgresException { SqlState: PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.QueryCanceled } => Failure.Unknown,
        PostgresException => Failure.Transient,
        _ => Failure.Unknown,
    };

    /// <summary>Whether an exception comes from the database or the way to it, and not from a fault in this program.</summary>
    public static bool IsDatabase(Exception exception) => exception is NpgsqlException or TimeoutException or OperationCanceledException
        or IOException or SocketException or ReplicationNotConfirmedException;
}

/// <summary>The server committed without having waited for its standby, and said so by a warning; or it would have, and did not commit.</summary>
internal sealed class ReplicationNotConfirmedException(string message) : Exception(message);
