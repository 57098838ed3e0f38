using System.Buffers.Binary;
using Analytics.Ingest.Calls;

namespace Analytics.Ingest.Otlp;

/// <summary>
/// How the wire format of protobuf writes a field (https://protobuf.dev/programming-guides/encoding/). Groups are not among them.
/// </summary>
internal enum WireType
{
    Varint = 0,
    Fixed64 = 1,
    Bytes = 2,
    Fixed32 = 5,
}

/// <summary>The bytes are not in protobuf's wire format. Where is found by walking them again (<see cref="ProtobufFault"/>).</summary>
internal sealed class MalformedWireException : Exception;

/// <summary>
/// Walks the fields of one message where its bytes lie. Nothing is copied; places are those of the whole body. A field that is not wanted
/// is skipped, whatever it holds.
/// </summary>
internal ref struct WireReader
{
    private readonly ReadOnlySpan<byte> body;
    private readonly int end;
    private int at;

    public WireReader(ReadOnlySpan<byte> body) : this(body, new Utf8Place(0, body.Length))
    {
    }

    public WireReader(ReadOnlySpan<byte> body, Utf8Place message)
    {
        this.body = body;
        (at, end) = (message.Start, message.Start + message.Length);
    }

    public int Field { get; private set; }

    public WireType Type { get; private set; }

    /// <summary>Goes to the next field, whose value must then be read or skipped. False at the end of the message.</summary>
    /// <exception cref="MalformedWireException">No field begins here.</exception>
    public bool Next()
    {
        if (at >= end) return false;
        var tag = Varint();
        Field = tag >> 3 is > 0 and <= int.MaxValue ? (int)(tag >> 3) : throw new MalformedWireException();
        Type = (WireType)(tag & 7);
        return true;
    }

    /// <summary>Whether the field at hand is this one, written in this way.</summary>
    public readonly bool Is(int field, WireType type) => Field == field && Type == type;

    public ulong Varint()
    {
        ulong value = 0;
        for (var shift = 0; shift < 64 && at < end; shift += 7)
        {
            var next = body[at++];
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80) return value;
        }

        throw new MalformedWireException();
    }

    public ulong Fixed64() => BinaryPrimitives.ReadUInt64LittleEndian(body[Take(8)..]);

    /// <summary>The place of a text, of bytes or of a message.</summary>
    public Utf8Place Bytes()
    {
        var length = Varint();
        return length <= (ulong)(end - at) ? new Utf8Place(Take((int)length), (int)length) : throw new MalformedWireException();
    }

    /// <summary>The fields of the message at hand.</summary>
    public WireReader Message() => new(body, Bytes());

    public void Skip()
    {
        switch (Type)
        {
            case WireType.Varint: Varint(); break;
            case WireType.Fixed64: Take(8); break;
            case WireType.Bytes: Bytes(); break;
            case WireType.Fixed32: Take(4); break;
            default: throw new MalformedWireException();
        }
    }

    private int Take(int count)
    {
        if (count > end - at) throw new MalformedWireException();
        at += count;
        return at - count;
    }
}
