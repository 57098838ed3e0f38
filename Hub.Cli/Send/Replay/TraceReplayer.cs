using System.Threading.Channels;
using Hub.Cli.Send.Otlp;

namespace Hub.Cli.Send.Replay;

/// <summary>
/// Replays spans to an OTLP receiver: batches, paces, retries, and gives every row exactly one outcome. Memory is bounded by the requests in
/// flight, however long the trace and however slow the receiver.
/// </summary>
/// <param name="http">See <see cref="ExportClient.CreateHttp"/>.</param>
/// <param name="options">Where to and how fast.</param>
/// <param name="time">The clock of pacing, retries and figures.</param>
internal sealed class TraceReplayer(HttpClient http, ReplayOptions options, TimeProvider time)
{
    /// <summary>Sends every span. Failures of the receiver and of the way to it are outcomes, not exceptions.</summary>
    /// <param name="spans">Read once, as they are sent. An exception from reading them ends the replay and comes out.</param>
    /// <param name="progress">Told after each change, from any thread, one at a time.</param>
    /// <param name="ledger">Told the outcome of each row once, from any thread, one at a time; not of rows that were never read.</param>
    /// <param name="stop">Ends the replay: nothing new is sent, requests in flight are waited for (<see cref="ReplayOptions.StopGrace"/>).</param>
    public async Task<ReplayResult> RunAsync(
        IReadOnlyCollection<OtlpSpan> spans, IProgress<ReplayProgress>? progress = null, IProgress<RowOutcome>? ledger = null,
        CancellationToken stop = default)
    {
        using var halt = CancellationTokenSource.CreateLinkedTokenSource(stop);
        using var abandon = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
        await using var grace = stop.Register(() => abandon.CancelAfter(options.StopGrace));
        string? endedBy = null;
        void End(string reason)
        {
            Interlocked.CompareExchange(ref endedBy, reason, null);
            halt.Cancel();
        }

        var tally = new Tally(spans.Count, time, progress, ledger);
        var sender = new BatchSender(new ExportClient(http, options.Endpoint, options.ApiKey, time), options, tally, time, End);
        var queue = Channel.CreateBounded<Batch>(new BoundedChannelOptions(options.Concurrency) { SingleWriter = true });
        var lanes = Enumerable.Range(0, options.Concurrency)
            .Select(_ => Task.Run(() => DrainAsync(queue.Reader, sender, tally, halt, abandon.Token), CancellationToken.None)).ToArray();
        try
        {
            await FillAsync(queue.Writer, spans, tally, halt.Token);
        }
        finally
        {
            queue.Writer.TryComplete();
            await Task.WhenAll(lanes);
        }

        return tally.Result(stop.IsCancellationRequested, endedBy);
    }

    private async Task FillAsync(ChannelWriter<Batch> queue, IEnumerable<OtlpSpan> spans, Tally tally, CancellationToken halt)
    {
        // With a cap, a batch holds at most what the cap allows in a second, so that rows come as a stream and not in gusts.
        var size = options.Rate is { } rate ? (int)Math.Clamp(Math.Ceiling(rate), 1, options.BatchSize) : options.BatchSize;
        var pacer = new Pacer(options.Rate, time);
        foreach (var batch in Batcher.Of(spans, size, options.Speed))
        {
            await pacer.WaitAsync(batch, halt);
            try
            {
                halt.ThrowIfCancellationRequested();
                await queue.WriteAsync(batch, halt);
            }
            catch (OperationCanceledException) when (halt.IsCancellationRequested)
            {
                tally.Lose(batch.Spans, Outcome.Unsent, "not sent");
                return;
            }
        }
    }

    private static async Task DrainAsync(
        ChannelReader<Batch> queue, BatchSender sender, Tally tally, CancellationTokenSource halt, CancellationToken abandon)
    {
        try
        {
            await foreach (var batch in queue.ReadAllAsync(CancellationToken.None))
            {
                if (halt.IsCancellationRequested) tally.Lose(batch.Spans, Outcome.Unsent, "not sent");
                else await sender.SendAsync(batch.Spans, halt.Token, abandon);
            }
        }
        catch
        {
            // A fault of a ledger or of this program: the queue is no longer read, so its writer must not wait for room.
            await halt.CancelAsync();
            throw;
        }
    }
}
