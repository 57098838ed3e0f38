using System.Globalization;
using Analytics.Topology;
using Hub.Cli.Cluster;
using Hub.Cli.Engine;
using Hub.Cli.State;
using Hub.Operations.Patroni;

namespace Hub.Cli.Restore;

/// <summary>Waits until one member has bootstrapped the cluster, and says what it does meanwhile.</summary>
internal sealed class BootstrapWait(Deployment deployment, ContainerEngine engine)
{
    /// <exception cref="CliException">It failed; the message holds what pgBackRest or PostgreSQL said.</exception>
    public async Task<PatroniMember> UntilLeaderAsync(string host, DateTimeOffset since, Action<string> report, CancellationToken cancellation)
    {
        var begin = since.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        while (true)
        {
            var containers = await engine.ContainersAsync(deployment.Choices.Name, cancellation);
            var state = containers.GetValueOrDefault(host) ?? throw new CliException($"The container of {host} is gone.", "`./hub restore undo` returns to the old data.");
            var members = await new ClusterClient(deployment, new Dictionary<string, ContainerState> { [host] = state }).MembersAsync(cancellation);
            if (members.FirstOrDefault(member => member is { IsRunningLeader: true }) is { } leader)
                return leader;
            var result = await engine.RunAsync(cancellation, "logs", "--since", begin, state.Name);
            var lines = (result.Output + result.Error).Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
            // Patroni's words for having given up; its process ends, and the engine would start it over and over.
            if (lines.Any(line => line.Contains("Failed to bootstrap cluster", StringComparison.Ordinal)) || (!state.IsRunning && state.Status != "restarting" && state.Status != "created"))
            {
                await engine.RunAsync(CancellationToken.None, "stop", state.Name);
                throw Failure(host, lines);
            }

            report(Progress(lines) ?? "waiting for Patroni");
            await Task.Delay(TimeSpan.FromSeconds(1), cancellation);
        }
    }

    /// <summary>
    /// The last line that tells how far it is:
    /// <code>
    /// 2026-11-22 20:48:24.530 P00   INFO: restore backup set 20261122-204823F, recovery will start at …
    /// 2026-11-22 20:48:25.530 UTC [57] LOG:  restored log file "000000010000000000000003" from archive
    /// </code>
    /// </summary>
    internal static string? Progress(IEnumerable<string> lines) => lines.LastOrDefault(line =>
            line.Contains(" INFO: ", StringComparison.Ordinal) || line.Contains("LOG:  ", StringComparison.Ordinal) || line.Contains("INFO: waiting", StringComparison.Ordinal)) is { } last
        ? last[(last.IndexOf(": ", StringComparison.Ordinal) + 1)..].Trim()
        : null;

    internal static CliException Failure(string host, IReadOnlyList<string> lines)
    {
        var reasons = lines.Where(line => line.Contains("ERROR: [", StringComparison.Ordinal) || line.Contains("FATAL:  ", StringComparison.Ordinal) || line.StartsWith("error: ", StringComparison.Ordinal))
            .Where(line => !line.Contains("the database system is", StringComparison.Ordinal)).Distinct().TakeLast(3).ToList();
        var reason = reasons.Count > 0 ? string.Join("\n  ", reasons) : string.Join("\n  ", lines.TakeLast(8));
        return new CliException($"{host} could not be restored:\n  {reason}", Hint(reason));
    }

    private static string Hint(string reason) => reason switch
    {
        _ when reason.Contains("before configured recovery target was reached", StringComparison.Ordinal) =>
            "There was no commit after that time: `./hub restore --to latest --into cluster` gives the same state. `./hub restore undo` returns to the old data.",
        _ when reason.Contains("No space left", StringComparison.Ordinal) => "Free space and repeat the command, or `./hub restore undo`.",
        _ => "Nothing is lost: `./hub restore undo` returns to the old data, and the restore can be repeated with another target.",
    };
}
