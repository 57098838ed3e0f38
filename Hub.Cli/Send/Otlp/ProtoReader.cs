using System.Text;

namespace Hub.Cli.Send.Otlp;

/// <summary>Reads the fields of one protobuf message. Whatever comes, it ends: with the message or with <see cref="InvalidDataException"/>.</summary>
internal ref struct ProtoReader(ReadOnlySpan<byte> message)
{
    private ReadOnlySpan<byte> left = message;

    /// <summary>The field just read.</summary>
    public int Field { get; private set; }

    /// <summary>The value of a number field.</summary>
    public ulong Number { get; private set; }

    /// <summary>The content of a field with a length: bytes, text or a message.</summary>
    public ReadOnlySpan<byte> Content { get; private set; }

    /// <summary>The content as text.</summary>
    public readonly string Text => Encoding.UTF8.GetString(Content);

    /// <summary>Goes on to the next field; false at the end.</summary>
    public bool Read()
    {
        if (left.IsEmpty) return false;
        var tag = Varint();
        Field = (int)Math.Min(tag >> 3, int.MaxValue);
        if (Field == 0) throw new InvalidDataException("A field has the number 0.");
        Number = 0;
        Content = default;
        switch (tag & 7)
        {
            case 0: Number = Varint(); break;
            case 1: Take(8); break;
            case 2: Content = Take(Varint()); break;
            case 5: Take(4); break;
            default: throw new InvalidDataException($"Field {Field} has the wire type {tag & 7}.");
        }

        return true;
    }

    private ulong Varint()
    {
        ulong value = 0;
        for (var shift = 0; shift < 64; shift += 7)
        {
            var next = Take(1)[0];
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80) return value;
        }

        throw new InvalidDataException("A number has more than ten bytes.");
    }

    private ReadOnlySpan<byte> Take(ulong count)
    {
        if (count > (ulong)left.Length) throw new InvalidDataException("The message ends inside a field.");
        var taken = left[..(int)count];
        left = left[(int)count..];
        return taken;
    }
}
