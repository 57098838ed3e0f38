using Analytics.Ingest.Telemetry;
using Microsoft.Extensions.Options;

namespace Analytics.Ingest.Writing;

/// <summary>
/// The calls that wait for a writer, bounded by count and bytes. A request enters whole or not at all. Calls that are still being made
/// (<see cref="NewCalls"/>) count as bytes of it. Projects share its room (<see cref="SharedRoom"/>) and are written in turn
/// (<see cref="ProjectRounds"/>).
/// </summary>
internal sealed class IngestQueue
{
    private readonly Lock gate = new();
    private readonly IngestOptions options;
    private readonly DrainRate drain;
    private readonly TimeProvider time;
    private readonly SharedRoom calls, bytes;
    private readonly ProjectRounds rounds;
    private readonly LinkedList<WritePart> inOrder = [];
    private TaskCompletionSource? changed;
    private int idleLanes;
    private bool closed;

    public IngestQueue(IOptions<IngestOptions> options, DrainRate drain, IngestMetrics metrics, TimeProvider time)
    {
        this.options = options.Value;
        this.drain = drain;
        this.time = time;
        (calls, bytes) = (new SharedRoom(this.options.QueueRows), new SharedRoom(this.options.QueueBytes));
        rounds = new ProjectRounds(this.options.BatchRows);
        metrics.ObserveQueue(() => calls.Taken, () => bytes.Taken, () => Age, options.Value);
    }

    /// <summary>How long the oldest calls have been waiting or being written; zero when there are none.</summary>
    public TimeSpan Age
    {
        get
        {
            lock (gate) return inOrder.First is { } oldest ? time.GetElapsedTime(oldest.Value.Queued) : TimeSpan.Zero;
        }
    }

    /// <summary>Calls queued or being written.</summary>
    public long Calls => calls.Taken;

    /// <summary>
    /// How long a refused client should wait until there is room again, by the rate at which calls have been committed lately.
    /// </summary>
    public TimeSpan RetryAfter => drain.TimeFor(Calls);

    /// <summary>Most calls of one request.</summary>
    public int MaxCalls => options.QueueRows;

    /// <summary>Most bytes of one request: what a large one finds when nothing else is there.</summary>
    public long MaxBytes => Math.Max(MemoryLimits.ForLarge(bytes.Size), Math.Min(MemoryLimits.SmallRequest, bytes.Size));

    /// <summary>Takes room for calls that are being made. False when there is none.</summary>
    /// <param name="project">Whose they are.</param>
    /// <param name="room">In bytes.</param>
    /// <param name="ofMany">Whether they are of a large request.</param>
    public bool TryReserve(int project, long room, bool ofMany) => bytes.TryTake(project, room, ofMany);

    /// <summary>Gives back room that was taken.</summary>
    public void Release(int project, long room) => bytes.Release(project, room);

    /// <summary>
    /// Takes the calls of one request, in the room that they have taken. False when there is none, or the service is stopping.
    /// </summary>
    public bool TryEnqueue(PendingWrite write, NewCalls made)
    {
        if (!calls.TryTake(made.Caller.ProjectId, write.Calls.Count)) return false;
        var split = write.Split(options.BatchRows);
        lock (gate)
        {
            if (closed)
            {
                calls.Release(made.Caller.ProjectId, write.Calls.Count);
                return false;
            }

            made.Enqueued(split.Sum(part => part.Bytes));
            foreach (var part in split)
            {
                part.Queued = time.GetTimestamp();
                part.Place = inOrder.AddLast(part);
                rounds.Add(part);
            }

            Changed();
            return true;
        }
    }

    /// <summary>Waits until there is something to write. False when the queue is closed and empty.</summary>
    /// <param name="spare">For the spare lane: of a light project, while every other lane is busy.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<bool> WaitAsync(bool spare, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task change;
            lock (gate)
            {
                if (spare ? idleLanes == 0 && rounds.AnyLight : !rounds.IsEmpty) return true;
                if (closed && rounds.IsEmpty) return false;
                changed ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                change = changed.Task;
                if (!spare) idleLanes++;
            }

            try
            {
                await change.WaitAsync(cancellationToken);
            }
            finally
            {
                lock (gate)
                {
                    if (!spare) idleLanes--;
                }
            }
        }
    }

    /// <summary>Takes a batch; empty when another lane was quicker. Each part is given back with <see cref="Leave"/>.</summary>
    /// <param name="spare">For the spare lane: of light projects.</param>
    public List<WritePart> Take(bool spare)
    {
        lock (gate)
        {
            var batch = rounds.Take(onlyLight: spare);
            // For the spare lane, which what is left may now be for. And all of them end with the last batch.
            if (!rounds.IsEmpty || closed) Changed();
            return batch;
        }
    }

    /// <summary>Frees the room of a part that is committed or dropped.</summary>
    public void Leave(WritePart part)
    {
        lock (gate)
        {
            inOrder.Remove(part.Place!);
            rounds.Leave(part);
        }

        calls.Release(part.Project, part.Calls.Length);
        bytes.Release(part.Project, part.Bytes);
    }

    /// <summary>Takes nothing more; what is queued is still written.</summary>
    public void Close()
    {
        lock (gate)
        {
            closed = true;
            Changed();
        }
    }

    private void Changed()
    {
        changed?.TrySetResult();
        changed = null;
    }
}
