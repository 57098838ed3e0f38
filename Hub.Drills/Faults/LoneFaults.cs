using Analytics.Topology;
using Hub.Operations.Processes;

namespace Hub.Drills.Faults;

/// <summary>Ways to a primary that has no standby. Whatever brought it there, it may acknowledge nothing.</summary>
internal static class LoneFaults
{
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(3);

    /// <summary>Patroni takes the last standby out of what it keeps in etcd when it has been gone for a round or two.</summary>
    private static readonly TimeSpan UntilForgotten = TimeSpan.FromSeconds(25);

    public static async Task PrimaryAloneAsync(FaultContext context, CancellationToken cancel)
    {
        await KillReplicasAsync(context, cancel);
        await Task.Delay(UntilForgotten, cancel);
        await context.RestartAsync(context.Leader, cancel);
        await context.Cluster.UntilLedAsync(Timeout, context.Report, cancel);
    }

    public static async Task MembersKillAsync(FaultContext context, CancellationToken cancel)
    {
        var order = context.Cluster.Members.ToArray();
        foreach (var name in context.Cluster.Members)
            await context.KillAsync(name, cancel);
        context.Random.Shuffle(order);
        foreach (var name in order)
        {
            context.Report($"starting {name}");
            await context.StartAsync(name, cancel);
            await Task.Delay(TimeSpan.FromSeconds(context.Random.Next(0, 15)), cancel);
        }
    }

    public static async Task CloneAloneAsync(FaultContext context, CancellationToken cancel)
    {
        await KillReplicasAsync(context, cancel);
        await Task.Delay(UntilForgotten, cancel);
        var cloned = context.Replicas[context.Random.Next(context.Replicas.Count)];
        await context.EmptyDiskAsync(cloned, cancel);
        await context.StartAsync(cloned, cancel);
    }

    public static async Task PausedAloneAsync(FaultContext context, CancellationToken cancel)
    {
        context.Damage.Note("resuming Patroni", async token => (await PatronictlAsync(context, token, "resume", "--wait")).OrThrow("Patroni was not resumed"));
        context.Strike();
        (await PatronictlAsync(context, cancel, "pause", "--wait")).OrThrow("Patroni was not paused");
        await KillReplicasAsync(context, cancel);
        await Task.Delay(UntilForgotten, cancel);
        (await PatronictlAsync(context, cancel, "restart", context.Cluster.Topology.Name, context.Leader, "--force")).OrThrow($"{context.Leader} was not restarted");
    }

    public static async Task SyncLostAsync(FaultContext context, CancellationToken cancel)
    {
        await KillReplicasAsync(context, cancel);
        await ForgetAsync(context, "sync", cancel);
        await context.RestartAsync(context.Leader, cancel);
        await ForgetAsync(context, "sync", cancel);
    }

    /// <summary>The one that is left lacks what the others have acknowledged, and nothing in etcd says so any more.</summary>
    public static async Task SyncLostBehindAsync(FaultContext context, CancellationToken cancel)
    {
        var behind = context.Replicas[context.Random.Next(context.Replicas.Count)];
        // Cut off and not frozen: the kernel goes on to receive for a frozen process.
        var connect = await Network.CutAsync(context, behind, cancel);
        await Task.Delay(TimeSpan.FromSeconds(4), cancel);
        await context.KillAsync(context.Leader, cancel);
        foreach (var name in context.Replicas.Where(name => name != behind))
            await context.KillAsync(name, cancel);
        await connect(cancel);
        await ForgetAsync(context, behind, "sync", cancel);
    }

    /// <summary>Removes one of Patroni's keys from etcd, with Patroni's own client.</summary>
    public static Task ForgetAsync(FaultContext context, string key, CancellationToken cancel) => ForgetAsync(context, context.Leader, key, cancel);

    private static async Task ForgetAsync(FaultContext context, string member, string key, CancellationToken cancel)
    {
        context.Strike();
        const string Program = """
            import sys
            from patroni.config import Config
            from patroni.dcs import get_dcs
            dcs = get_dcs(Config(sys.argv[1]))
            print(dcs._client.deleterange(dcs.client_path("/" + sys.argv[2])))
            """;
        (await context.Cluster.ExecAsync(member, cancel, "python3", "-c", Program, Paths.Config, key)).OrThrow($"etcd did not forget {key}");
    }

    private static async Task KillReplicasAsync(FaultContext context, CancellationToken cancel)
    {
        foreach (var name in context.Replicas)
            await context.KillAsync(name, cancel);
    }

    private static Task<ProcessResult> PatronictlAsync(FaultContext context, CancellationToken cancel, params string[] command) =>
        ProcessRunner.DockerAsync(cancel, ["exec", context.Cluster.Container(context.Leader), "patronictl", .. command]);
}
