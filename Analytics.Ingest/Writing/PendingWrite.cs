using System.Collections.Concurrent;
using System.Diagnostics;
using Analytics.Ingest.Calls;
using Analytics.Ingest.Keys;
using Analytics.Ingest.Pricing;

namespace Analytics.Ingest.Writing;

/// <summary>What became of one call.</summary>
internal enum CallOutcome
{
    /// <summary>Not decided yet.</summary>
    None,

    /// <summary>Committed by this write.</summary>
    Stored,

    /// <summary>Already there, by its request id and time.</summary>
    Duplicate,

    /// <summary>Refused by the database for what it holds.</summary>
    Rejected,

    /// <summary>Refused by the database for a reason that somebody may repair: its sender is told to send it again.</summary>
    Deferred,
}

/// <summary>A call in the queue, and its outcome.</summary>
internal sealed class QueuedCall(PricedCall priced, int index)
{
    public Call Call { get; } = priced.Call;

    public CallCost Cost { get; } = priced.Cost;

    /// <summary>Its place in the request that brought it.</summary>
    public int Index { get; } = index;

    public CallOutcome Outcome { get; set; }

    public string? Reason { get; set; }

    /// <summary>On how many members it was when it was committed.</summary>
    public int Copies { get; set; }
}

/// <summary>
/// The calls of one request, cut into parts of at most one batch. It is complete when the last part is committed, and abandoned when its
/// request has been told that it will not be: only then are its parts dropped from the queue.
/// </summary>
internal sealed class PendingWrite(IReadOnlyList<QueuedCall> calls, Caller caller)
{
    private readonly ConcurrentQueue<ActivityContext> batches = new();
    private readonly TaskCompletionSource committed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int openParts;
    private volatile bool abandoned;

    public IReadOnlyList<QueuedCall> Calls { get; } = calls;

    /// <summary>Who sent them.</summary>
    public Caller Caller => caller;

    public bool IsAbandoned => abandoned;

    /// <summary>The span that waits for this write; default when nothing is traced.</summary>
    public ActivityContext Span { get; } = Activity.Current?.Context ?? default;

    /// <summary>The spans of the batches that have carried a part of it so far.</summary>
    public IReadOnlyCollection<ActivityContext> Batches => batches;

    /// <summary>Cuts the calls into parts.</summary>
    public IReadOnlyList<WritePart> Split(int batchSize)
    {
        var parts = new List<WritePart>((Calls.Count / batchSize) + 1);
        for (var from = 0; from < Calls.Count; from += batchSize)
        {
            parts.Add(new WritePart(this, Calls.Skip(from).Take(batchSize).ToArray()));
        }

        openParts = parts.Count;
        return parts;
    }

    /// <summary>Waits for the commit of every part. False when it has not come within <paramref name="deadline"/>.</summary>
    public async Task<bool> WaitAsync(TimeSpan deadline, TimeProvider time)
    {
        try
        {
            await committed.Task.WaitAsync(deadline, time);
            return true;
        }
        catch (TimeoutException)
        {
            abandoned = true;
            // The commit may have come in this very moment; then it counts.
            return committed.Task.IsCompletedSuccessfully;
        }
    }

    /// <param name="batch">The span of the batch that carried the part; default when nothing is traced.</param>
    public void PartDone(ActivityContext batch = default)
    {
        if (batch != default) batches.Enqueue(batch);
        if (Interlocked.Decrement(ref openParts) == 0) committed.TrySetResult();
    }
}

/// <summary>What is queued and written as one: calls of one request, at most one batch of them.</summary>
internal sealed record WritePart(PendingWrite Owner, QueuedCall[] Calls)
{
    public long Bytes { get; } = Calls.Sum(queued => (long)queued.Call.EstimatedBytes);

    public int Project => Owner.Caller.ProjectId;

    /// <summary>When it was queued, in ticks of the time provider.</summary>
    public long Queued { get; set; }

    /// <summary>Its place among what is queued or being written.</summary>
    public LinkedListNode<WritePart>? Place { get; set; }
}
