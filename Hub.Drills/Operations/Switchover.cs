using Analytics.Topology;
using Hub.Drills.Engine;
using Npgsql;

namespace Hub.Drills.Operations;

/// <summary>How a switchover went.</summary>
/// <param name="From">Who led.</param>
/// <param name="To">Who leads now.</param>
/// <param name="Paused">Whether the pool held its clients meanwhile; without it they saw errors.</param>
/// <param name="Held">How long the pool's clients waited; zero without a pause.</param>
public sealed record SwitchoverResult(string From, string To, bool Paused, TimeSpan Held);

/// <summary>
/// Hands the leadership over. PgBouncer is paused meanwhile: transactions end, then clients wait instead of seeing their connections break, and
/// go on at the new primary. Whatever happens the pool is resumed.
/// </summary>
public sealed class Switchover(DrillCluster cluster)
{
    /// <summary>A transaction that takes longer is not waited for: it is broken, as without a pause.</summary>
    private static readonly TimeSpan PausePatience = TimeSpan.FromSeconds(5);

    /// <summary>Below PgBouncer's query_wait_timeout (30 s), after which waiting clients get errors.</summary>
    private static readonly TimeSpan RoutePatience = TimeSpan.FromSeconds(20);

    private readonly PgBouncerConsole console = new(cluster);

    /// <param name="to">The member to lead; null: the synchronous one with the lowest number.</param>
    /// <param name="report">Told what is being done.</param>
    /// <param name="cancel">Gives up; the pool is resumed all the same.</param>
    /// <exception cref="DrillException">There is nobody to take over, or Patroni refused.</exception>
    public async Task<SwitchoverResult> RunAsync(string? to, Action<string> report, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(report);
        var members = await cluster.MembersAsync(cancel);
        var leader = members.FirstOrDefault(member => member.IsLeader)?.Name ?? throw new DrillException("Nobody leads the cluster: there is nothing to hand over.", "See `./hub status`.");
        var candidate = Choose(members, leader, to);
        report("pausing the pool");
        var began = TimeProvider.System.GetTimestamp();
        bool paused;
        try
        {
            paused = (await console.RunAsync(candidate, $"PAUSE {ClusterNames.Database}", PausePatience, cancel)).ExitCode == 0;
            report($"handing over from {leader} to {candidate}");
            var said = await cluster.ExecAsync(candidate, cancel, "patronictl", "switchover", "--leader", leader, "--candidate", candidate, "--force");
            if (said.ExitCode != 0 || !said.Output.Contains("Successfully", StringComparison.Ordinal))
                throw new DrillException($"Patroni did not hand over: {(said.Output + said.Error).Trim().Split('\n').LastOrDefault()}", "See `./hub logs " + leader + "`.");
            report($"waiting for the gateway to lead to {candidate}");
            await UntilRoutedAsync(candidate, cancel);
        }
        finally
        {
            // Not cancelled: a pool that stays paused is an outage. It may have been paused although PAUSE was not waited for.
            var resumed = await console.RunAsync(candidate, $"RESUME {ClusterNames.Database}", RoutePatience, CancellationToken.None);
            if (resumed.ExitCode != 0 && !resumed.Error.Contains("not paused", StringComparison.Ordinal))
                report($"PgBouncer was not resumed: {resumed.Error.Trim()}");
        }

        return new SwitchoverResult(leader, candidate, paused, paused ? TimeProvider.System.GetElapsedTime(began) : TimeSpan.Zero);
    }

    /// <summary>Who takes over. Only a synchronous standby has every acknowledged write.</summary>
    internal static string Choose(IReadOnlyList<DrillMember> members, string leader, string? wanted)
    {
        var ready = members.Where(member => member is { IsSynchronous: true, IsStreaming: true }).Select(member => member.Name).Order(StringComparer.Ordinal).ToList();
        if (wanted is null)
            return ready.FirstOrDefault() ?? throw new DrillException("No standby is in step with the leader: nobody can take over.", "See `./hub status`.");
        if (wanted == leader)
            throw new DrillException($"{wanted} leads already.");
        if (members.All(member => member.Name != wanted))
            throw new DrillException($"There is no member '{wanted}'.", "Members are: " + string.Join(", ", members.Select(member => member.Name)) + ".");
        return ready.Contains(wanted) ? wanted : throw new DrillException($"{wanted} is not in step with the leader: it lacks writes that were acknowledged.", "See `./hub status`; once it streams, it can take over.");
    }

    /// <summary>The gateway leads to a member that takes writes, and no more to the old one.</summary>
    private async Task UntilRoutedAsync(string candidate, CancellationToken cancel)
    {
        var began = TimeProvider.System.GetTimestamp();
        for (; ; )
        {
            var found = "";
            try
            {
                await using var owner = await cluster.OwnerAsync(cancel);
                await using var ask = new NpgsqlCommand("SELECT pg_is_in_recovery()", owner);
                if (await ask.ExecuteScalarAsync(cancel) is false)
                    return;
                found = "it still leads to a replica";
            }
            catch (NpgsqlException problem)
            {
                found = problem.Message;
            }

            if (TimeProvider.System.GetElapsedTime(began) > RoutePatience)
                throw new DrillException($"The leadership was handed over to {candidate}, but the gateway does not lead there after {RoutePatience.TotalSeconds:0} s: {found}.", "See `./hub logs haproxy`.");
            await Task.Delay(TimeSpan.FromMilliseconds(50), cancel);
        }
    }
}
