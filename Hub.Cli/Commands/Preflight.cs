using System.Net;
using System.Net.Sockets;
using Analytics.Topology.Containers;
using Hub.Cli.Engine;
using Hub.Cli.State;

namespace Hub.Cli.Commands;

/// <summary>What is checked before anything is started, so that nothing is left half-started.</summary>
internal static class Preflight
{
    /// <summary>Images, volumes and a day of telemetry.</summary>
    private const long BytesForFirstStart = 6L << 30;
    private const long BytesToRun = 1L << 30;

    public static async Task<ContainerEngine> CheckAsync(Deployment deployment, CancellationToken cancellation)
    {
        var engine = await ContainerEngine.ConnectAsync(cancellation);
        var containers = await engine.ContainersAsync(deployment.Choices.Name, cancellation);
        CheckDisk(engine, containers.Count > 0);
        CheckPorts(deployment, containers);
        await CheckVolumesAsync(deployment, engine, cancellation);
        return engine;
    }

    private static void CheckDisk(ContainerEngine engine, bool started)
    {
        // The engine may run in a virtual machine or elsewhere: then its directory is not here to be measured.
        if (!Directory.Exists(engine.RootDirectory))
            return;
        var free = new DriveInfo(engine.RootDirectory).AvailableFreeSpace;
        var needed = started ? BytesToRun : BytesForFirstStart;
        if (free < needed)
        {
            throw new CliException($"Too little disk space: {engine.RootDirectory} has {free >> 20} MB free, and {needed >> 20} MB are needed.",
                "Free space (`docker system prune` removes unused images), or move the engine's data directory.");
        }
    }

    private static void CheckPorts(Deployment deployment, IReadOnlyDictionary<string, ContainerState> containers)
    {
        // A port of a container of ours that runs is ours.
        var taken = TakenPorts(deployment.Containers.Where(container => !containers.TryGetValue(container.Name, out var state) || !state.IsRunning)).ToList();
        if (taken.Count > 0)
        {
            throw new CliException($"{(taken.Count == 1 ? "A port is" : "Ports are")} in use on 127.0.0.1: {string.Join(", ", taken)}.",
                "Find the program with `ss -ltnp` and stop it, or choose other ports with `./hub up --port-offset 10000`.");
        }
    }

    /// <summary>The host ports of these containers that somebody has, as <c>8080 (ingest, rest)</c>.</summary>
    internal static IEnumerable<string> TakenPorts(IEnumerable<ContainerSpec> containers) =>
        from container in containers
        from port in container.Ports
        where port.HostPort is { } number && !IsFree(number)
        select $"{port.HostPort} ({container.Name}, {port.Name})";

    /// <summary>A database that was made with passwords which are gone could only fail later, and obscurely.</summary>
    private static async Task CheckVolumesAsync(Deployment deployment, ContainerEngine engine, CancellationToken cancellation)
    {
        if (deployment.Exists)
            return;
        var volumes = (await engine.RunAsync(cancellation, "volume", "ls", "--quiet", "--filter", $"label=com.docker.compose.project={deployment.Choices.Name}")).Output.Trim();
        if (volumes.Length > 0)
        {
            throw new CliException($"Volumes of an earlier hub named '{deployment.Choices.Name}' exist, but {deployment.Directory} does not hold their passwords.",
                $"Restore that directory, start another hub with `./hub up --name other --port-offset 10000`, or remove the old data: `./hub down --volumes --name {deployment.Choices.Name}`.");
        }
    }

    private static bool IsFree(int port)
    {
        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
