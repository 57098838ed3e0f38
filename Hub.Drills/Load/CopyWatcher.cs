using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Hub.Drills.Faults;
using Hub.Drills.Ledgers;
using Hub.Operations.Clusters;

namespace Hub.Drills.Load;

/// <summary>Asks every member, many times a second and over its own socket, how far its disk has the WAL, and whether it waits for somebody.</summary>
internal sealed class CopyWatcher : IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(40);
    private static readonly TimeSpan Again = TimeSpan.FromMilliseconds(500);

    /// <summary>
    /// What a standby has received, it has flushed. One that has not begun to receive has what it has replayed. The superuser asks: others do not see
    /// the receiver. A backend takes up a changed setting before its next statement, so what it says of the names is so when it says it.
    /// </summary>
    private const string Ask = """
        SELECT CASE WHEN pg_is_in_recovery()
          THEN format('hub-copy %s f %s %s f', coalesce((SELECT received_tli FROM pg_stat_wal_receiver), (SELECT timeline_id FROM pg_control_checkpoint())), standby, standby)
          ELSE format('hub-copy %s t %s %s %s', ('x' || substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8))::bit(32)::bigint,
            pg_current_wal_flush_lsn() - '0/0', pg_current_wal_insert_lsn() - '0/0', CASE WHEN current_setting('synchronous_standby_names') = '' THEN 't' ELSE 'f' END) END
        FROM (SELECT CASE WHEN pg_is_in_recovery() THEN greatest(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn()) - '0/0' END AS standby) one;

        """;

    private readonly CancellationTokenSource stop = new();
    private readonly ConcurrentQueue<MemberSample> samples = new();
    private readonly Task[] watches;

    public CopyWatcher(RunningCluster cluster, Ledger ledger) => watches = [.. cluster.Members.Select(member => RunAsync(cluster, member, ledger))];

    public IReadOnlyList<MemberSample> Samples => [.. samples];

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
            using var process = cluster.Shell(member, $"LD_PRELOAD= {MemberShell.Password} exec {MemberShell.Psql} --quiet --tuples-only --no-align {MemberShell.Together}");
            try
            {
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
            await Task.Delay(Again, stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task AskAsync(Process process, string member, Ledger ledger)
    {
        var first = true;
        while (true)
        {
            var started = ledger.Now;
            await process.StandardInput.WriteAsync(Ask.AsMemory(), stop.Token);
            await process.StandardInput.FlushAsync(stop.Token);

            // hub-copy 3 t 100663608 100663664 f; nothing else answers a question, but for an error, after which psql goes on or ends.
            if (await process.StandardOutput.ReadLineAsync(stop.Token) is not { } line)
                return;
            if (line.Split(' ') is ["hub-copy", var timeline, var leads, var flushed, var inserted, var alone])
            {
                samples.Enqueue(new MemberSample(member, started, ledger.Now, Number(timeline), leads == "t", Number(flushed), Number(inserted), alone == "t", first));
                first = false;
            }

            await Task.Delay(Pause, stop.Token);
        }
    }

    private static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);
}
