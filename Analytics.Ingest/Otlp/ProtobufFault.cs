using Google.Protobuf.Reflection;

namespace Analytics.Ingest.Otlp;

/// <summary>The first place at which bytes stop being a protobuf message of a kind.</summary>
/// <param name="Offset">The byte, from 0.</param>
/// <param name="Path">The field that holds it.</param>
/// <param name="What">What is wrong there.</param>
internal readonly record struct ProtobufFault(int Offset, string Path, string What)
{
    private const int MaxDepth = 100;

    /// <summary>Walks the wire format. Null when there is no fault in it that this walk knows.</summary>
    public static ProtobufFault? Find(MessageDescriptor message, ReadOnlySpan<byte> bytes) => Find(message, bytes, 0, "", 0);

    private static ProtobufFault? Find(MessageDescriptor message, ReadOnlySpan<byte> bytes, int offset, string path, int depth)
    {
        if (depth > MaxDepth) return new ProtobufFault(offset, path, "nested too deeply");
        var seen = new Dictionary<int, int>();
        for (var at = 0; at < bytes.Length;)
        {
            var start = at;
            if (!TryVarint(bytes, ref at, out var tag) || tag >> 3 is 0 or > int.MaxValue)
                return new ProtobufFault(offset + start, path, "no field begins here");
            var number = (int)(tag >> 3);
            var field = message.FindFieldByNumber(number);
            var name = Name(field, number, path, seen);
            ulong length = 0;
            var isWhole = (tag & 7) switch
            {
                0 => TryVarint(bytes, ref at, out _),
                1 => Skip(bytes, ref at, 8),
                5 => Skip(bytes, ref at, 4),
                2 => TryVarint(bytes, ref at, out length) && Skip(bytes, ref at, length),
                _ => false,
            };
            if (!isWhole) return new ProtobufFault(offset + start, name, Describe((int)(tag & 7), length, bytes.Length - at));
            if ((tag & 7) == 2 && field is { FieldType: FieldType.Message })
            {
                var inner = at - (int)length;
                if (Find(field.MessageType, bytes[inner..at], offset + inner, name, depth + 1) is { } fault) return fault;
            }
        }

        return null;
    }

    private static string Describe(int wireType, ulong length, int left) => wireType switch
    {
        2 when length > 0 => $"the field says that it has {length} bytes, but only {left} are left",
        0 or 1 or 2 or 5 => "the field is cut off",
        _ => $"there is no wire type {wireType}",
    };

    private static string Name(FieldDescriptor? field, int number, string path, Dictionary<int, int> seen)
    {
        var count = seen[number] = seen.GetValueOrDefault(number, -1) + 1;
        var name = field is null ? $"field {number}" : field.IsRepeated ? $"{field.JsonName}[{count}]" : field.JsonName;
        return path.Length == 0 ? name : $"{path}.{name}";
    }

    private static bool Skip(ReadOnlySpan<byte> bytes, ref int at, ulong count)
    {
        if (count > (ulong)(bytes.Length - at)) return false;
        at += (int)count;
        return true;
    }

    private static bool TryVarint(ReadOnlySpan<byte> bytes, ref int at, out ulong value)
    {
        value = 0;
        for (var shift = 0; shift < 64 && at < bytes.Length; shift += 7)
        {
            var next = bytes[at++];
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80) return true;
        }

        return false;
    }
}
