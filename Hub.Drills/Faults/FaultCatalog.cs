using Analytics.Topology;
using Hub.Operations;
using Hub.Operations.Clusters;
using Hub.Operations.Switchovers;

namespace Hub.Drills.Faults;

/// <summary>Every fault that a drill can make.</summary>
public static class FaultCatalog
{
    public const string PrimaryDestroy = "primary-destroy";
    private static readonly TimeSpan LongerThanALease = TimeSpan.FromSeconds(35);

    /// <summary>Every change of the primary adds to these.</summary>
    private static readonly string[] Failover = ["FailoverFlapping", "GatewayServerFlapping", "IngestWriteFailing"];

    /// <summary>Every change of etcd's leader adds to this.</summary>
    private static readonly string[] Election = ["EtcdLeaderChanges"];

    /// <summary>For longer than a minute no write has had its second copy.</summary>
    private static readonly string[] NoCopy = ["NoStandby", "NoSyncStandby", "DatabaseMemberDown", "DatabaseDown", "IngestQueueOld",
        "PoolWaitLong", "IngestAvailabilityBurnsFast"];

    /// <summary>Without etcd there is no failover, also when the leader continues.</summary>
    private static readonly string[] NoEtcd = ["EtcdQuorumLost", "EtcdNoLeader", "FailsafeActive"];

