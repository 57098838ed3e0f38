using Analytics.Ingest.Hosting;
using Analytics.Ingest.Rows;

namespace Analytics.Ingest.Writing;

/// <summary>
/// The rows of one request while they are made. Each counts against the room of the queue from the moment at which it is there, so that
/// requests that are read side by side cannot hold more than the queue may.
/// </summary>
internal sealed class NewRows(IngestQueue queue) : IDisposable
{
    /// <summary>Room is taken in steps, in bytes, so that not every row asks for the queue's lock.</summary>
    private const long Step = 64 << 10;

    private readonly List<QueuedRow> rows = [];
    private long used;

    public IReadOnlyList<QueuedRow> Rows => rows;

    /// <summary>Bytes of the queue's room that are taken.</summary>
    public long Taken { get; private set; }

    /// <summary>Adds a row.</summary>
    /// <param name="row">The row.</param>
    /// <param name="index">Its place in the request that brought it.</param>
    /// <exception cref="RequestRefusedException">
    /// 413: one request brings more than the queue holds. 503: the queue has no room now.
    /// </exception>
    public void Add(RequestRow row, int index)
    {
        var bytes = row.EstimatedBytes;
        if (rows.Count >= queue.MaxRows || used + bytes > queue.MaxBytes) throw RequestRefusedException.TooManyCalls(rows.Count);
        used += bytes;
        if (used > Taken)
        {
            var step = Math.Min(Math.Max(Step, used - Taken), queue.MaxBytes - Taken);
            if (!queue.TryTakeRoom(step, ofMany: used > MemoryLimits.SmallRequest)) throw RequestRefusedException.Busy(queue.RetryAfter);
            Taken += step;
        }

        rows.Add(new QueuedRow(row, index));
    }

    /// <summary>Hands the room over to the queue, which frees it row by row.</summary>
    public void Enqueued() => Taken = 0;

    /// <summary>Gives back room that no queue has.</summary>
    public void Dispose()
    {
        queue.FreeRoom(Taken);
        Taken = 0;
    }
}
