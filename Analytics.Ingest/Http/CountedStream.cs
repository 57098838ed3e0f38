using System.Buffers.Binary;

namespace Analytics.Ingest.Http;

/// <summary>
/// A stream that is read once, from its beginning: it counts its bytes, ends after so many, and remembers the last four. In a gzip file
/// these say how long the decompressed data are (RFC 1952, ISIZE), by which a file that was cut off is found: the framework's own reader
/// takes it for whole.
/// </summary>
/// <param name="inner">What is read. It is not closed.</param>
/// <param name="most">Bytes after which it ends.</param>
internal sealed class CountedStream(Stream inner, long most) : Stream
{
    private readonly byte[] last = new byte[sizeof(uint)];

    /// <summary>Bytes read so far.</summary>
    public long Count { get; private set; }

    /// <summary>The last four bytes, as a little-endian number.</summary>
    public uint Last => BinaryPrimitives.ReadUInt32LittleEndian(last);

    public override bool CanRead => true;
    public override bool CanSeek => false;
    public override bool CanWrite => false;
    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => Count;
        set => throw new NotSupportedException();
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override int Read(Span<byte> buffer)
    {
        var wanted = buffer[..(int)Math.Min(buffer.Length, most - Count)];
        return wanted.IsEmpty ? 0 : Taken(wanted[..inner.Read(wanted)]);
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var wanted = buffer[..(int)Math.Min(buffer.Length, most - Count)];
        if (wanted.IsEmpty) return 0;
        var read = await inner.ReadAsync(wanted, cancellationToken);
        return Taken(wanted.Span[..read]);
    }

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    private int Taken(ReadOnlySpan<byte> read)
    {
        Count += read.Length;
        if (read.Length < last.Length) last.AsSpan(read.Length).CopyTo(last);
        var kept = Math.Min(read.Length, last.Length);
        read[^kept..].CopyTo(last.AsSpan(last.Length - kept));
        return read.Length;
    }
}
