using Analytics.Ingest.Http;
using Analytics.Ingest.Keys;
using Analytics.Ingest.Pricing;

namespace Analytics.Ingest.Writing;

/// <summary>
/// The calls of one request while they are made. Each counts against the room of the queue from the moment at which it is there, so that
/// requests that are read side by side cannot hold more than the queue may.
/// </summary>
internal sealed class NewCalls(IngestQueue queue, Caller caller) : IDisposable
{
    /// <summary>Room is taken in steps, in bytes, so that not every call asks for the queue's lock.</summary>
    private const long Step = 64 << 10;

    private readonly List<QueuedCall> calls = [];
    private long used;

    public IReadOnlyList<QueuedCall> Calls => calls;

    /// <summary>Whose they are.</summary>
    public Caller Caller => caller;

    /// <summary>Bytes of the queue's room that are taken.</summary>
    public long Reserved { get; private set; }

    /// <summary>Adds a call.</summary>
    /// <param name="call">The call.</param>
    /// <param name="index">Its place in the request that brought it.</param>
    /// <exception cref="RequestRefusedException">
    /// 413: one request brings more than the queue holds. 503: the queue has no room now.
    /// </exception>
    public void Add(PricedCall call, int index)
    {
        var bytes = call.Call.EstimatedBytes;
        if (calls.Count >= queue.MaxCalls || used + bytes > queue.MaxBytes) throw RequestRefusedException.TooManyCalls(calls.Count);
        used += bytes;
        if (used > Reserved)
        {
            var step = Math.Min(Math.Max(Step, used - Reserved), queue.MaxBytes - Reserved);
            if (!queue.TryReserve(caller.ProjectId, step, ofMany: used > MemoryLimits.SmallRequest))
                throw RequestRefusedException.Busy(queue.RetryAfter);
            Reserved += step;
        }

        calls.Add(new QueuedCall(call, index));
    }

    /// <summary>Hands the room that they use over to the queue, which frees it part by part; the rest is given back.</summary>
    public void Enqueued(long room)
    {
        queue.Release(caller.ProjectId, Reserved - room);
        Reserved = 0;
    }

    /// <summary>Gives back room that no queue has.</summary>
    public void Dispose()
    {
        queue.Release(caller.ProjectId, Reserved);
        Reserved = 0;
    }
}
