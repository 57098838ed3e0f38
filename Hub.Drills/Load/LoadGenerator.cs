using Hub.Drills.Ledgers;
using Hub.Operations.Clusters;

namespace Hub.Drills.Load;

/// <summary>
/// Writers on both ways into the database. Each makes a write in every <see cref="Interval"/>, or when its last one has been answered if that
/// takes longer; together they write often enough that a pause is measured to a few hundredths of a second.
/// </summary>
internal sealed class LoadGenerator : IAsyncDisposable
{
    public const int Writers = 12;
    public static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(400);

    private readonly CancellationTokenSource stop = new();
    private readonly CancellationTokenSource abandon = new();
    private readonly Task[] lanes;

    public LoadGenerator(RunningCluster cluster, string apiKey, Ledger ledger) => lanes =
    [
        .. Enumerable.Range(0, Writers).Select(index => RunAsync(new IngestPath(cluster, apiKey), ledger, index)),
        .. Enumerable.Range(0, Writers).Select(index => RunAsync(new SqlPath(cluster), ledger, index)),
    ];

    public static IReadOnlyList<string> Paths { get; } = [IngestPath.PathName, SqlPath.PathName];

    /// <summary>Begins no further write, and waits until the last one has its answer; one that gets none within the timeout is unknown.</summary>
    public async Task StopAsync(TimeSpan timeout)
    {
        await stop.CancelAsync();
        abandon.CancelAfter(timeout);
        await Task.WhenAll(lanes);
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await abandon.CancelAsync();
        await Task.WhenAll(lanes).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        stop.Dispose();
        abandon.Dispose();
    }

    private async Task RunAsync(IWritePath path, Ledger ledger, int index)
    {
        await using (path)
        {
            await DelayAsync(Interval / Writers * index);
            while (!stop.IsCancellationRequested)
            {
                var id = Guid.CreateVersion7();
                var started = ledger.Now;
                var (answer, reason) = await path.WriteAsync(id, abandon.Token);
                ledger.Add(new LedgerEntry(path.Name, id, started, ledger.Now, answer, reason));
                await DelayAsync(Interval - (ledger.Now - started));
            }
        }
    }

    private async Task DelayAsync(TimeSpan time)
    {
        if (time > TimeSpan.Zero)
            await Task.Delay(time, stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }
}
