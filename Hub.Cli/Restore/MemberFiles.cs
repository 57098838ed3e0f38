using System.Globalization;
using Analytics.Topology;
using Hub.Cli.Engine;
using Hub.Cli.State;
using Hub.Operations.Processes;

namespace Hub.Cli.Restore;

/// <summary>
/// The files of members that are stopped, through containers made for one command each. Old data is kept by renaming it within its volume:
/// that takes no room and no time, and a member that is started sees nothing of it. Every script can be repeated after it was interrupted.
/// </summary>
internal sealed class MemberFiles(Deployment deployment, ContainerEngine engine)
{
    private const string Kept = ".before-restore";

    /// <summary>What Patroni makes of a data directory whose bootstrap failed.</summary>
    private const string Failed = ".failed";

    /// <summary>There once both directories of a member lie aside: what has their names from then on is restored data.</summary>
    private const string Marker = Paths.PgVolume + "/.before-restore";

    private static readonly string[] Directories = [Paths.PgData, Paths.WalDirectory];

    /// <summary>Moves the data directory and its WAL aside; what an earlier attempt restored goes.</summary>
    public Task KeepAsync(string member, CancellationToken cancellation) => ShellAsync(member, $"""
        set -eu
        for path in {string.Join(' ', Directories)}; do
          if [ -e {Marker} ]; then rm -rf "$path" "$path{Failed}"
          elif [ -e "$path{Kept}" ] && [ -e "$path" ]; then echo "both $path and $path{Kept} exist" >&2; exit 1
          elif [ -e "$path" ]; then mv "$path" "$path{Kept}"; fi
        done
        touch {Marker}
        """, "The old data could not be kept aside", cancellation);

    /// <summary>Removes what was restored and brings the old data back.</summary>
    public Task BringBackAsync(string member, CancellationToken cancellation) => ShellAsync(member, $"""
        set -eu
        for path in {string.Join(' ', Directories)}; do
          if [ -e "$path{Kept}" ]; then rm -rf "$path" "$path{Failed}"; mv "$path{Kept}" "$path"; fi
        done
        rm -f {Marker}
        """, "The old data could not be brought back", cancellation);

    /// <summary>Removes what was restored and leaves the old data where it lies, for <see cref="UndoCommand"/>.</summary>
    /// <param name="member">The member.</param>
    /// <param name="again">The old data was on its way back already; Patroni may have renamed it since.</param>
    /// <param name="cancellation">Stops it.</param>
    public Task MakeWayAsync(string member, bool again, CancellationToken cancellation) => ShellAsync(member, $"""
        set -eu
        for path in {string.Join(' ', Directories)}; do
          if [ -e "$path{Kept}" ]; then rm -rf "$path" "$path{Failed}"
          elif [ {(again ? "1" : "0")} = 1 ] && [ -e "$path{Failed}" ]; then mv "$path{Failed}" "$path{Kept}"
          elif [ {(again ? "1" : "0")} = 1 ] && [ -e "$path" ]; then mv "$path" "$path{Kept}"; fi
        done
        """, "The old data could not be brought back", cancellation);

    /// <summary>Removes the old data.</summary>
    public Task DropAsync(string member, CancellationToken cancellation) =>
        ShellAsync(member, $"rm -rf {string.Join(' ', Directories.SelectMany(path => new[] { path + Kept, path + Failed }))} {Marker}", "The old data could not be removed", cancellation);

    /// <summary>Where the old data's last checkpoint is, as a number that can be compared; null where none is kept.</summary>
    public async Task<ulong?> KeptPositionAsync(string member, CancellationToken cancellation)
    {
        var result = await RunAsync(member, $"if [ -e {Paths.PgData}{Kept}/PG_VERSION ]; then LC_ALL=C pg_controldata {Paths.PgData}{Kept}; fi", cancellation);
        // Latest checkpoint location:           0/5000110
        var line = result.OrThrow($"The old data of {member} could not be read").Output.Split('\n')
            .FirstOrDefault(line => line.StartsWith("Latest checkpoint location:", StringComparison.Ordinal));
        return line?.Split(':')[1].Trim().Split('/') is [var high, var low]
            ? (ulong.Parse(high, NumberStyles.HexNumber, CultureInfo.InvariantCulture) << 32) | ulong.Parse(low, NumberStyles.HexNumber, CultureInfo.InvariantCulture)
            : null;
    }

    /// <summary>
    /// What Patroni runs instead of initdb when a restore is undone. A plain start would not do: the archive now holds a newer timeline that
    /// forked off before the end of this data, and a server that recovers along the newest timeline refuses it ("is not a child of this
    /// server's history"). So it recovers on its own timeline to its own end, and begins a new one.
    /// </summary>
    public static IReadOnlyList<string> UndoCommand(string stanza) =>
    [
        "/bin/sh", "-c", $"""
        set -eu; for path in {string.Join(' ', Directories)}; do mv "$path{Kept}" "$path"; done; rm -f {Marker} {Paths.PgData}/standby.signal; touch {Paths.PgData}/recovery.signal; printf "%s\n" "restore_command = 'pgbackrest --stanza={stanza} archive-get %f \"%p\"'" "recovery_target_timeline = 'current'" >> {Paths.PgData}/postgresql.auto.conf
        """,
    ];

    /// <summary>Removes the cluster from etcd, so that the first member may create it again. Waits for a killed leader's lease.</summary>
    public async Task ForgetClusterAsync(string member, CancellationToken cancellation) =>
        // patronictl asks for the name, then for these words; with a leader still noted it asks a third time, and gives up.
        (await RunAsync(member, $"""
            for i in $(seq 40); do
              if printf '%s\nYes I am aware\n' '{deployment.Topology.Name}' | patronictl remove '{deployment.Topology.Name}' > /tmp/remove.log 2>&1; then exit 0; fi
              sleep 1
            done
            cat /tmp/remove.log >&2; exit 1
            """, cancellation)).OrThrow("Patroni's keys could not be removed from etcd", "Is etcd well? See `./hub status`.");

    private async Task ShellAsync(string member, string script, string failed, CancellationToken cancellation) =>
        (await RunAsync(member, script, cancellation)).OrThrow($"{failed} ({member})");

    private Task<ProcessResult> RunAsync(string member, string script, CancellationToken cancellation) =>
        engine.ComposeAsync(deployment.Project, cancellation, null, "run", "--rm", "--no-deps", "-T", "--entrypoint", "/bin/sh", member, "-c", script);
}
