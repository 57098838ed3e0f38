using System.Text.Json;
using Analytics.Topology;
using Analytics.Topology.Config;
using Hub.Cli.Engine;
using Hub.Cli.State;
using Hub.Operations.Patroni;
using Hub.Operations.PgBouncer;

namespace Hub.Cli.Cluster;

/// <summary>Asks the running hub about itself: Patroni and PgBouncer through a member's own patronictl and psql.</summary>
internal sealed class ClusterClient(Deployment deployment, IReadOnlyDictionary<string, ContainerState> containers)
{
    /// <summary>Patroni's view, from the first member that answers; empty while none does.</summary>
    public Task<IReadOnlyList<PatroniMember>> MembersAsync(CancellationToken cancellation) => Patronictl.MembersAsync(RunningMembers(), cancellation);

    /// <summary>Brings the DCS part of the topology to a cluster that was bootstrapped from an older one.</summary>
    /// <returns>Whether something had to be changed.</returns>
    public async Task<bool> ApplyDynamicConfigurationAsync(CancellationToken cancellation)
    {
        var container = RunningMembers().FirstOrDefault() ?? throw new CliException("No database member runs.");
        return await Patronictl.ApplyAsync(container, JsonSerializer.Serialize(PatroniConfig.DynamicConfiguration(deployment.Topology)), cancellation);
    }

    /// <summary>PgBouncer's pools. Its console supports only the simple protocol, which psql in a member uses.</summary>
    public async Task<IReadOnlyList<Dictionary<string, string>>> PoolsAsync(CancellationToken cancellation)
    {
        var container = RunningMembers().FirstOrDefault();
        if (container is null)
            return [];
        var result = await ContainerEngine.BoundedAsync(
            ["exec", "--env", "PGPASSWORD", container, "psql", "--no-psqlrc", "--csv", "--dbname", PgBouncerConsole.Target(Roles.Monitor), "--command", "SHOW POOLS"], cancellation,
            environment: new Dictionary<string, string> { ["PGPASSWORD"] = deployment.Secrets()[Secrets.Monitor] });
        if (result.ExitCode != 0)
            return [];
        var lines = result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        var header = lines[0].Split(',');
        return [.. lines.Skip(1).Select(line => header.Zip(line.Split(',')).ToDictionary(pair => pair.First, pair => pair.Second))];
    }

    private IEnumerable<string> RunningMembers() => deployment.Topology.Database.Hosts
        .Where(host => containers.TryGetValue(host, out var state) && state.IsRunning).Select(host => containers[host].Name);
}
