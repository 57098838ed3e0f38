using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Analytics.Topology;
using Hub.Drills.Faults;
using Hub.Drills.Ledgers;
using Hub.Operations.Clusters;

namespace Hub.Drills.Load;

/// <summary>
/// Tries to write at every member directly: a session of psql in its container, over its own socket, so past the gateway and also while the
/// member's network is cut. What a member acknowledges here is what it would acknowledge to a client of its own side.
/// </summary>
internal sealed class MemberWatcher : IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    /// <summary>
    /// The time is taken beside the server, right before the write: while a member is frozen, a write waits in the pipe, and began only
    /// when it was thawed. It is the machine's, whatever clock the server was given. psql prints the row when the server has said that it
    /// is committed. On a replica nothing is tried.
    /// </summary>
    private const string Probe = $@"SELECT pg_is_in_recovery() AS replica \gset
\if :replica
\echo hub-replica
\else
\set at `date +%s.%N`
INSERT INTO drill.probes VALUES (:at)
  RETURNING 'hub-wrote', at, ('x' || substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8))::bit(32)::bigint;
\endif
\echo hub-done
";

    /// <summary>The owner's session. Its password comes in the first line: an argument would be in the list of processes.</summary>
    private static readonly string Session = $"""
        read -r PGPASSWORD && export PGPASSWORD && LD_PRELOAD= PGOPTIONS='-c client_min_messages=warning' \
            exec psql --no-psqlrc --quiet --tuples-only --no-align --field-separator=' ' \
            --dbname='host={Paths.SocketDirectory} dbname={ClusterNames.Database} user={Roles.Owner}' {MemberShell.Together}
        """;

    private readonly CancellationTokenSource stop = new();
    private readonly ConcurrentQueue<MemberWrite> writes = new();
    private readonly Task[] watches;

    public MemberWatcher(RunningCluster cluster, Ledger ledger) =>
        watches = [.. cluster.Members.Select(member => RunAsync(cluster, member, ledger))];

    public IReadOnlyList<MemberWrite> Writes => [.. writes];

    public async Task StopAsync()
    {
        await stop.CancelAsync();
        await Task.WhenAll(watches);
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await Task.WhenAll(watches).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        stop.Dispose();
    }

    private async Task RunAsync(RunningCluster cluster, string member, Ledger ledger)
    {
        while (!stop.IsCancellationRequested)
        {
            using var process = cluster.Shell(member, Session);
            try
            {
                await process.StandardInput.WriteLineAsync(cluster.Secret(Secrets.Owner).AsMemory(), stop.Token);
                await AskAsync(process, member, ledger);
            }
            catch (IOException)
            {
                // psql ends with the server that it was connected to; the next one finds out whether there is one again.
            }
            catch (OperationCanceledException)
            {
                // The drill is over.
            }

            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync(CancellationToken.None);
            await Task.Delay(Pause * 3, stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task AskAsync(Process process, string member, Ledger ledger)
    {
        while (true)
        {
            await process.StandardInput.WriteAsync(Probe.AsMemory(), stop.Token);
            await process.StandardInput.FlushAsync(stop.Token);
            var doubtful = false;
            while (await process.StandardOutput.ReadLineAsync(stop.Token) is var line && line != "hub-done")
            {
                if (line is null)
                    return;

                // WARNING:  canceling wait for synchronous replication due to user request
                doubtful |= line.StartsWith("WARNING", StringComparison.Ordinal);

                // hub-wrote 1764000000.123456 3
                if (!doubtful && line.Split(' ') is ["hub-wrote", var at, var timeline])
                    writes.Enqueue(new MemberWrite(member, long.Parse(timeline, CultureInfo.InvariantCulture), ledger.Since(Moment(at)),
                        ledger.Now));
            }

            await Task.Delay(Pause, stop.Token);
        }
    }

    private static DateTimeOffset Moment(string epoch) =>
        DateTimeOffset.UnixEpoch + TimeSpan.FromTicks((long)(decimal.Parse(epoch, CultureInfo.InvariantCulture) * TimeSpan.TicksPerSecond));
}
