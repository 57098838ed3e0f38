using Analytics.Ingest.Database;
using Npgsql;

namespace Analytics.Ingest.Writing;

/// <summary>
/// On how many members a commit is when it is acknowledged. The server is told by Hub how many there are (<c>hub.members</c>); whether it
/// waits for one of them, it says itself.
/// </summary>
internal static class CommitCopies
{
    /// <summary>Of an answer: 2, or 1 where a hub has one member or its operator has accepted that risk.</summary>
    public const string Header = "Hub-Copies";

    private const string Ask = """
        SELECT current_setting('synchronous_standby_names') <> '', current_setting('synchronous_commit') NOT IN ('off', 'local'),
               coalesce(nullif(current_setting('hub.members', true), ''), '1')::int
        """;

    /// <summary>Asked in the transaction, right before its commit.</summary>
    /// <exception cref="ReplicationNotConfirmedException">The server would commit alone, though others could have the calls
    /// too.</exception>
    public static async Task<int> RequireAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(Ask, connection);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        var (named, waits, members) = (reader.GetBoolean(0), reader.GetBoolean(1), reader.GetInt32(2));
        return named || members == 1 ? named && waits ? 2 : 1
            : throw new ReplicationNotConfirmedException(
                $"The primary waits for no standby, and this hub has {members} members: nothing is committed on one alone.");
    }

    /// <summary>The least of what became of the calls; null when none was committed.</summary>
    public static int? Of(IEnumerable<QueuedCall> calls) =>
        calls.Where(queued => queued.Outcome is CallOutcome.Stored or CallOutcome.Duplicate).Min(queued => (int?)queued.Copies);
}
