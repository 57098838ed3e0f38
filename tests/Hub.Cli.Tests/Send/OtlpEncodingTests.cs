using System.Globalization;
using System.Text.Json;
using Hub.Cli.Send.Otlp;

namespace Hub.Cli.Tests.Send;

public sealed class OtlpEncodingTests
{
    private static readonly OtlpSpan Span = new()
    {
        Row = 0,
        ServiceName = "müller",
        Name = "chat gpt-5",
        TraceId = [.. Enumerable.Range(1, 16).Select(value => (byte)value)],
        SpanId = [.. Enumerable.Range(240, 8).Select(value => (byte)value)],
        Start = new DateTime(2026, 11, 21, 18, 17, 3, DateTimeKind.Utc).AddTicks(9_799_601),
        Duration = TimeSpan.FromTicks(12_345_678),
        Attributes =
        [
            new("text", "née \"quoted\"\n"), new("empty", ""), new("long", new string('x', 200)), new("yes", true), new("no", false),
            new("zero", 0L), new("small", 127L), new("large", long.MaxValue), new("negative", -1L), new("double", 0.125),
            new("list", new[] { "stop", "length" }),
        ],
        Error = "Rate limit reached",
        InputTokens = 1,
        OutputTokens = 2,
    };

    [Fact]
    public void Another_reader_finds_in_the_protobuf_what_was_written()
    {
        var read = Assert.Single(WireSpan.Read(OtlpProtobuf.Encode([Span])));

        Assert.Equal("müller", read.Service);
        Assert.Equal("sample", read.Resource["deployment.environment.name"]);
        Assert.Equal(("hub.send", OtlpExport.SchemaUrl), (read.Scope, read.SchemaUrl));
        Assert.Equal("0102030405060708090a0b0c0d0e0f10", read.TraceId);
        Assert.Equal("f0f1f2f3f4f5f6f7", read.SpanId);
        Assert.Equal(("chat gpt-5", 3), (read.Name, read.Kind));
        Assert.Equal(1795285023_979960100UL, read.Start);
        Assert.Equal(1_234_567_800UL, read.End - read.Start);
        Assert.Equal((2, "Rate limit reached"), (read.StatusCode, read.StatusMessage));
        Assert.Equal(Span.Attributes.Select(attribute => attribute.Key), read.Attributes.Keys);
        Assert.All(Span.Attributes, attribute => Assert.Equal(attribute.Value, read.Attributes[attribute.Key]));
    }

    [Fact]
    public void Spans_are_grouped_by_service_and_none_is_lost()
    {
        List<OtlpSpan> spans = [.. Sample.Traffic(1000)];
        var read = WireSpan.Read(OtlpProtobuf.Encode(spans));
        Assert.Equal(
            spans.OrderBy(span => span.TraceId()).Select(span => (span.TraceId(), span.ServiceName)),
            read.OrderBy(span => span.TraceId).Select(span => (span.TraceId, span.Service)));
        Assert.Equal(read.Select(span => span.Service).Distinct().Count(), read.Select(span => span.Resource).Distinct().Count());
    }

    [Fact]
    public void Json_and_protobuf_say_the_same()
    {
        List<OtlpSpan> spans = [Span, .. Sample.Traffic(500)];
        var expected = WireSpan.Read(OtlpProtobuf.Encode(spans));
        using var json = JsonDocument.Parse(OtlpJson.Encode(spans));

        var read = json.RootElement.GetProperty("resourceSpans").EnumerateArray().SelectMany(resource =>
        {
            var scoped = Assert.Single(resource.GetProperty("scopeSpans").EnumerateArray());
            Assert.Equal("hub.send", scoped.GetProperty("scope").GetProperty("name").GetString());
            Assert.Equal(OtlpExport.SchemaUrl, scoped.GetProperty("schemaUrl").GetString());
            return scoped.GetProperty("spans").EnumerateArray()
                .Select(span => (Resource: Attributes(resource.GetProperty("resource")), Span: span));
        }).ToList();

        Assert.Equal(expected.Count, read.Count);
        foreach (var (wire, (resource, span)) in expected.Zip(read))
        {
            Assert.Equal(wire.Resource, resource);
            Assert.Equal(wire.TraceId, span.GetProperty("traceId").GetString());
            Assert.Equal(wire.SpanId, span.GetProperty("spanId").GetString());
            Assert.Equal(wire.Name, span.GetProperty("name").GetString());
            Assert.Equal(wire.Kind, span.GetProperty("kind").GetInt32());
            Assert.Equal(wire.Start.ToString(CultureInfo.InvariantCulture), span.GetProperty("startTimeUnixNano").GetString());
            Assert.Equal(wire.End.ToString(CultureInfo.InvariantCulture), span.GetProperty("endTimeUnixNano").GetString());
            Assert.Equal(wire.Attributes, Attributes(span));
            var failed = span.TryGetProperty("status", out var status);
            Assert.Equal(wire.StatusCode, failed ? status.GetProperty("code").GetInt32() : 0);
            Assert.Equal(wire.StatusMessage, failed ? status.GetProperty("message").GetString() : "");
        }
    }

    [Fact]
    public void What_OTLP_has_no_value_for_is_refused()
    {
        var odd = new OtlpSpan
        {
            Row = 0,
            ServiceName = "s",
            Name = "n",
            TraceId = new byte[16],
            SpanId = new byte[8],
            Start = Sample.Noon,
            Duration = default,
            Attributes = [new("odd", 1.5m)],
            InputTokens = 0,
            OutputTokens = 0,
        };
        Assert.Throws<ArgumentException>(() => OtlpProtobuf.Encode([odd]));
        Assert.Throws<ArgumentException>(() => OtlpJson.Encode([odd]));
    }

    private static Dictionary<string, object> Attributes(JsonElement owner) => owner.GetProperty("attributes").EnumerateArray()
        .ToDictionary(attribute => attribute.GetProperty("key").GetString()!, attribute => Value(attribute.GetProperty("value")));

    private static object Value(JsonElement any)
    {
        var value = Assert.Single(any.EnumerateObject());
        return value.Name switch
        {
            "stringValue" => value.Value.GetString()!,
            "boolValue" => value.Value.GetBoolean(),
            "intValue" => long.Parse(value.Value.GetString()!, CultureInfo.InvariantCulture),
            "doubleValue" => value.Value.GetDouble(),
            "arrayValue" => value.Value.GetProperty("values").EnumerateArray().Select(Value).ToArray(),
            _ => throw new InvalidDataException(value.Name),
        };
    }
}
