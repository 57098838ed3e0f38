using System.Text;
using Analytics.Ingest.Calls;
using Analytics.Ingest.Protos;
using Google.Protobuf;

namespace Analytics.Ingest.Tests.Infrastructure;

/// <summary>Exports that cost their sender little and once cost the service everything.</summary>
internal static class Abuse
{
    private const int Megabytes = 8;

    public static byte[] Protobuf(string abuse) => abuse switch
    {
        "empty spans" => Export(Field(2, Repeat([0x12, 0x00]))),
        "empty attributes" => Export(Field(2, [.. Field(2, Repeat([0x4A, 0x00])), .. Field(2, [])])),
        "unknown attributes" =>
            Export(Field(2, [.. Field(2, Repeat(Field(9, [.. Field(1, "key"u8), .. Field(2, Field(1, "value"u8))]))), .. Field(2, [])])),
        "deep nesting" =>
            Export(Field(2, [.. Field(2, Field(9, [.. Field(1, "gen_ai.request.model"u8), .. Field(2, Nested(5000))])), .. Field(2, [])])),
        "a long text" =>
            Export(Field(2,
                [.. Field(2, Field(9, [.. Field(1, "gen_ai.prompt"u8), .. Field(2, Field(1, new byte[Megabytes << 20]))])),
                    .. Field(2, [])])),
        "empty resources" => Repeat([0x0A, 0x00]),
        _ => throw new ArgumentOutOfRangeException(nameof(abuse)),
    };

    public static byte[] Json(string abuse)
    {
        var attribute = "{\"key\":\"k\",\"value\":{\"stringValue\":\"v\\n\"}}";
        var spans = abuse switch
        {
            "empty spans" => Many("{}"),
            "unknown attributes" => $"{{\"attributes\":[{Many(attribute)}]}},{{}}",
            "a long text" =>
                $"{{\"attributes\":[{{\"key\":\"gen_ai.prompt\","
                    + $"\"value\":{{\"stringValue\":\"{new string('x', Megabytes << 20)}\\n\"}}}}]}},{{}}",
            "empty resources" => null,
            _ => throw new ArgumentOutOfRangeException(nameof(abuse)),
        };
        return Encoding.UTF8.GetBytes(spans is null
            ? $"{{\"resourceSpans\":[{Many("{}")}]}}" : $"{{\"resourceSpans\":[{{\"scopeSpans\":[{{\"spans\":[{spans}]}}]}}]}}");
    }

    private static string Many(string element) => string.Join(',', Enumerable.Repeat(element, (Megabytes << 20) / (element.Length + 1)));

    private static byte[] Export(byte[] resourceSpans) => Field(1, resourceSpans);

    private static byte[] Nested(int depth)
    {
        byte[] value = Field(1, "m"u8);
        for (var level = 0; level < depth; level++) value = Field(5, Field(1, value));
        return value;
    }

    private static byte[] Repeat(byte[] bytes)
    {
        var all = new byte[(Megabytes << 20) / bytes.Length * bytes.Length];
        for (var at = 0; at < all.Length; at += bytes.Length) bytes.CopyTo(all, at);
        return all;
    }

    private static byte[] Field(int number, ReadOnlySpan<byte> content)
    {
        using var stream = new MemoryStream();
        using (var output = new CodedOutputStream(stream, leaveOpen: true))
        {
            output.WriteTag(number, WireFormat.WireType.LengthDelimited);
            output.WriteLength(content.Length);
        }

        stream.Write(content);
        return stream.ToArray();
    }

    internal sealed class CountingReceiver : ISpanReceiver
    {
        public int Spans { get; private set; }

        public void Take(SpanDraft span, in ResourceFacts resource)
        {
            Spans++;
            _ = SpanMapper.Map(1, resource, span, out _, out _);
        }
    }
}
