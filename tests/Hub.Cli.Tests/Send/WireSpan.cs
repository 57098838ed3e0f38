using Google.Protobuf;

namespace Hub.Cli.Tests.Send;

/// <summary>A span as somebody else reads it: Google's reader and the field numbers of opentelemetry-proto, nothing of the code under
/// test.</summary>
internal sealed class WireSpan
{
    public string Service => (string)Resource["service.name"];
    public required Dictionary<string, object> Resource { get; init; }
    public string Scope { get; set; } = "";
    public string SchemaUrl { get; set; } = "";
    public string TraceId { get; private set; } = "";
    public string SpanId { get; private set; } = "";
    public string Name { get; private set; } = "";
    public int Kind { get; private set; }
    public ulong Start { get; private set; }
    public ulong End { get; private set; }
    public Dictionary<string, object> Attributes { get; } = [];
    public int StatusCode { get; private set; }
    public string StatusMessage { get; private set; } = "";

    public static List<WireSpan> Read(byte[] request)
    {
        var spans = new List<WireSpan>();
        Fields(request, (field, input) => Expect(field == 1, () => ReadResourceSpans(input.ReadBytes().ToByteArray(), spans)));
        return spans;
    }

    private static void ReadResourceSpans(byte[] message, List<WireSpan> spans)
    {
        Dictionary<string, object> resource = [];
        Fields(message, (field, input) =>
        {
            var content = input.ReadBytes().ToByteArray();
            if (field == 1)
                Fields(content,
                    (inner, attributes) => Expect(inner == 1, () => ReadAttribute(attributes.ReadBytes().ToByteArray(), resource)));
            else Expect(field == 2, () => ReadScopeSpans(content, resource, spans));
        });
    }

    private static void ReadScopeSpans(byte[] message, Dictionary<string, object> resource, List<WireSpan> spans)
    {
        var (scope, schema, found) = ("", "", new List<WireSpan>());
        Fields(message, (field, input) =>
        {
            if (field == 1) Fields(input.ReadBytes().ToByteArray(), (inner, name) => Expect(inner == 1, () => scope = name.ReadString()));
            else if (field == 2) found.Add(ReadSpan(input.ReadBytes().ToByteArray(), resource));
            else Expect(field == 3, () => schema = input.ReadString());
        });
        foreach (var span in found) (span.Scope, span.SchemaUrl) = (scope, schema);
        spans.AddRange(found);
    }

    private static WireSpan ReadSpan(byte[] message, Dictionary<string, object> resource)
    {
        var span = new WireSpan { Resource = resource };
        Fields(message, (field, input) =>
        {
            switch (field)
            {
                case 1: span.TraceId = Convert.ToHexStringLower(input.ReadBytes().ToByteArray()); break;
                case 2: span.SpanId = Convert.ToHexStringLower(input.ReadBytes().ToByteArray()); break;
                case 5: span.Name = input.ReadString(); break;
                case 6: span.Kind = input.ReadEnum(); break;
                case 7: span.Start = input.ReadFixed64(); break;
                case 8: span.End = input.ReadFixed64(); break;
                case 9: ReadAttribute(input.ReadBytes().ToByteArray(), span.Attributes); break;
                case 15:
                    Fields(input.ReadBytes().ToByteArray(), (inner, status) =>
                    {
                        if (inner == 2) span.StatusMessage = status.ReadString();
                        else Expect(inner == 3, () => span.StatusCode = status.ReadEnum());
                    });
                    break;
                default: Assert.Fail($"Span has no field {field}."); break;
            }
        });
        return span;
    }

    private static void ReadAttribute(byte[] message, Dictionary<string, object> attributes)
    {
        var (key, value) = ("", (object?)null);
        Fields(message, (field, input) =>
        {
            if (field == 1) key = input.ReadString();
            else Expect(field == 2, () => value = ReadValue(input.ReadBytes().ToByteArray()));
        });
        attributes.Add(key, value!);
    }

    private static object ReadValue(byte[] message)
    {
        object? value = null;
        Fields(message, (field, input) => value = field switch
        {
            1 => input.ReadString(),
            2 => input.ReadBool(),
            3 => input.ReadInt64(),
            4 => input.ReadDouble(),
            5 => ReadArray(input.ReadBytes().ToByteArray()),
            _ => throw new InvalidDataException($"AnyValue has no field {field}."),
        });
        return value!;
    }

    private static object[] ReadArray(byte[] message)
    {
        var values = new List<object>();
        Fields(message, (field, input) => Expect(field == 1, () => values.Add(ReadValue(input.ReadBytes().ToByteArray()))));
        return [.. values];
    }

    private static void Fields(byte[] message, Action<int, CodedInputStream> read)
    {
        using var input = new CodedInputStream(message);
        while (input.ReadTag() is var tag && tag != 0) read(WireFormat.GetTagFieldNumber(tag), input);
        Assert.True(input.IsAtEnd);
    }

    private static void Expect(bool known, Action read)
    {
        Assert.True(known, "An unknown field.");
        read();
    }
}