    public static IReadOnlyList<Fault> All { get; } =
    [
        new("switchover", "The leadership moves as planned, with the pool paused.", async (context, cancel) =>
        {
            context.Strike();
            await new Switchover(context.Cluster).RunAsync(null, context.Report, cancel);
        }) { AddsTo = Failover },
        new("primary-stop", "The primary's container is stopped cleanly.", (context, cancel) => context.StopAsync(context.Leader, cancel))
        { AddsTo = Failover },
        new("primary-kill", "The primary's container is killed (SIGKILL).", (context, cancel) => context.KillAsync(context.Leader, cancel))
        { AddsTo = Failover },
        new(PrimaryDestroy, "The primary's container is killed and its disk emptied: only the standbys' data is left.",
            (context, cancel) => context.DestroyAsync(context.Leader, cancel))
        {
            Alerts = ["DatabaseDown"], AddsTo = Failover,
            Hold = LongerThanALease,
        },
        new("primary-crash", "The primary's PostgreSQL is killed (SIGKILL to the postmaster); Patroni keeps running.",
            async (context, cancel) =>
        {
            context.Strike();
            if (await context.Cluster.ExecAsync(context.Leader, cancel, "sh", "-c",
                $"kill -9 $(head -n 1 {Paths.PgData}/postmaster.pid)") is { ExitCode: not 0 } failed)
                failed.OrThrow($"{context.Leader}'s PostgreSQL was not killed");
        }) { AddsTo = Failover },
        new("primary-freeze", "The primary's container is frozen, and thawed when another leads.",
            (context, cancel) => context.FreezeAsync(context.Leader, cancel))
        {
            AddsTo = Failover,
            Hold = LongerThanALease,
        },
        new("primary-stall", "The primary's container is frozen for three to nine seconds (depending on the seed) and thawed, whatever "
            + "the other members do meanwhile.", async (context, cancel) =>
        {
            await context.FreezeAsync(context.Leader, cancel);
            var stall = TimeSpan.FromMilliseconds(context.Random.Next(3000, 9000));
            context.Report($"frozen for {stall.TotalSeconds:0.0} s");
            await Task.Delay(stall, cancel);
            await context.ThawAsync(context.Leader, cancel);
        }) { AddsTo = Failover },
        new("primary-cut", "The primary is cut off from everything, and reconnected when another leads.",
            (context, cancel) => Network.CutAsync(context, context.Leader, cancel))
        {
            AddsTo = Failover,
            Hold = LongerThanALease,
        },
        new("primary-cut-etcd", "The primary reaches its replicas and clients, but no etcd.",
            (context, cancel) => Network.CutFromAsync(context, context.Leader, context.Cluster.Etcd, cancel))
        {
            Hold = LongerThanALease,
            ImpossibleAsync = (_, _) => Task.FromResult(Network.PartlyImpossible()),
        },
        new("primary-cut-replicas", "The primary reaches etcd and its clients, but no replica: no commit may be acknowledged.",
            (context, cancel) => Network.CutFromAsync(context, context.Leader, context.Replicas, cancel))
        {
            Hold = LongerThanALease,
            StopsWrites = true,
            ImpossibleAsync = (_, _) => Task.FromResult(Network.PartlyImpossible()),
        },
        new("replica-kill", "One replica's container is killed.",
            (context, cancel) => context.KillAsync(context.Replicas[context.Random.Next(context.Replicas.Count)], cancel)),
        new("replicas-kill", "Every replica is killed: writes must wait or be refused, because an acknowledgement would be unsafe.",
            (context, cancel) => EachAsync(context.Replicas, name => context.KillAsync(name, cancel))) { Hold = TimeSpan.FromSeconds(20),
                StopsWrites = true },
        new("primary-alone", "Every replica is stopped; when Patroni no longer counts on any of them, the primary is restarted: it must "
            + "not acknowledge alone.", LoneFaults.PrimaryAloneAsync)
        {
            Alerts = NoCopy, AddsTo = Failover,
            Hold = TimeSpan.FromSeconds(45), StopsWrites = true,
        },
        new("members-kill",
            "Every database member is killed, and all are started again in an order that depends on the seed, some seconds apart.",
            LoneFaults.MembersKillAsync)
        {
            Alerts = NoCopy, AddsTo = Failover,
            StopsWrites = true,
        },
        new("clone-alone",
            "Every replica is killed and one loses its disk: while it is copied from the lone primary, nothing may be acknowledged.",
            LoneFaults.CloneAloneAsync)
        {
            Alerts = NoCopy, AddsTo = Failover,
            Hold = TimeSpan.FromSeconds(20), StopsWrites = true, Combines = false,
        },
        new("paused-alone", "Patroni is paused, every replica killed, the primary's PostgreSQL restarted: nothing may be acknowledged.",
            LoneFaults.PausedAloneAsync)
        {
            Alerts = NoCopy, AddsTo = Failover,
            Hold = TimeSpan.FromSeconds(30), StopsWrites = true, Combines = false,
        },
        new("sync-lost", "etcd loses Patroni's record of synchronous standbys while every replica is down, and the primary is restarted: "
            + "nothing may be acknowledged.", LoneFaults.SyncLostAsync)
        {
            Alerts = NoCopy, AddsTo = Failover,
            Hold = TimeSpan.FromSeconds(30), StopsWrites = true, Combines = false,
        },
        new("sync-lost-behind", "One replica is cut off for some seconds; the primary and the others are killed, and etcd loses "
            + "Patroni's record of synchronous standbys: "
            + "the replica that is left lacks acknowledged writes and must not lead.", LoneFaults.SyncLostBehindAsync)
        {
            Alerts = NoCopy, AddsTo = Failover,
            Hold = LongerThanALease, StopsWrites = true, Combines = false,
            ImpossibleAsync = (cluster, _) => Task.FromResult(cluster.Members.Count < 3 ? "needs three members" : null),
        },
        new("leader-lost", "etcd loses the leader's key.", (context, cancel) => LoneFaults.ForgetAsync(context, "leader", cancel))
        { AddsTo = Failover },
        new("etcd-1", "One etcd member is killed.",
            (context, cancel) => EachAsync(context.Cluster.Etcd.Take(1), name => context.KillAsync(name, cancel))) { AddsTo = Election },
        new("etcd-2", "Two etcd members are killed: no quorum. The leader continues while it reaches every member (failsafe mode).",
            (context, cancel) => EachAsync(context.Cluster.Etcd.Take(2), name => context.KillAsync(name, cancel)))
        {
            Alerts = NoEtcd, AddsTo = Election,
            Hold = LongerThanALease, ImpossibleAsync = Members(3),
        },
        new("etcd-all", "All of etcd is killed. The leader continues while it reaches every member (failsafe mode).",
            (context, cancel) => EachAsync(context.Cluster.Etcd, name => context.KillAsync(name, cancel)))
        {
            Alerts = NoEtcd, AddsTo = Election,
            Hold = LongerThanALease,
        },
        new("haproxy-restart", "HAProxy is restarted under load.", (context, cancel) => context.RestartAsync(ClusterNames.HaProxy, cancel)),
        new("pgbouncer-restart", "PgBouncer is restarted under load.",
            (context, cancel) => context.RestartAsync(ClusterNames.PgBouncer, cancel)),
        new("haproxy-kill", "HAProxy is killed, and started after ten seconds.",
            (context, cancel) => context.KillAsync(ClusterNames.HaProxy, cancel)) { StopsWrites = true },
        new("pgbouncer-kill", "PgBouncer is killed, and started after ten seconds.",
            (context, cancel) => context.KillAsync(ClusterNames.PgBouncer, cancel)) { StopsWrites = true },
        new("certificates", "The CA and every certificate are replaced, as `hub certificates renew --authority` does.", (context, cancel) =>
        {
            context.Strike();
            return context.Cluster.ReplaceAuthorityAsync(context.Report, cancel);
        })
        {
            Combines = false, Hold = TimeSpan.FromSeconds(2), ImpossibleAsync = (cluster, _) =>
                Task.FromResult(cluster.CanReplaceAuthority ? null : "this hub's certificates cannot be replaced from here"),
        },
        new("disk-full", "The primary's disk is filled completely, including WAL if it has no disk of its own.",
            (context, cancel) => Disk.Data.FillAsync(context, context.Leader, cancel))
        {
            Hold = LongerThanALease, StopsWrites = true, Combines = false, ImpossibleAsync = Disk.Data.ImpossibleAsync,
        },
        new("wal-full", "The primary's WAL disk is filled completely.",
            (context, cancel) => Disk.Wal.FillAsync(context, context.Leader, cancel))
        {
            Hold = LongerThanALease, Combines = false, ImpossibleAsync = Disk.Wal.ImpossibleAsync,
        },
        new("disks-full", "Every member's disk is filled: writes are refused until there is room again.",
            (context, cancel) => EachAsync(context.Cluster.Members, name => Disk.Data.FillAsync(context, name, cancel)))
        {
            Hold = LongerThanALease, StopsWrites = true, Combines = false, ImpossibleAsync = Disk.Data.ImpossibleAsync,
        },
        new("clock-ahead", "The primary's clock jumps an hour ahead, and back again.",
            (context, cancel) => Clock.JumpAsync(context, Find("clock-ahead"), TimeSpan.FromHours(1), cancel))
        {
            Hold = LongerThanALease, Combines = false, ImpossibleAsync = Clock.ImpossibleAsync,
        },
        new("clock-behind", "The primary's clock jumps an hour back, and forward again.",
            (context, cancel) => Clock.JumpAsync(context, Find("clock-behind"), TimeSpan.FromHours(-1), cancel))
        {
            Hold = LongerThanALease, Combines = false, ImpossibleAsync = Clock.ImpossibleAsync,
        },
        new("clocks-apart", "The replicas' clocks are set an hour ahead of and an hour behind the primary's, which is then killed; all "
            + "are corrected afterwards.",
            (context, cancel) => Clock.ScatterAsync(context, Find("clocks-apart"), TimeSpan.FromHours(1),
                cancel)) { Hold = LongerThanALease, Combines = false, ImpossibleAsync = Clock.ImpossibleAsync },
        new("rolling-restart", "Every container is restarted in turn, the primary last of the members.",
            CompositeFaults.RollingRestartAsync)
        {
            AddsTo = [.. Failover, .. Election],
            Combines = false, Hold = TimeSpan.FromSeconds(2),
        },
        new("random-3", "Three of these faults in random order that depends on the seed, each repaired before the next.",
            CompositeFaults.RandomAsync)
        {
            // It may be any of those that can be combined.
            Alerts = [.. NoCopy, .. NoEtcd], AddsTo = [.. Failover, .. Election],
            Combines = false, Hold = TimeSpan.FromSeconds(2),
        },
    ];

    /// <exception cref="OperationException">There is none of that name.</exception>
    public static Fault Find(string name) => All.FirstOrDefault(fault => fault.Name == name)
        ?? throw new OperationException($"There is no fault '{name}'.",
            "Known faults: " + string.Join(", ", All.Select(fault => fault.Name)) + ".");

    private static Func<RunningCluster, CancellationToken, Task<string?>> Members(int least) =>
        (cluster, _) => Task.FromResult(cluster.Etcd.Count < least ? $"needs {least} etcd members" : null);

    private static async Task EachAsync(IEnumerable<string> names, Func<string, Task> harm)
    {
        foreach (var name in names)
            await harm(name);
    }
}
