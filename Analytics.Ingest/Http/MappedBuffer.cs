using System.Buffers;
using System.IO.MemoryMappedFiles;

namespace Analytics.Ingest.Http;

/// <summary>
/// Memory of its own, for large bodies: the system has it back the moment it is disposed of. An array of 64 MiB stays until the next full
/// collection, and what malloc gets back it keeps; in either case several others may have come by then.
/// </summary>
internal sealed unsafe class MappedBuffer : MemoryManager<byte>
{
    private readonly int length;
    private readonly MemoryMappedFile file;
    private readonly MemoryMappedViewAccessor view;
    private byte* start;

    /// <exception cref="IOException">There is no memory left.</exception>
    public MappedBuffer(int length)
    {
        this.length = length;
        file = MemoryMappedFile.CreateNew(null, length);
        view = file.CreateViewAccessor();
        view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
    }

    public override Span<byte> GetSpan()
    {
        ObjectDisposedException.ThrowIf(start is null, this);
        return new Span<byte>(start, length);
    }

    public override MemoryHandle Pin(int elementIndex = 0)
    {
        ObjectDisposedException.ThrowIf(start is null, this);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)elementIndex, (uint)length, nameof(elementIndex));
        return new MemoryHandle(start + elementIndex, default, this);
    }

    /// <summary>Nothing moves it.</summary>
    public override void Unpin()
    {
    }

    protected override void Dispose(bool disposing)
    {
        if (start is null) return;
        start = null;
        view.SafeMemoryMappedViewHandle.ReleasePointer();
        view.Dispose();
        file.Dispose();
    }
}
