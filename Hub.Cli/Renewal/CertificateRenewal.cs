using Analytics.Topology;
using Analytics.Topology.Security;
using Hub.Cli.Engine;
using Hub.Cli.State;
using Hub.Operations.Clusters;
using Hub.Operations.PgBouncer;

namespace Hub.Cli.Renewal;

/// <summary>
/// New certificates for the components of a running hub, or a new CA. Everything takes its new files without PostgreSQL being restarted; etcd's
/// members are restarted one after the other. HAProxy's new worker holds every member for the primary until its first check has answered, so a
/// connection of that moment may meet a replica: ingest asks again, a SQL client sees an error.
/// </summary>
internal sealed class CertificateRenewal(Deployment deployment, ContainerEngine engine, RunningCluster cluster)
{
    private static readonly TimeSpan HealthTimeout = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan ConsoleTimeout = TimeSpan.FromSeconds(10);

    /// <summary>Issues a new certificate for every component.</summary>
    public async Task RenewAsync(Action<string> report, CancellationToken cancel)
    {
        report("issuing certificates");
        await WriteAsync(cancel);
        await ReloadAsync(report, cancel);
    }

    /// <summary>Replaces the CA, or brings a replacement that was interrupted to its end.</summary>
    public async Task ReplaceAuthorityAsync(Action<string> report, CancellationToken cancel)
    {
        var step = AuthorityRotation.Pending(deployment.Read);
        if (step is not null)
        {
            report("an earlier replacement was interrupted: continuing");
            // Not everybody may have taken the files of the step before.
            if (AuthorityRotation.CanIssue(deployment.Read))
                await RenewAsync(report, cancel);
        }

        for (step ??= RotationStep.Trust; step is { } next; step = AuthorityRotation.Pending(deployment.Read))
        {
            report(next switch
            {
                RotationStep.Trust => "the new CA is trusted beside the old one",
                RotationStep.Issue => "the new CA issues",
                _ => "the old CA is no longer trusted",
            });
            Save(AuthorityRotation.Apply(next, deployment.Topology.Name, deployment.Read, TimeProvider.System.GetUtcNow()));
            // Patroni takes a changed bundle only together with a certificate of another number.
            await RenewAsync(report, cancel);
        }
    }

    /// <summary>What is removed goes last: a rotation that is interrupted in between begins its step again.</summary>
    private void Save((IReadOnlyList<OutputFile> Written, IReadOnlyList<string> Removed) files)
    {
        OutputFiles.Write(deployment.Directory, files.Written);
        foreach (var path in files.Removed)
            File.Delete(Path.Combine(deployment.Directory, path));
    }

    private async Task WriteAsync(CancellationToken cancel)
    {
        deployment.Write(TimeProvider.System.GetUtcNow(), renew: true);
        await Ownership.ApplyAsync(deployment, engine, cancel);
    }

    /// <summary>Each component in its own way; the next one only when the cluster is whole.</summary>
    private async Task ReloadAsync(Action<string> report, CancellationToken cancel)
    {
        foreach (var etcd in cluster.Etcd)
        {
            report($"restarting {etcd}");
            await DoAsync(["restart", cluster.Container(etcd)], etcd, cancel);
            await cluster.UntilHealthyAsync(HealthTimeout, report, cancel);
        }

        foreach (var member in cluster.Members)
        {
            report($"reloading {member}");
            await ReloadAsync(member, cancel);
        }

        // The new worker takes new connections, the old one ends with its last; PgBouncer gives its up between two transactions.
        report("reloading the gateway");
        await ReloadAsync(ClusterNames.HaProxy, cancel);
        await using (var console = new PgBouncerConsole(cluster, cluster.Members[0]))
        {
            foreach (var command in new[] { "RELOAD", "RECONNECT" })
            {
                if (await console.RunAsync(command, ConsoleTimeout, cancel) is { Length: > 0 } refused)
                    throw new CliException($"PgBouncer did not take its new certificate: {command}: {refused}", "See `./hub logs pgbouncer`.");
            }
        }

        // Nothing that a client waits for: exporters, Prometheus, pgBackRest's servers. Ingest reads the CA whenever it connects.
        string[] done = [.. cluster.Etcd, .. cluster.Members, ClusterNames.HaProxy, ClusterNames.PgBouncer, ClusterNames.Ingest];
        foreach (var container in deployment.Containers.Where(container => !container.RunsOnce && !container.OnDemand && !done.Contains(container.Name)
            && container.Directories.Any(directory => directory.Path == Paths.Tls)))
        {
            report($"restarting {container.Name}");
            await DoAsync(["restart", cluster.Container(container.Name)], container.Name, cancel);
        }

        await cluster.UntilHealthyAsync(HealthTimeout, report, cancel);
    }

    /// <summary>The signal that makes a container read its files again, null: it has to be restarted.</summary>
    internal static string? ReloadSignal(ClusterTopology topology, string name) =>
        name == ClusterNames.HaProxy ? "USR2" : topology.Database.Hosts.Contains(name) ? "HUP" : null;

    private Task ReloadAsync(string name, CancellationToken cancel) =>
        DoAsync(["kill", "--signal", ReloadSignal(deployment.Topology, name)!, cluster.Container(name)], name, cancel);

    private async Task DoAsync(string[] arguments, string name, CancellationToken cancel) =>
        (await engine.RunAsync(cancel, arguments)).OrThrow($"{name} did not take its new certificate");
}
