using System.Runtime.InteropServices;
using Analytics.Topology;

namespace Hub.Drills.Faults;

/// <summary>Faults of several steps, which heal between them by themselves.</summary>
internal static class CompositeFaults
{
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(3);

    /// <summary>What an update does to every part. The next one is touched only when the cluster is whole again.</summary>
    public static async Task RollingRestartAsync(FaultContext context, CancellationToken cancel)
    {
        foreach (var name in (IEnumerable<string>)[.. context.Cluster.Etcd, .. context.Replicas, context.Leader, ClusterNames.HaProxy, ClusterNames.PgBouncer, ClusterNames.Ingest])
        {
            context.Report($"restarting {name}");
            await context.RestartAsync(name, cancel);
            await context.Cluster.UntilHealthyAsync(Timeout, context.Report, cancel);
        }
    }

    public static async Task RandomAsync(FaultContext context, CancellationToken cancel)
    {
        var possible = new List<Fault>();
        foreach (var fault in FaultCatalog.All.Where(fault => fault.Combines))
        {
            if (await fault.ImpossibleAsync(context.Cluster, cancel) is null)
                possible.Add(fault);
        }

        context.Random.Shuffle(CollectionsMarshal.AsSpan(possible));
        context.Strike();
        foreach (var fault in possible.Take(3))
        {
            context.Report($"{fault.Name}");
            var next = await context.AgainAsync(cancel);
            await fault.StrikeAsync(next, cancel);
            await context.HoldAsync(fault, cancel);
            await next.Damage.HealAsync(context.Report, cancel);
            await context.Cluster.UntilHealthyAsync(Timeout, context.Report, cancel);
        }
    }
}
