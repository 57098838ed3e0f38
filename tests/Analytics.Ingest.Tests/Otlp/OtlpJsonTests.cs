using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Analytics.Ingest.Calls;
using Analytics.Ingest.Http;
using Analytics.Ingest.Otlp;
using Analytics.Ingest.Protos;
using Analytics.Ingest.Tests.Infrastructure;
using CsCheck;
using Google.Protobuf;

namespace Analytics.Ingest.Tests.Otlp;

public sealed class OtlpJsonTests
{
    private static readonly JsonSerializerOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly JsonSerializerOptions Escaping = new() { Encoder = JavaScriptEncoder.Default };

    private static readonly Gen<string> Texts = Gen.OneOf(Gen.String[Gen.Char['a', 'z'], 0, 8],
        Gen.String[Gen.Char['\u0001', '\uD7FF'], 0, 8], Gen.Const("\U0001F600\"\\\n"));

    private static readonly Gen<AnyValue> Scalars = Gen.OneOf(
        Texts.Select(text => Exports.Value(text)),
        Gen.Bool.Select(flag => Exports.Value(flag)),
        Gen.Long.Select(whole => Exports.Value(whole)),
        Gen.Double.Select(number => Exports.Value(number)));

    private static readonly Gen<AnyValue> Values = Gen.OneOf(
        Scalars, Scalars.Array[0, 3].Select(values => new AnyValue { ArrayValue = new ArrayValue { Values = { values } } }));

    private static readonly string[] Names =
    [
        .. AttributeTable.Names.Keys, "service.name", "deployment.environment", "deployment.environment.name", "exception.type",
        "exception.message",
    ];

    private static readonly Gen<string> Keys = Gen.OneOf(Texts, Gen.Int[0, Names.Length - 1].Select(index => Names[index]),
        Gen.Const("gen_ai.request.model"), Gen.Const("gen_ai.usage.input_tokens"));

    private static readonly Gen<KeyValue[]> Attributes =
        Gen.Select(Keys, Values).Select((key, value) => new KeyValue { Key = Exports.Utf8(key), Value = value }).Array[0, 4];

    private static readonly Gen<ByteString> Ids =
        Gen.OneOf(Gen.Byte.Array[0, 16], Gen.Byte.Array[8], Gen.Byte.Array[16]).Select(bytes => ByteString.CopyFrom(bytes));

    private static readonly Gen<Span> Spans = Gen.Select(Ids, Ids, Gen.ULong, Gen.ULong, Attributes, Attributes,
        Gen.OneOf(Texts, Gen.Const("exception")), Gen.Int[0, 2]).Select(
        (trace, span, start, end, attributes, happened, name, code) => new Span
        {
            TraceId = trace,
            SpanId = span,
            StartTimeUnixNano = start,
            EndTimeUnixNano = end,
            Name = Exports.Utf8(name),
            Kind = code,
            Attributes = { attributes },
            Events = { new Span.Types.Event { Name = Exports.Utf8(name), Attributes = { happened } } },
            Status = new SpanStatus { Code = code, Message = Exports.Utf8(name) },
        });

    [Fact]
    public void Json_and_protobuf_of_one_export_decode_to_the_same() =>
        Gen.Select(Spans.Array[0, 3], Attributes, Gen.Bool, Gen.Bool).Sample((spans, resource, upper, numbers) =>
        {
            var export = Exports.Of(spans);
            export.ResourceSpans[0].Resource.Attributes.Add(resource);
            var fromProtobuf = Reads.Protobuf(export.ToByteArray());
            var fromJson = Reads.Json(JsonOf(export, upper, numbers));
            Assert.Equal(fromProtobuf.Select(read => read.ToString()), fromJson.Select(read => read.ToString()));
            Assert.Equal(spans.Length, fromJson.Count);
        });

