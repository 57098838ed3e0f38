using System.Text;
using Analytics.Ingest.Calls;
using Analytics.Ingest.Protos;
using Google.Protobuf;

namespace Hub.Benchmarks;

/// <summary>An export as instrumentation sends it: 500 model calls, each with a prompt of 2 KB that ingest must pass over. Seeded, so
/// always the same.</summary>
internal static class SampleExports
{
    public const int Spans = 500;

    public static ExportTraceServiceRequest Make()
    {
        var random = new Random(42);
        var scope = new ScopeSpans();
        for (var index = 0; index < Spans; index++)
        {
            var start = 1_763_800_000_000_000_000UL + ((ulong)index * 1_000_000);
            scope.Spans.Add(new Span
            {
                TraceId = Bytes(random, 16),
                SpanId = Bytes(random, 8),
                Name = Utf8("chat gpt-4o"),
                Kind = 3,
                StartTimeUnixNano = start,
                EndTimeUnixNano = start + (ulong)random.Next(1, 20_000) * 1_000_000,
                Attributes =
                {
                    Text("gen_ai.operation.name", "chat"), Text("gen_ai.provider.name", "openai"), Text("gen_ai.request.model", "gpt-4o"),
                    Text("gen_ai.response.model", "gpt-4o-2024-08-06"), Text("gen_ai.conversation.id", $"conversation-{index % 50}"),
                    Whole("gen_ai.usage.input_tokens", random.Next(10, 5000)), Whole("gen_ai.usage.output_tokens", random.Next(1, 900)),
                    Whole("gen_ai.usage.cache_read.input_tokens", random.Next(0, 10)), Text("server.address", "api.openai.com"),
                    Whole("server.port", 443),
                    Text("gen_ai.input.messages", new string('p', 2048)),
                },
            });
        }

        return new ExportTraceServiceRequest
        {
            ResourceSpans = { new ResourceSpans { Resource = new Resource { Attributes = { Text("service.name", "bench") } },
                ScopeSpans = { scope } } },
        };
    }

    /// <summary>The same export as OTLP JSON.</summary>
    public static byte[] Json(ExportTraceServiceRequest export)
    {
        var json = new StringBuilder("{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[");
        foreach (var span in export.ResourceSpans[0].ScopeSpans[0].Spans)
        {
            if (json[^1] == '}') json.Append(',');
            json.Append("{\"traceId\":\"").Append(Convert.ToHexString(span.TraceId.Span)).Append("\",\"spanId\":\"")
                .Append(Convert.ToHexString(span.SpanId.Span))
                .Append("\",\"startTimeUnixNano\":\"").Append(span.StartTimeUnixNano).Append("\",\"endTimeUnixNano\":\"")
                .Append(span.EndTimeUnixNano)
                .Append("\",\"attributes\":[")
                .AppendJoin(',',
                    span.Attributes.Select(
                        attribute => $"{{\"key\":\"{attribute.Key.ToStringUtf8()}\",\"value\":{{{Value(attribute.Value)}}}}}"))
                .Append("]}");
        }

        return Encoding.UTF8.GetBytes(json.Append("]}]}]}").ToString());

        static string Value(AnyValue value) =>
            value.ValueCase == AnyValue.ValueOneofCase.IntValue
                ? $"\"intValue\":\"{value.IntValue}\"" : $"\"stringValue\":\"{value.StringValue.ToStringUtf8()}\"";
    }

    private static KeyValue Text(string key, string value) => new() { Key = Utf8(key), Value = new AnyValue { StringValue = Utf8(value) } };

    private static KeyValue Whole(string key, long value) => new() { Key = Utf8(key), Value = new AnyValue { IntValue = value } };

    private static ByteString Utf8(string text) => ByteString.CopyFromUtf8(text);

    private static ByteString Bytes(Random random, int length)
    {
        var bytes = new byte[length];
        random.NextBytes(bytes);
        return ByteString.CopyFrom(bytes);
    }
}
