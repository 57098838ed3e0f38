using Hub.Cli.Engine;
using Hub.Cli.Renewal;
using Hub.Cli.State;
using Hub.Cli.Status;
using Hub.Operations.Clusters;
using Hub.Operations.Processes;

namespace Hub.Cli.Commands;

/// <summary>The local hub as a drill and a switchover see it, and whether they may touch it.</summary>
internal static class LocalHub
{
    public static async Task<RunningCluster> ConnectAsync(Deployment deployment, ContainerEngine engine, CancellationToken cancellation)
    {
        var containers = await engine.ContainersAsync(deployment.Choices.Name, cancellation);
        if (containers.Count == 0)
            throw new CliException($"The hub '{deployment.Choices.Name}' is not running.", "Start it with `./hub up`.");
        var secrets = deployment.Secrets();
        return new RunningCluster(new ClusterTarget
        {
            Topology = deployment.Topology,
            Containers = containers.ToDictionary(pair => pair.Key, pair => pair.Value.Name),
            Secret = name => secrets[name],
            CaFile = deployment.CaFile,
            ReplaceAuthority = (cluster, report, cancel) => new CertificateRenewal(deployment, engine, cluster).ReplaceAuthorityAsync(report, cancel),
        });
    }

    /// <exception cref="CliException">The engine is another machine's, and that was not allowed.</exception>
    public static async Task RequireLocalAsync(bool allowed, CancellationToken cancellation)
    {
        // unix:///var/run/docker.sock
        var host = Environment.GetEnvironmentVariable("DOCKER_HOST") is { Length: > 0 } configured
            ? configured
            : (await ProcessRunner.RunAsync("docker", ["context", "inspect", "--format", "{{.Endpoints.docker.Host}}"], cancellation)).Output.Trim();
        if (!allowed && !IsLocal(host))
        {
            throw new CliException($"The container engine is on another machine: {host}.",
                "A drill kills, freezes and isolates containers there, which others may use. To do it anyway: --even-remote.");
        }
    }

    internal static bool IsLocal(string host) => host.StartsWith("unix://", StringComparison.Ordinal) || host.StartsWith("npipe://", StringComparison.Ordinal);

    /// <summary>Alerts do not count: they speak of the last minutes, the drill before this one for instance.</summary>
    /// <exception cref="CliException">Something is wrong with the hub, and that was not allowed.</exception>
    public static async Task RequireHealthyAsync(bool allowed, CancellationToken cancellation)
    {
        if (allowed)
            return;
        var problems = (await StatusCollector.CollectAsync(cancellation)).Problems.Where(problem => !problem.StartsWith("alert ", StringComparison.Ordinal)).ToList();
        if (problems.Count > 0)
        {
            throw new CliException($"The hub is not healthy: {string.Join("; ", problems)}.",
                "Repair it first (`./hub status`, `./hub up`). With --even-unhealthy, the hub may stop until somebody repairs it, and the drill's results cannot be told from what was broken before.");
        }
    }
}
