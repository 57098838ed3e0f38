using System.Buffers.Binary;
using System.Text;

namespace Hub.Cli.Send.Otlp;

/// <summary>
/// Writes the protobuf wire format (https://protobuf.dev/programming-guides/encoding). A few lines instead of generated code, because what is sent
/// is a fixed and small part of OTLP, and the reader's code must not be needed to write.
/// </summary>
internal sealed class ProtoWriter
{
    private const int Varint = 0, Fixed64 = 1, Delimited = 2;
    private byte[] buffer = new byte[16 * 1024];
    private int length;

    public byte[] ToArray() => buffer[..length];

    public void WriteVarint(int field, ulong value)
    {
        Raw((ulong)(field << 3 | Varint));
        Raw(value);
    }

    public void WriteFixed64(int field, ulong value)
    {
        Raw((ulong)(field << 3 | Fixed64));
        BinaryPrimitives.WriteUInt64LittleEndian(Room(8), value);
    }

    public void WriteBytes(int field, ReadOnlySpan<byte> value)
    {
        Raw((ulong)(field << 3 | Delimited));
        Raw((ulong)value.Length);
        value.CopyTo(Room(value.Length));
    }

    public void WriteString(int field, string value) => WriteBytes(field, Encoding.UTF8.GetBytes(value));

    /// <summary>
    /// Writes a message inside this one. Its length stands before it and is known after it, so the content is moved up by what the length needs.
    /// </summary>
    public void WriteMessage<T>(int field, T content, Action<ProtoWriter, T> write)
    {
        Raw((ulong)(field << 3 | Delimited));
        var start = length;
        write(this, content);
        var size = length - start;
        var prefix = VarintSize((ulong)size);
        Room(prefix);
        Buffer.BlockCopy(buffer, start, buffer, start + prefix, size);
        var end = length;
        length = start;
        Raw((ulong)size);
        length = end;
    }

    private static int VarintSize(ulong value)
    {
        var size = 1;
        while ((value >>= 7) != 0) size++;
        return size;
    }

    private void Raw(ulong value)
    {
        while (value >= 0x80)
        {
            Room(1)[0] = (byte)(value | 0x80);
            value >>= 7;
        }

        Room(1)[0] = (byte)value;
    }

    private Span<byte> Room(int count)
    {
        if (length + count > buffer.Length) Array.Resize(ref buffer, Math.Max(buffer.Length * 2, length + count));
        length += count;
        return buffer.AsSpan(length - count, count);
    }
}
