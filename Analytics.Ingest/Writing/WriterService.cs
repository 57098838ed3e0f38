using System.Diagnostics.CodeAnalysis;
using Analytics.Ingest.Calls;
using Analytics.Ingest.Database;
using Analytics.Ingest.Keys;
using Analytics.Ingest.Telemetry;
using Microsoft.Extensions.Options;

namespace Analytics.Ingest.Writing;

/// <summary>
/// The writer lanes: each takes what is queued, up to one batch, and writes it; what arrives meanwhile makes the next batch. The commit
/// itself is the only pause in which calls gather, so an idle service answers after one commit and a busy one writes full batches, with no
/// delay to tune. A spare lane takes only light projects, while all other lanes are busy: these need not wait until full batches of
/// others are committed.
/// </summary>
internal sealed class WriterService(
    IngestQueue queue, BatchIsolation writer, DrainRate drain, KeyLimiter limits, IngestMetrics metrics, IOptions<IngestOptions> options,
    TimeProvider time, ILogger<WriterService> log) : IHostedService, IDisposable
{
    /// <summary>The last pause is added to every outage that a request outlives, and a few lanes asking twice a second cost a database
    /// nothing.</summary>
    private static readonly TimeSpan FirstBackoff = TimeSpan.FromMilliseconds(50), MaxBackoff = TimeSpan.FromMilliseconds(500);

    private readonly CancellationTokenSource giveUp = new();
    private Task lanes = Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        metrics.Start();
        lanes = Task.WhenAll(Enumerable.Range(0, options.Value.WriterLanes + 1)
            .Select(lane => Task.Run(() => RunLaneAsync(spare: lane == 0), CancellationToken.None)));
        return Task.CompletedTask;
    }

    /// <summary>Writes what is queued, as long as the host lets it; the server has stopped taking requests before.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        queue.Close();
        try
        {
            await lanes.WaitAsync(options.Value.DrainTimeout, time, cancellationToken);
        }
        catch (Exception late) when (late is OperationCanceledException or TimeoutException)
        {
            log.LogWarning("Stopping with {Rows} rows not written; none of them was acknowledged", queue.Calls);
            await giveUp.CancelAsync();
            await lanes.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    public void Dispose() => giveUp.Dispose();

    private async Task RunLaneAsync(bool spare)
    {
        while (await queue.WaitAsync(spare, giveUp.Token))
        {
            var parts = queue.Take(spare);
            DropAbandoned(parts);
            if (parts.Count == 0) continue;
            using var batch = IngestTracing.StartBatch(parts);
            await WriteUntilDoneAsync(parts);
            foreach (var part in parts)
            {
                queue.Leave(part);
                part.Owner.PartDone(batch?.Context ?? default);
            }
        }
    }

    /// <summary>Tries until the batch is written or every request in it has been told that it will not be.</summary>
    [SuppressMessage("Design", "CA1031",
        Justification = "A lane that dies loses service for good; an unexpected failure is logged and tried again like any other.")]
    private async Task WriteUntilDoneAsync(List<WritePart> parts)
    {
        string? before = null;
        for (var backoff = FirstBackoff; ;)
        {
            DropAbandoned(parts);
            if (parts.Count == 0) return;
            try
            {
                var calls = Distinct(parts, out var repeated);
                if (calls.Count > 0) await writer.WriteAsync(calls, before, giveUp.Token);
                foreach (var (queued, first) in repeated) Repeat(queued, first);
                Count(parts);
                return;
            }
            catch (OperationCanceledException) when (giveUp.IsCancellationRequested)
            {
                throw;
            }
            catch (Exception failure)
            {
                before = Failures.Signature(failure);
                metrics.WriteFailed(Failures.Classify(failure));
                if (Failures.IsDatabase(failure)) log.LogWarning("A batch will be retried: {Reason}", failure.Message);
                else log.LogError(failure, "A batch failed unexpectedly and will be retried");
            }

            await Task.Delay(backoff * (0.5 + Random.Shared.NextDouble()), time, giveUp.Token);
            backoff = TimeSpan.FromTicks(Math.Min(backoff.Ticks * 2, MaxBackoff.Ticks));
        }
    }

    private void DropAbandoned(List<WritePart> parts) => parts.RemoveAll(part =>
    {
        if (!part.Owner.IsAbandoned) return false;
        metrics.Dropped(part.Calls.Length);
        queue.Leave(part);
        return true;
    });

    /// <summary>The calls of a batch, each key once, in the order that all lanes share so that they cannot wait for each other in a
    /// circle.</summary>
    private static List<QueuedCall> Distinct(List<WritePart> parts, out List<(QueuedCall Queued, QueuedCall First)> repeated)
    {
        repeated = [];
        var firsts = new Dictionary<CallKey, QueuedCall>();
        foreach (var queued in parts.SelectMany(part => part.Calls))
        {
            if (!firsts.TryAdd(queued.Call.Key, queued)) repeated.Add((queued, firsts[queued.Call.Key]));
        }

        // What an earlier attempt has decided (parts of a batch may commit on their own) stays decided.
        var calls = firsts.Values.Where(queued => queued.Outcome == CallOutcome.None).ToList();
        calls.Sort((a, b) => a.Call.Key.CompareTo(b.Call.Key));
        return calls;
    }

    private static void Repeat(QueuedCall queued, QueuedCall first)
    {
        queued.Outcome = first.Outcome == CallOutcome.Stored ? CallOutcome.Duplicate : first.Outcome;
        queued.Reason = first.Reason;
        queued.Copies = first.Copies;
    }

    private void Count(List<WritePart> parts)
    {
        foreach (var part in parts) metrics.CommitLag(time.GetElapsedTime(part.Queued));
        foreach (var queued in parts.SelectMany(part => part.Calls))
        {
            if (queued.Outcome == CallOutcome.Stored) metrics.Stored(queued.Call, queued.Cost);
            else if (queued.Outcome == CallOutcome.Duplicate) metrics.Duplicate();
            else if (queued.Outcome == CallOutcome.Deferred) metrics.Deferred();
        }

        foreach (var part in parts)
            limits.Stored(part.Owner.Caller, part.Calls.Count(queued => queued.Outcome == CallOutcome.Stored));
        drain.Committed(parts.Sum(part => part.Calls.Length));
    }
}
