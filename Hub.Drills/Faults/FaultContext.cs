using Analytics.Topology;
using Hub.Operations.Clusters;
using Hub.Operations.Patroni;
using Hub.Operations.Processes;

namespace Hub.Drills.Faults;

/// <summary>What a fault works with: the cluster, who leads it, and the tools that break and repair.</summary>
public sealed class FaultContext
{
    private readonly Func<TimeSpan> now;

    internal FaultContext(RunningCluster cluster, IReadOnlyList<PatroniMember> members, Random random, Func<TimeSpan> now, Func<Fault, CancellationToken, Task> hold, Action<string> report)
    {
        Cluster = cluster;
        Leader = members.Single(member => member.IsRunningLeader).Name;
        Replicas = [.. members.Where(member => !member.IsRunningLeader).Select(member => member.Name)];
        Random = random;
        this.now = now;
        HoldAsync = hold;
        Report = report;
    }

    public RunningCluster Cluster { get; }

    /// <summary>Who led when the fault began.</summary>
    public string Leader { get; }

    public IReadOnlyList<string> Replicas { get; }

    public Damage Damage { get; init; } = new();

    public Random Random { get; }

    public Action<string> Report { get; }

    /// <summary>Waits until writes have come back after the fault, or as long as it lasts.</summary>
    public Func<Fault, CancellationToken, Task> HoldAsync { get; }

    /// <summary>When the first harm was done; null before.</summary>
    public TimeSpan? Struck { get; private set; }

    /// <summary>The harm is done now.</summary>
    public void Strike() => Struck ??= now();

    /// <summary>The same cluster, led by whoever leads it now.</summary>
    internal async Task<FaultContext> AgainAsync(CancellationToken cancel) =>
        new(Cluster, await Cluster.LedMembersAsync(cancel), Random, now, HoldAsync, Report) { Damage = Damage, Struck = Struck };

    /// <summary>SIGKILL for a whole container. It stays down until it is healed.</summary>
    internal async Task KillAsync(string name, CancellationToken cancel)
    {
        Damage.Note($"starting {name}", token => StartAsync(name, token));
        Strike();
        (await ProcessRunner.DockerAsync(cancel, "kill", Cluster.Container(name))).OrThrow($"{name} was not killed");
    }

    /// <summary>A member is killed, and its disk emptied: what only it had is gone for good. Healed, it is a new member.</summary>
    internal async Task DestroyAsync(string name, CancellationToken cancel)
    {
        await KillAsync(name, cancel);
        await EmptyDiskAsync(name, cancel);
    }

    /// <summary>Of a container that does not run.</summary>
    internal async Task EmptyDiskAsync(string name, CancellationToken cancel)
    {
        var container = Cluster.Container(name);
        var image = (await ProcessRunner.DockerAsync(cancel, "inspect", "--format", "{{.Image}}", container)).OrThrow($"{name} was not found").Output.Trim();

        // A WAL volume is mounted below the data volume, and a place where something is mounted cannot be removed.
        (await ProcessRunner.DockerAsync(cancel, "run", "--rm", "--network", "none", "--volumes-from", container, "--entrypoint", "find", image,
            Paths.PgVolume, "-mindepth", "1", "!", "-path", Paths.WalVolume, "-delete")).OrThrow($"{name}'s disk was not emptied");
    }

    /// <summary>A clean stop with the container's own grace period.</summary>
    internal async Task StopAsync(string name, CancellationToken cancel)
    {
        Damage.Note($"starting {name}", token => StartAsync(name, token));
        Strike();
        (await ProcessRunner.DockerAsync(cancel, "stop", Cluster.Container(name))).OrThrow($"{name} was not stopped");
    }

    internal async Task StartAsync(string name, CancellationToken cancel)
    {
        (await ProcessRunner.DockerAsync(cancel, "start", Cluster.Container(name))).OrThrow($"{name} was not started");
        Cluster.ForgetPorts();
    }

    internal async Task RestartAsync(string name, CancellationToken cancel)
    {
        Damage.Note($"starting {name}", token => StartAsync(name, token));
        Strike();
        (await ProcessRunner.DockerAsync(cancel, "restart", Cluster.Container(name))).OrThrow($"{name} was not restarted");
        Cluster.ForgetPorts();
    }

    /// <summary>Every process of a container stops where it is (the engine's freezer), and its connections stay open.</summary>
    internal async Task FreezeAsync(string name, CancellationToken cancel)
    {
        Damage.Note($"thawing {name}", token => ThawAsync(name, token));
        Strike();
        (await ProcessRunner.DockerAsync(cancel, "pause", Cluster.Container(name))).OrThrow($"{name} was not frozen");
    }

    internal async Task ThawAsync(string name, CancellationToken cancel)
    {
        if ((await ProcessRunner.DockerAsync(cancel, "inspect", "--format", "{{.State.Paused}}", Cluster.Container(name))).Output.Trim() == "true")
            (await ProcessRunner.DockerAsync(cancel, "unpause", Cluster.Container(name))).OrThrow($"{name} was not thawed");
    }
}
