using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Analytics.Topology;
using Analytics.Topology.Config;
using Hub.Cli.Engine;
using Hub.Cli.State;

namespace Hub.Cli.Cluster;

/// <summary>A database member as Patroni lists it.</summary>
internal sealed record Member(
    [property: JsonPropertyName("Member")] string Name,
    [property: JsonPropertyName("Role")] string Role,
    [property: JsonPropertyName("State")] string State,
    [property: JsonPropertyName("TL")] int? Timeline,
    [property: JsonPropertyName("Lag in MB")] JsonElement? Lag)
{
    public bool IsLeader => Role is "Leader";

    public bool IsStreaming => State is "streaming";

    public bool IsSynchronous => Role is "Sync Standby" or "Quorum Standby";

    public string LagText => Lag is { ValueKind: JsonValueKind.Number } lag ? $"{lag.GetDouble().ToString(CultureInfo.InvariantCulture)} MB" : "";
}

/// <summary>Asks the running hub about itself: Patroni and PgBouncer through a member's own patronictl and psql.</summary>
internal sealed class ClusterClient(Deployment deployment, ContainerEngine engine, IReadOnlyDictionary<string, ContainerState> containers)
{
    /// <summary>Patroni's view, from the first member that answers; empty while none does.</summary>
    public async Task<IReadOnlyList<Member>> MembersAsync(CancellationToken cancellation)
    {
        foreach (var container in RunningMembers())
        {
            var result = await engine.ExecAsync(container, cancellation, "patronictl", "list", "--format", "json");
            if (result.ExitCode == 0 && result.Output.TrimStart().StartsWith('['))
                return JsonSerializer.Deserialize<List<Member>>(result.Output) ?? [];
        }

        return [];
    }

    /// <summary>Brings the DCS part of the topology to a cluster that was bootstrapped from an older one.</summary>
    /// <returns>Whether something had to be changed.</returns>
    public async Task<bool> ApplyDynamicConfigurationAsync(CancellationToken cancellation)
    {
        var container = RunningMembers().FirstOrDefault() ?? throw new CliException("No database member runs.");
        var wanted = JsonSerializer.Serialize(PatroniConfig.DynamicConfiguration(deployment.Topology));
        var result = (await ContainerEngine.BoundedAsync(
            ["exec", "--interactive", container, "patronictl", "edit-config", "--apply", "-", "--force"], cancellation, input: wanted))
            .OrThrow("Patroni did not take its configuration");
        return !result.Output.Contains("Not changed", StringComparison.Ordinal);
    }

    /// <summary>PgBouncer's pools. Its console supports only the simple protocol, which psql in a member uses.</summary>
    public async Task<IReadOnlyList<Dictionary<string, string>>> PoolsAsync(CancellationToken cancellation)
    {
        var container = RunningMembers().FirstOrDefault();
        if (container is null)
            return [];
        var target = $"host={ClusterNames.PgBouncer} port={Ports.PgBouncer} dbname=pgbouncer user={Roles.Monitor} sslmode=verify-full sslrootcert={Paths.CaFile} connect_timeout=3";
        var result = await ContainerEngine.BoundedAsync(
            ["exec", "--env", "PGPASSWORD", container, "psql", "--no-psqlrc", "--csv", "--dbname", target, "--command", "SHOW POOLS"], cancellation,
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