    [Fact]
    public void Unknown_fields_nulls_and_text_numbers_are_taken()
    {
        var call = Assert.Single(Reads.Json("""
            {"unknown":{"deep":[1,{"x":null}]},
             "resourceSpans":[{"schemaUrl":"s","resource":null,"scopeSpans":[{"scope":{"name":"n"},"spans":[
              {"traceId":"5B8EFFF798038103d269b633813fc60c","spanId":"EEE19B7EC3C1B174","flags":1,"startTimeUnixNano":1544712660000000000,
               "endTimeUnixNano":"1544712661000000000","attributes":[{"key":"gen_ai.usage.input_tokens","value":{"intValue":"7"}},
               {"key":"user.id","value":{"kvlistValue":{"values":[]}}},{"key":"gen_ai.server.ttft","value":{"doubleValue":"NaN"}},
               {"value":{"intValue":7e2},"key":"gen_ai.usage.output_tokens"},{"key":"gen_ai.system"}],"links":[{}],"status":{}}]}]}]}
            """u8)).Call!;

        Assert.Equal(Guid.Parse("5b8efff798038103d269b633813fc60c"), call.TraceId);
        Assert.Equal(CallId.OfSpan(1, Convert.FromHexString("5b8efff798038103d269b633813fc60c"), Convert.FromHexString("eee19b7ec3c1b174")),
            call.CallId);
        Assert.Equal((1544712660000000000UL, 1544712661000000000UL), (call.StartUnixNano, call.EndUnixNano));
        Assert.Equal((7, 700), (call.Usage.Input.Value, call.Usage.Output.Value));
        Assert.Equal((null, null, null), (call.UserId, call.TimeToFirstTokenSeconds, call.Provider));
    }

    [Fact]
    public void Unpaired_surrogate_is_dropped() => Assert.Equal("ab", Model(@"a\ud83db"));

    [Fact]
    public void A_long_escaped_text_is_cut_like_any_other()
    {
        Assert.Equal(Text.NameBound, Model(string.Concat(Enumerable.Repeat("\\u00e9", 100_000)))!.Length);
        Assert.Equal(Text.NameBound, Model(new string('x', 100_000) + "\\n")!.Length);
    }

    [Fact]
    public void Resource_after_its_spans_applies_to_them()
    {
        var json = $$$"""
            {"resourceSpans":[
              {"scopeSpans":[{"spans":[{{{CallJson("a")}}}]}],
               "resource":{"attributes":[{"key":"service.name","value":{"stringValue":"behind"}}]}},
              {"scopeSpans":[{"spans":[{{{CallJson("b")}}}]}]},
              {"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"before"}}]},
               "scopeSpans":[{"spans":[{{{CallJson("c")}}}]}]}]}
            """;
        Assert.Equal(["behind", null, "before"], Reads.Json(Encoding.UTF8.GetBytes(json)).Select(read => read.Call!.ServiceName));
    }

