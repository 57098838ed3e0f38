using System.Text;
using Analytics.Ingest.Calls;
using Analytics.Ingest.Protos;
using Google.Protobuf;

namespace Analytics.Ingest.Tests.Infrastructure;

/// <summary>Makes exports.</summary>
internal static class Exports
{
    public static readonly DateTimeOffset Now = new(2026, 11, 22, 12, 30, 0, TimeSpan.Zero);

    public static ExportTraceServiceRequest Of(params Span[] spans) => new()
    {
        ResourceSpans =
        {
            new ResourceSpans
            {
                Resource = new Resource
                { Attributes = { Attribute("service.name", "shop"), Attribute("deployment.environment.name", "test") } },
                ScopeSpans = { new ScopeSpans { Spans = { spans } } },
            },
        },
    };

    /// <summary>A span of a call to gpt-4o that took half a second; attributes given replace its own.</summary>
    public static Span Call(int id, DateTimeOffset? start = null, params (string Key, object? Value)[] attributes)
    {
        var span = Bare(id, start);
        var all = new Dictionary<string, object?>
        {
            ["gen_ai.operation.name"] = "chat",
            ["gen_ai.provider.name"] = "openai",
            ["gen_ai.request.model"] = "gpt-4o",
            ["gen_ai.usage.input_tokens"] = 100,
            ["gen_ai.usage.output_tokens"] = 20,
        };
        foreach (var (key, value) in attributes) all[key] = value;
        span.Attributes.AddRange(all.Where(pair => pair.Value is not null).Select(pair => Attribute(pair.Key, pair.Value!)));
        return span;
    }

    /// <summary>A span without attributes.</summary>
    public static Span Bare(int id, DateTimeOffset? start = null, params (string Key, object Value)[] attributes)
    {
        var began = (ulong)((start ?? Now) - DateTimeOffset.UnixEpoch).Ticks * 100;
        var span = new Span
        {
            TraceId = Id(16, id),
            SpanId = Id(8, id),
            Name = Utf8("chat gpt-4o"),
            StartTimeUnixNano = began,
            EndTimeUnixNano = began + 500_000_000,
        };
        span.Attributes.AddRange(attributes.Select(pair => Attribute(pair.Key, pair.Value)));
        return span;
    }

    public static KeyValue Attribute(string key, object value) => new() { Key = Utf8(key), Value = Value(value) };

    public static AnyValue Value(object value) => value switch
    {
        string text => new AnyValue { StringValue = Utf8(text) },
        byte[] utf8 => new AnyValue { StringValue = ByteString.CopyFrom(utf8) },
        bool flag => new AnyValue { BoolValue = flag },
        int whole => new AnyValue { IntValue = whole },
        long whole => new AnyValue { IntValue = whole },
        double number => new AnyValue { DoubleValue = number },
        string[] texts => new AnyValue { ArrayValue = new ArrayValue { Values = { texts.Select(text => Value(text)) } } },
        _ => throw new ArgumentException($"No attribute value: {value}", nameof(value)),
    };

    public static ByteString Utf8(string text) => ByteString.CopyFrom(Encoding.UTF8.GetBytes(text));

    private static ByteString Id(int length, int id)
    {
        var bytes = new byte[length];
        BitConverter.TryWriteBytes(bytes, id);
        bytes[^1] = 7;
        return ByteString.CopyFrom(bytes);
    }
}
