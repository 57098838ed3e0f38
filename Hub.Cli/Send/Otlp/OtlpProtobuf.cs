using Google.Protobuf;
using Hub.Cli.Send.Otlp.Protos;

namespace Hub.Cli.Send.Otlp;

/// <summary>Makes the <c>ExportTraceServiceRequest</c> of spans.</summary>
internal static class OtlpProtobuf
{
    public static byte[] Encode(IReadOnlyList<OtlpSpan> spans) => Request(spans).ToByteArray();

    public static ExportTraceServiceRequest Request(IReadOnlyList<OtlpSpan> spans) =>
        new() { ResourceSpans = { spans.GroupBy(span => span.ServiceName).Select(ResourceSpansOf) } };

    private static ResourceSpans ResourceSpansOf(IGrouping<string, OtlpSpan> service) => new()
    {
        Resource = new Resource { Attributes = { OtlpExport.Resource(service.Key).Select(Attribute) } },
        ScopeSpans =
        {
            new ScopeSpans
            {
                Scope = new InstrumentationScope { Name = OtlpExport.Scope },
                Spans = { service.Select(SpanOf) },
                SchemaUrl = OtlpExport.SchemaUrl,
            },
        },
    };

    private static Span SpanOf(OtlpSpan span) => new()
    {
        TraceId = ByteString.CopyFrom(span.TraceId),
        SpanId = ByteString.CopyFrom(span.SpanId),
        Name = span.Name,
        Kind = SpanKind.Client,
        StartTimeUnixNano = span.StartUnixNano,
        EndTimeUnixNano = span.EndUnixNano,
        Attributes = { span.Attributes.Select(Attribute) },
        Status = span.Error is null ? null : new SpanStatus { Message = span.Error, Code = StatusCode.Error },
    };

    private static KeyValue Attribute(KeyValuePair<string, object> attribute) =>
        new() { Key = attribute.Key, Value = Value(attribute.Value) };

    private static AnyValue Value(object value) => value switch
    {
        string text => new AnyValue { StringValue = text },
        bool flag => new AnyValue { BoolValue = flag },
        long number => new AnyValue { IntValue = number },
        double number => new AnyValue { DoubleValue = number },
        string[] texts => new AnyValue { ArrayValue = new ArrayValue { Values = { texts.Select(Value) } } },
        _ => throw new ArgumentException($"An attribute cannot be a {value.GetType()}.", nameof(value)),
    };
}
