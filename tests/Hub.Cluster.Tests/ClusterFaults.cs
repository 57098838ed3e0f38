using Analytics.Topology;
using Analytics.Topology.Kubernetes;
using Hub.Cluster.Tests.Kubernetes;
using Hub.Drills;
using Hub.Drills.Faults;
using Hub.Drills.Runs;

namespace Hub.Cluster.Tests;

/// <summary>What happens to a hub in Kubernetes, by the names that tests give it.</summary>
internal sealed class ClusterFaults(InstalledHub hub)
{
    private const string ReadyNodes = "jsonpath={range .items[*]}{.metadata.name} {.spec.unschedulable}{.spec.taints[*].effect}{\"\\n\"}{end}";
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(3);

    /// <summary>One run under load: nothing acknowledged is lost, doubled or on one member only, and writes come back.</summary>
    public static Task<DrillResult> RunAsync(InstalledHub hub, Fault fault) => hub.Kube.ExplainAsync($"drill {fault.Name}", async () =>
    {
        var result = await new DrillRunner(hub.Cluster, InstalledHub.Once()).RunAsync(fault, run: 1, seed: 1, TestContext.Current.CancellationToken);
        Kube.Say(result.Describe());
        Assert.True(result.Holds, result.Describe());
        Assert.All(result.Paths, path => Assert.True(path.Gap.Ended, $"{path.Path} did not recover:\n{result.Describe()}"));
        return result;
    });

    public async Task<Fault> FindAsync(string name) => name switch
    {
        "leader-deleted" => Delete(name, context => [context.Leader]),
        "leader-forced" => Delete(name, context => [context.Leader], force: true),
        "members-deleted" => Delete(name, _ => hub.Cluster.Members),
        "members-forced" => Delete(name, _ => hub.Cluster.Members, force: true),
        "gateway-deleted" => Delete(name, [.. await PodsAsync(KubernetesNames.Gateway)]),
        "ingest-deleted" => Delete(name, [.. await PodsAsync(ClusterNames.Ingest)]),
        "etcd-deleted" => Delete(name, _ => [hub.Cluster.Etcd[0]]),
        "etcd-all-deleted" => Delete(name, _ => hub.Cluster.Etcd),
        "primary-alone" => new Fault(name, "Both standbys are gone, Patroni counts on none of them any more, and the leader is started anew.", PrimaryAloneAsync) { Hold = TimeSpan.FromSeconds(45), StopsWrites = true },
        "node-drained" => await DrainAsync(name),
        _ => throw new ArgumentException($"There is no fault {name}.", nameof(name)),
    };

    private Fault Delete(string name, params IReadOnlyList<string> pods) => Delete(name, _ => pods);

    /// <summary>Their controllers make them anew. Nobody waits: the load sees all of it.</summary>
    private Fault Delete(string name, Func<FaultContext, IReadOnlyList<string>> pods, bool force = false) => new(name, "Pods are deleted.", (context, _) =>
    {
        var chosen = pods(context);
        context.Report($"deleting {string.Join(", ", chosen)}");
        context.Strike();
        return hub.Kube.DoAsync(["delete", "pod", .. chosen, "--wait=false", .. force ? ["--grace-period=0", "--force"] : Array.Empty<string>()]);
    });

    private async Task<IReadOnlyList<string>> PodsAsync(string component) =>
        (await hub.Kube.GetAsync("pod", "--selector", $"app.kubernetes.io/name={component}", "--output", "jsonpath={.items[*].metadata.name}")).Split(' ', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>A StatefulSet keeps the member with the lowest number, so that one has to lead.</summary>
    private async Task PrimaryAloneAsync(FaultContext context, CancellationToken cancel)
    {
        var first = hub.Cluster.Members[0];
        if (context.Leader != first)
            await hub.Kube.DoAsync("exec", context.Leader, "--container", ClusterNames.TimescaleDb, "--", "patronictl", "switchover", hub.Topology.Name, "--leader", context.Leader, "--candidate", first, "--force");
        await UntilAsync($"{first} leads and the others follow", () => context.Cluster.MissingAsync(cancel), cancel);
        Assert.Equal(first, (await context.Cluster.MembersAsync(cancel)).Single(member => member.IsLeader).Name);

        context.Damage.Note("bringing the standbys back", _ => ScaleAsync(hub.Kube.Unstoppable, hub.Cluster.Members.Count));
        context.Strike();
        await ScaleAsync(hub.Kube, 1);
        await UntilAsync("Patroni counts on no standby", async () => await SyncAsync(first) is { Length: > 0 } counted ? counted : null, cancel);
        await hub.Kube.DoAsync("exec", first, "--container", ClusterNames.TimescaleDb, "--", "kill", "1");
        await context.Cluster.UntilLedAsync(Timeout, context.Report, cancel);
    }

    private static Task ScaleAsync(Kube kube, int members) => kube.DoAsync("scale", "statefulset", ClusterNames.TimescaleDb, $"--replicas={members}");

    /// <summary>The standbys in Patroni's key /sync, as its own client reads them.</summary>
    private async Task<string> SyncAsync(string member)
    {
        const string Program = """
            import sys
            from patroni.config import Config
            from patroni.dcs import get_dcs
            print(",".join(get_dcs(Config(sys.argv[1])).get_cluster().sync.voters))
            """;
        return (await hub.Kube.RunAsync("exec", member, "--container", ClusterNames.TimescaleDb, "--", "python3", "-c", Program, Paths.Config)).OrThrow("Patroni's key /sync was not read").Output.Trim();
    }

    /// <summary>The leader's node. Only this hub's pods are sent away, whoever else runs there.</summary>
    private async Task<Fault> DrainAsync(string name)
    {
        var nodes = (await hub.Kube.GetAsync("nodes", "--output", ReadyNodes)).Split('\n').Where(line => line.EndsWith(' ')).Select(line => line.Trim()).ToList();
        if (nodes.Count < 2)
            Prerequisites.Missing($"a second node that takes pods: this cluster has {nodes.Count}.");
        return new Fault(name, "The leader's node is drained.", async (context, cancel) =>
        {
            var node = await hub.Kube.GetAsync("pod", context.Leader, "--output", "jsonpath={.spec.nodeName}");
            context.Damage.Note($"letting {node} take pods", _ => hub.Kube.Unstoppable.DoAsync("uncordon", node));
            context.Strike();
            await hub.Kube.DoAsync("drain", node, "--pod-selector", $"app.kubernetes.io/instance={hub.Topology.Name}", "--ignore-daemonsets", "--delete-emptydir-data", "--timeout", "10m");
        });
    }

    private static async Task UntilAsync(string what, Func<Task<string?>> missing, CancellationToken cancel)
    {
        Kube.Say($"waiting until {what}");
        var said = "";
        await Eventually.TrueAsync(async () => (said = await missing()) is null, Timeout, () => $"{what}: {said}", cancel);
    }
}
