using Analytics.Ingest.Keys;
using Analytics.Ingest.Pricing;
using Microsoft.Extensions.Options;

namespace Analytics.Ingest.Writing;

/// <summary>What became of the calls of one request.</summary>
/// <param name="RetryAfter">Set when they are not (known to be) committed: the client must send them again, not before this time.</param>
/// <param name="Calls">The calls with their outcomes, when they are.</param>
/// <param name="Reason">Why they must be sent again, when it is another reason than the time that it took.</param>
internal readonly record struct WriteResult(TimeSpan? RetryAfter, IReadOnlyList<QueuedCall> Calls, string? Reason = null);

/// <summary>From calls to their commit, common to every protocol.</summary>
internal sealed class IngestPipeline(IngestQueue queue, PriceRefresher prices, IOptions<IngestOptions> options, TimeProvider time)
{
    /// <summary>Waits until prices are known, at a start without a database until it is available. False: the client should
    /// retry.</summary>
    public async Task<bool> ReadyAsync()
    {
        if (prices.Loaded.IsCompleted) return true;
        try
        {
            await prices.Loaded.WaitAsync(options.Value.RequestDeadline, time);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    /// <summary>Begins the calls of one request.</summary>
    public NewCalls NewCalls(Caller caller) => new(queue, caller);

    /// <summary>Queues calls and waits for their commit. The client's going away does not stop it: what was accepted is written.</summary>
    public async Task<WriteResult> WriteAsync(NewCalls calls)
    {
        using var made = calls;
        if (calls.Calls.Count == 0) return new WriteResult(null, []);
        using var span = IngestTracing.StartStore(calls.Calls.Count);
        var write = new PendingWrite(calls.Calls, calls.Caller);
        if (!queue.TryEnqueue(write, calls)) return new WriteResult(queue.RetryAfter, []);
        var committed = await write.WaitAsync(options.Value.RequestDeadline, time);
        IngestTracing.Link(span, write.Batches);
        if (!committed) return new WriteResult(queue.RetryAfter, []);
        return Deferred(write.Calls) is { } reason ? new WriteResult(BatchIsolation.RetryAfter, [], reason)
            : new WriteResult(null, write.Calls);
    }

    private static string? Deferred(IReadOnlyList<QueuedCall> calls)
    {
        var deferred = calls.Where(queued => queued.Outcome == CallOutcome.Deferred).ToList();
        return deferred.Count == 0 ? null
            : $"{deferred.Count} of {calls.Count} calls are not stored: {deferred[0].Reason}. The others are. Nothing is lost or doubled "
                + "by sending the same request again.";
    }
}