    [Theory]
    [InlineData("empty spans")]
    [InlineData("unknown attributes")]
    [InlineData("a long text")]
    [InlineData("empty resources")]
    public void Discarded_data_costs_no_memory(string abuse)
    {
        var receiver = new Abuse.CountingReceiver();
        var span = new SpanDraft(new ExportText(Abuse.Json(abuse)));
        OtlpJson.ReadSpans(span, receiver);
        var before = GC.GetAllocatedBytesForCurrentThread();
        OtlpJson.ReadSpans(span, receiver);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 64 << 10);
        Assert.True(receiver.Spans >= (abuse == "empty resources" ? 0 : 2));
    }

    [Fact]
    public void Points_and_records_are_counted()
    {
        Assert.Equal(3, OtlpJson.CountPoints("""
            {"resourceMetrics":[{"resource":{},"scopeMetrics":[{"metrics":[
              {"name":"a","gauge":{"dataPoints":[{"asInt":"1"},{}]}},{"summary":{"dataPoints":[{}]}},{"other":{"dataPoints":[{}]}}]}]}]}
            """u8));
        Assert.Equal(2,
            OtlpJson.CountRecords("""{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{}},{}]},{"logRecords":null}]}]}"""u8));
        var refused =
            Assert.Throws<RequestRefusedException>(
                () => OtlpJson.CountRecords("""{"resourceLogs":[{"scopeLogs":[{"logRecords":7}]}]}"""u8));
        Assert.Contains("(resourceLogs[0].scopeLogs[0]): expected an array", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "line 1, byte 1")]
    [InlineData("[]", "line 1, byte 1: expected an object")]
    [InlineData("{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[\n{},{\"traceId\":\"xyz\"}]}]}]}",
        "line 2, byte 15 (resourceSpans[0].scopeSpans[0].spans[1].traceId): expected a string of hex digits")]
    [InlineData("{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{\"startTimeUnixNano\":-1}]}]}]}",
        "spans[0].startTimeUnixNano): expected an unsigned")]
    [InlineData("{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{\"kind\":\"SPAN_KIND_CLIENT\"}]}]}]}",
        "spans[0].kind): expected a 32-bit integer")]
    [InlineData("{\"resourceSpans\":{}}", "expected an array")]
    [InlineData("{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{", "line 1, byte ")]
    [InlineData("{} {}", "line 1, byte 4")]
    public void What_is_malformed_is_refused_with_its_place(string json, string place)
    {
        var refused = Assert.Throws<RequestRefusedException>(() => Reads.Json(Encoding.UTF8.GetBytes(json)));
        Assert.Equal(400, refused.Status);
        Assert.Contains(place, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Input_that_is_not_json_causes_only_the_expected_exception() => Gen.Byte.Array[0, 60].Sample(bytes =>
    {
        try
        {
            Reads.Json(bytes);
        }
        catch (RequestRefusedException refused)
        {
            Assert.Equal(400, refused.Status);
        }
    });

    [Fact]
    public void Damaged_json_causes_only_the_expected_exception()
    {
        var whole = JsonOf(Exports.Of(Exports.Call(1, null, ("x", new[] { "\U0001F600", "b" }), ("y", 1.5))), upper: true, numbers: false);
        Gen.Select(Gen.Int[0, whole.Length - 1], Gen.Byte).Sample((at, with) =>
        {
            var damaged = whole.ToArray();
            damaged[at] = with;
            try
            {
                Reads.Json(damaged);
            }
            catch (RequestRefusedException refused)
            {
                Assert.Equal(400, refused.Status);
            }
        });
    }

    [Fact]
    public void Depth_is_bounded()
    {
        var deep = "{\"resourceSpans\":[{\"resource\":{\"attributes\":[{\"key\":\"k\",\"value\":"
            + string.Concat(Enumerable.Repeat("{\"arrayValue\":{\"values\":[", 5000));
        Assert.Throws<RequestRefusedException>(() => Reads.Json(Encoding.UTF8.GetBytes(deep)));
    }

    private static string? Model(string json) =>
        Assert.Single(
            Reads.Json(Encoding.UTF8.GetBytes(
                $$$"""{"resourceSpans":[{"scopeSpans":[{"spans":[{{{CallJson(json)}}}]}]}]}"""))).Call!.RequestModel;

    private static string CallJson(string model) => $$$"""
        {"traceId":"5b8efff798038103d269b633813fc60c","spanId":"eee19b7ec3c1b174",
         "attributes":[{"key":"gen_ai.request.model","value":{"stringValue":"{{{model}}}"}}]}
        """;

    /// <summary>Writes an export as OTLP JSON, by other code than reads it.</summary>
    internal static byte[] JsonOf(ExportTraceServiceRequest export, bool upper, bool numbers)
    {
        return JsonSerializer.SerializeToUtf8Bytes(new
        {
            resourceSpans = export.ResourceSpans.Select(resource => new
            {
                resource = new { attributes = resource.Resource.Attributes.Select(Of) },
                scopeSpans = resource.ScopeSpans.Select(scope => new
                {
                    spans = scope.Spans.Select(span => new
                    {
                        traceId = Hex(span.TraceId),
                        spanId = Hex(span.SpanId),
                        name = span.Name.ToStringUtf8(),
                        kind = span.Kind,
                        startTimeUnixNano = Number(span.StartTimeUnixNano),
                        endTimeUnixNano = Number(span.EndTimeUnixNano),
                        attributes = span.Attributes.Select(Of),
                        events = span.Events.Select(happened => new
                        {
                            name = happened.Name.ToStringUtf8(),
                            attributes = happened.Attributes.Select(Of)
                        }),
                        status = span.Status is null ? null : new { code = span.Status.Code, message = span.Status.Message.ToStringUtf8() },
                    }),
                }),
            }),
        }, numbers ? Relaxed : Escaping);

        string Hex(ByteString bytes) => upper ? Convert.ToHexString(bytes.Span) : Convert.ToHexStringLower(bytes.Span);
        object Number<T>(T value) where T : IFormattable => numbers ? value : value.ToString(null, CultureInfo.InvariantCulture);
        object Of(KeyValue attribute) => new { key = attribute.Key.ToStringUtf8(), value = ValueOf(attribute.Value) };
        object ValueOf(AnyValue value) => value.ValueCase switch
        {
            AnyValue.ValueOneofCase.StringValue => new { stringValue = value.StringValue.ToStringUtf8() },
            AnyValue.ValueOneofCase.BoolValue => new { boolValue = value.BoolValue },
            AnyValue.ValueOneofCase.IntValue => new { intValue = Number(value.IntValue) },
            AnyValue.ValueOneofCase.DoubleValue => new
            {
                doubleValue = double.IsFinite(value.DoubleValue)
                    ? value.DoubleValue : (object)value.DoubleValue.ToString(CultureInfo.InvariantCulture),
            },
            AnyValue.ValueOneofCase.ArrayValue => new { arrayValue = new { values = value.ArrayValue.Values.Select(ValueOf) } },
            _ => new { },
        };
    }
}
