using System.Diagnostics.CodeAnalysis;
using System.Threading.Channels;
using Analytics.Ingest.Telemetry;
using Microsoft.Extensions.Options;

namespace Analytics.Ingest.Writing;

/// <summary>
/// The calls that wait for a writer, bounded by count and bytes. A request enters whole or not at all. Calls that are still being made
/// (<see cref="NewCalls"/>) count as bytes of it.
/// </summary>
internal sealed class IngestQueue
{
    private readonly Channel<WritePart> parts = Channel.CreateUnbounded<WritePart>(new UnboundedChannelOptions { SingleReader = false });
    private readonly Lock gate = new();
    private readonly IngestOptions options;
    private readonly DrainRate drain;
    private readonly TimeProvider time;
    private readonly LinkedList<WritePart> inOrder = [];
    private long calls;
    private long bytes;

    public IngestQueue(IOptions<IngestOptions> options, DrainRate drain, IngestMetrics metrics, TimeProvider time)
    {
        this.options = options.Value;
        this.drain = drain;
        this.time = time;
        metrics.ObserveQueue(() => Interlocked.Read(ref calls), () => Interlocked.Read(ref bytes), () => Age, options.Value);
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
    public long Calls => Interlocked.Read(ref calls);

    /// <summary>
    /// How long a refused client should wait until there is room again, by the rate at which calls have been committed lately.
    /// </summary>
    public TimeSpan RetryAfter => drain.TimeFor(Calls);

    /// <summary>Most calls that fit.</summary>
    public int MaxCalls => options.QueueRows;

    /// <summary>Most bytes that fit.</summary>
    public long MaxBytes => options.QueueBytes;

    /// <summary>Takes room for calls that are being made. False when there is none.</summary>
    /// <param name="room">In bytes.</param>
    /// <param name="ofMany">Whether they are of a large request, which may not fill the whole
    /// (<see cref="MemoryLimits.ForLarge"/>).</param>
    public bool TryReserve(long room, bool ofMany)
    {
        lock (gate)
        {
            if (bytes + room > (ofMany ? MemoryLimits.ForLarge(options.QueueBytes) : options.QueueBytes)) return false;
            bytes += room;
            return true;
        }
    }

    /// <summary>Gives back room that was taken.</summary>
    public void Release(long room)
    {
        lock (gate) bytes -= room;
    }

    /// <summary>
    /// Takes the calls of one request, in the room that they have taken. False when there is none, or the service is stopping.
    /// </summary>
    public bool TryEnqueue(PendingWrite write, NewCalls made)
    {
        var split = write.Split(options.BatchRows);
        var newBytes = split.Sum(part => part.Bytes) - made.Reserved;
        lock (gate)
        {
            if (calls + write.Calls.Count > options.QueueRows || bytes + newBytes > options.QueueBytes) return false;
            calls += write.Calls.Count;
            bytes += newBytes;
            made.Enqueued();
            foreach (var part in split)
            {
                part.Queued = time.GetTimestamp();
                part.Place = inOrder.AddLast(part);
            }
        }

        foreach (var part in split)
        {
            if (parts.Writer.TryWrite(part)) continue;
            Leave(part);
            return false;
        }

        return true;
    }

    /// <summary>Waits until there is something to write. False when the queue is closed and empty.</summary>
    public ValueTask<bool> WaitAsync(CancellationToken cancellationToken) => parts.Reader.WaitToReadAsync(cancellationToken);

    public bool TryDequeue([NotNullWhen(true)] out WritePart? part) => parts.Reader.TryRead(out part);

    public bool TryPeek([NotNullWhen(true)] out WritePart? part) => parts.Reader.TryPeek(out part);

    /// <summary>Frees the room of a part that is committed or dropped.</summary>
    public void Leave(WritePart part)
    {
        lock (gate)
        {
            calls -= part.Calls.Length;
            bytes -= part.Bytes;
            if (part.Place is { } place) inOrder.Remove(place);
            part.Place = null;
        }
    }

    /// <summary>Takes nothing more; what is queued is still written.</summary>
    public void Close() => parts.Writer.TryComplete();
}
