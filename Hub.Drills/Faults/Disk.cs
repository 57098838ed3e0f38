using Analytics.Topology;
using Hub.Operations.Clusters;

namespace Hub.Drills.Faults;

/// <summary>Fills a member's volume to its last byte, as a log that nobody rotates or a slot that nobody reads does.</summary>
/// <param name="name">What it is called in messages.</param>
/// <param name="directory">Where the volume is mounted.</param>
internal sealed class Disk(string name, string directory)
{
    private const string Ballast = "hub-drill-ballast";

    /// <summary>Data, and WAL where it has no volume of its own.</summary>
    public static Disk Data { get; } = new("disk", Paths.PgVolume);

    public static Disk Wal { get; } = new("WAL disk", Paths.WalVolume);

    /// <summary>What the file system has left at once, and then whatever was freed meanwhile until nothing fits any more.</summary>
    private string Fill => $"""
        fallocate --length "$(df --block-size=1 --output=avail {directory} | tail -n 1)" {directory}/{Ballast}
        cat /dev/zero >> {directory}/{Ballast} 2> /dev/null
        [ "$(df --block-size=4096 --output=avail {directory} | tail -n 1)" -eq 0 ]
        """;

    /// <summary>Segments that PostgreSQL keeps for later have their room already: they are used up until it ends for want of another.</summary>
    private static readonly string UseUpWal = $"""
        for segment in $(seq 1 200); do
            {MemberShell.Password} timeout 60 {MemberShell.Psql} --quiet --output=/dev/null \
                --command="SELECT pg_logical_emit_message(false, 'drill', 'next segment')" --command="SELECT pg_switch_wal()" || exit 0
        done
        exit 1
        """;

    public async Task FillAsync(FaultContext context, string member, CancellationToken cancel)
    {
        context.Damage.Note($"emptying {member}'s {name}", async token => (await context.Cluster.ExecAsync(member, token, "rm", "--force", $"{directory}/{Ballast}"))
            .OrThrow($"{member}'s {name} is still full: remove {directory}/{Ballast} there"));
        context.Strike();
        (await context.Cluster.ExecAsync(member, cancel, "sh", "-c", Fill)).OrThrow($"{member}'s {name} was not filled");
        if (this == Wal)
            (await context.Cluster.ExecAsync(member, cancel, "sh", "-c", UseUpWal)).OrThrow($"{member}'s PostgreSQL found room for 200 segments");
    }

    /// <summary>Why it cannot be done here; null where it can. Members that share a disk, with each other and with this machine, would take all of it down.</summary>
    public async Task<string?> ImpossibleAsync(RunningCluster cluster, CancellationToken cancel)
    {
        var devices = new HashSet<string>();
        foreach (var member in cluster.Members)
        {
            var device = await DeviceAsync(cluster, member, directory, cancel);
            devices.Add(device);
            if (this == Wal && device == await DeviceAsync(cluster, member, Paths.PgVolume, cancel))
                return "the members' WAL is not on a disk of its own";
        }

        return devices.Count == cluster.Members.Count ? null : "the members' volumes share this machine's disk";
    }

    private static async Task<string> DeviceAsync(RunningCluster cluster, string member, string directory, CancellationToken cancel) =>
        (await cluster.ExecAsync(member, cancel, "stat", "--format", "%d", directory)).OrThrow($"{member}'s volume was not found").Output.Trim();
}
