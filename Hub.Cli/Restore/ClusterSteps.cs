using System.Diagnostics;
using Analytics.Topology;
using Analytics.Topology.Config;
using Hub.Cli.Cluster;
using Hub.Cli.Commands;
using Hub.Cli.Engine;
using Hub.Cli.State;
using Hub.Operations.Patroni;

namespace Hub.Cli.Restore;

/// <summary>The common steps of a restore and its undoing: stop all containers, let one member create the cluster, start the rest.</summary>
internal sealed class ClusterSteps(Ui ui, ContainerEngine engine, Deployment deployment, TimeSpan timeout)
{
    private static readonly string[] Traffic = [ClusterNames.Ingest, ClusterNames.PgBouncer, ClusterNames.HaProxy];

    public MemberFiles Files { get; } = new(deployment, engine);

    public IReadOnlyList<string> Hosts { get; } = [.. deployment.Topology.Database.Hosts];

    /// <summary>The member that leads now, or null.</summary>
    public async Task<string?> LeaderAsync(CancellationToken cancellation) => (await MembersAsync(cancellation)).FirstOrDefault(member => member.IsLeader)?.Name;

    /// <summary>First the writers, then the standbys, the leader last: it archives everything, and no member takes over.</summary>
    public Task StopAsync(string? leader, CancellationToken cancellation) => ui.StepAsync("Stopping traffic and members", async report =>
    {
        foreach (var group in new[] { Traffic, [.. Hosts.Where(host => host != leader)], leader is null ? [] : [leader] })
        {
            var containers = await engine.ContainersAsync(deployment.Choices.Name, cancellation);
            var names = group.Where(name => containers.TryGetValue(name, out var state) && state.Status is not ("exited" or "created")).Select(name => containers[name].Name).ToArray();
            if (names.Length == 0)
                continue;
            report(string.Join(", ", group));
            // PgBouncer would wait for its clients for ever.
            (await engine.RunAsync(cancellation, ["stop", "-t", group == Traffic ? "10" : "60", .. names])).OrThrow("Not everything stopped");
        }
    });

    /// <summary>The same for each member.</summary>
    public Task EachAsync(string name, Func<string, Task> action, string? result = null) => ui.StepAsync(name, async report =>
    {
        foreach (var host in Hosts)
        {
            report(host);
            await action(host);
        }
    }, result);

    /// <summary>The first member bootstraps as <paramref name="configuration"/> says, the others are copied from it.</summary>
    public async Task BootstrapAsync(string first, string configuration, string name, CancellationToken cancellation)
    {
        await ui.StepAsync("Removing the old cluster from etcd", async report =>
        {
            (await engine.ComposeAsync(deployment.Project, cancellation, line => report(line.Trim()), ["up", "--detach", .. deployment.Topology.Etcd.Hosts, ClusterNames.EtcdAuth])).OrThrow("etcd did not start");
            await Files.ForgetClusterAsync(first, cancellation);
        });
        OutputFiles.Write(deployment.Directory, [new OutputFile(ConfigPath, configuration)]);
        await WithinAsync(first, async bound => await ui.StepAsync(name, async report =>
        {
            var since = TimeProvider.System.GetUtcNow();
            await UpAsync([first], cancellation);
            return await new BootstrapWait(deployment, engine).UntilLeaderAsync(first, since, report, bound);
        }, leader => $"{leader.Name} leads on timeline {leader.Timeline}"), cancellation);
        await WithinAsync(string.Join(' ', Hosts), bound => ui.StepAsync("Waiting for the other members", async report =>
        {
            await UpAsync([.. Hosts.Where(host => host != first)], cancellation);
            while (HealthWait.Missing(Hosts.Count, await MembersAsync(bound)) is { } missing)
            {
                report(missing);
                await Task.Delay(TimeSpan.FromSeconds(1), bound);
            }
        }, $"{Hosts.Count} in all"), cancellation);
    }

    /// <summary>Everything as <c>hub up</c> leaves it.</summary>
    public async Task GoOnAsync(CancellationToken cancellation)
    {
        ForgetConfiguration(deployment);
        var containers = await engine.ContainersAsync(deployment.Choices.Name, cancellation);
        foreach (var host in Hosts.Where(host => containers.TryGetValue(host, out var state) && state.IsRunning))
            (await engine.RunAsync(cancellation, "kill", "--signal", "HUP", containers[host].Name)).OrThrow($"{host} did not reload");
        await ui.StepAsync("Starting traffic", async report =>
            (await engine.ComposeAsync(deployment.Project, cancellation, line => report(line.Trim()), "up", "--detach")).OrThrow("The containers did not start"), _ => null);
        await HealthWait.UntilHealthyAsync(ui, engine, deployment, timeout, cancellation);
        await ApiKeys.EnsureDevelopmentKeyAsync(deployment, cancellation);
    }

    /// <summary>After an interruption no member may continue the restore on its own.</summary>
    public async Task HaltAsync()
    {
        var containers = await engine.ContainersAsync(deployment.Choices.Name, CancellationToken.None);
        var names = Hosts.Where(host => containers.TryGetValue(host, out var state) && state.IsRunning).Select(host => containers[host].Name).ToArray();
        if (names.Length > 0)
            await engine.RunAsync(CancellationToken.None, ["stop", "-t", "60", .. names]);
    }

    /// <summary>Without it members bootstrap and are copied as always.</summary>
    public static void ForgetConfiguration(Deployment deployment)
    {
        var file = Path.Combine(deployment.Directory, ConfigPath);
        if (File.Exists(file))
            File.Delete(file);
    }

    private static string ConfigPath => $"config/{ClusterNames.TimescaleDb}/{PatroniConfig.RestoreFileName}";

    private async Task<IReadOnlyList<PatroniMember>> MembersAsync(CancellationToken cancellation) =>
        await new ClusterClient(deployment, await engine.ContainersAsync(deployment.Choices.Name, cancellation)).MembersAsync(cancellation);

    private async Task UpAsync(string[] hosts, CancellationToken cancellation)
    {
        if (hosts.Length > 0)
            (await engine.ComposeAsync(deployment.Project, cancellation, null, ["up", "--detach", "--no-deps", .. hosts])).OrThrow($"{string.Join(", ", hosts)} did not start");
    }

    private async Task WithinAsync(string logs, Func<CancellationToken, Task> action, CancellationToken cancellation)
    {
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        bound.CancelAfter(timeout);
        try
        {
            await action(bound.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new CliException($"The cluster is not complete after {timeout.TotalSeconds:0} s.",
                $"`./hub logs {logs}` shows what it does. Repeat the command with a longer --timeout, or return to the old data: `./hub restore undo`.");
        }
    }
}
