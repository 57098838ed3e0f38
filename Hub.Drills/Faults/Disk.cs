using Analytics.Topology;

namespace Hub.Drills.Faults;

/// <summary>Fills a member's data volume to its last byte, as a log that nobody rotates or a slot that nobody reads does.</summary>
internal static class Disk
{
    private const string Ballast = Paths.PgVolume + "/hub-drill-ballast";

    /// <summary>What the file system has left at once, and then whatever was freed meanwhile until nothing fits any more.</summary>
    private static readonly string Fill = $"""
        fallocate --length "$(df --block-size=1 --output=avail {Paths.PgVolume} | tail -n 1)" {Ballast}
        cat /dev/zero >> {Ballast} 2> /dev/null
        [ "$(df --block-size=4096 --output=avail {Paths.PgVolume} | tail -n 1)" -eq 0 ]
        """;

    public static async Task FillAsync(FaultContext context, string name, CancellationToken cancel)
    {
        context.Damage.Note($"emptying {name}'s disk", async token => (await context.Cluster.ExecAsync(name, token, "rm", "--force", Ballast)).OrThrow($"{name}'s disk is still full: remove {Ballast} there"));
        context.Strike();
        (await context.Cluster.ExecAsync(name, cancel, "sh", "-c", Fill)).OrThrow($"{name}'s disk was not filled");
    }

    /// <summary>Why it cannot be done here; null where it can. Members that share a disk, with each other and with this machine, would take all of it down.</summary>
    public static async Task<string?> ImpossibleAsync(DrillCluster cluster, CancellationToken cancel)
    {
        var devices = new HashSet<string>();
        foreach (var member in cluster.Members)
            devices.Add((await cluster.ExecAsync(member, cancel, "stat", "--format", "%d", Paths.PgVolume)).OrThrow($"{member}'s volume was not found").Output.Trim());
        return devices.Count == cluster.Members.Count ? null : "the members' volumes are on one disk, which is also this machine's";
    }
}
