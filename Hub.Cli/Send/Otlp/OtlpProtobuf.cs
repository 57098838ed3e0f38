namespace Hub.Cli.Send.Otlp;

/// <summary>Writes spans as <c>ExportTraceServiceRequest</c> (opentelemetry-proto v1, field numbers beside each name).</summary>
internal static class OtlpProtobuf
{
    public static byte[] Encode(IReadOnlyList<OtlpSpan> spans)
    {
        var writer = new ProtoWriter();
        foreach (var service in spans.GroupBy(span => span.ServiceName)) writer.WriteMessage(1 /* resource_spans */, service, ResourceSpans);
        return writer.ToArray();
    }

    private static void ResourceSpans(ProtoWriter writer, IGrouping<string, OtlpSpan> service)
    {
        writer.WriteMessage(1 /* resource */, OtlpExport.Resource(service.Key), (resource, attributes) =>
        {
            foreach (var attribute in attributes) resource.WriteMessage(1 /* attributes */, attribute, Attribute);
        });
        writer.WriteMessage(2 /* scope_spans */, service, (inner, spans) =>
        {
            inner.WriteMessage(1 /* scope */, OtlpExport.Scope, (scope, name) => scope.WriteString(1 /* name */, name));
            foreach (var span in spans) inner.WriteMessage(2 /* spans */, span, Span);
            inner.WriteString(3 /* schema_url */, OtlpExport.SchemaUrl);
        });
    }

    private static void Span(ProtoWriter writer, OtlpSpan span)
    {
        writer.WriteBytes(1 /* trace_id */, span.TraceId);
        writer.WriteBytes(2 /* span_id */, span.SpanId);
        writer.WriteString(5 /* name */, span.Name);
        writer.WriteVarint(6 /* kind */, OtlpSpan.ClientKind);
        writer.WriteFixed64(7 /* start_time_unix_nano */, span.StartUnixNano);
        writer.WriteFixed64(8 /* end_time_unix_nano */, span.EndUnixNano);
        foreach (var attribute in span.Attributes) writer.WriteMessage(9 /* attributes */, attribute, Attribute);
        if (span.Error is null) return;

        writer.WriteMessage(15 /* status */, span.Error, (status, message) =>
        {
            status.WriteString(2 /* message */, message);
            status.WriteVarint(3 /* code */, OtlpSpan.ErrorStatus);
        });
    }

    private static void Attribute(ProtoWriter writer, KeyValuePair<string, object> attribute)
    {
        writer.WriteString(1 /* key */, attribute.Key);
        writer.WriteMessage(2 /* value */, attribute.Value, AnyValue);
    }

    private static void AnyValue(ProtoWriter writer, object value)
    {
        switch (value)
        {
            case string text: writer.WriteString(1 /* string_value */, text); break;
            case bool flag: writer.WriteVarint(2 /* bool_value */, flag ? 1u : 0u); break;
            case long number: writer.WriteVarint(3 /* int_value */, (ulong)number); break;
            case double number: writer.WriteFixed64(4 /* double_value */, BitConverter.DoubleToUInt64Bits(number)); break;
            case string[] texts:
                writer.WriteMessage(5 /* array_value */, texts, (array, items) =>
                {
                    foreach (var item in items) array.WriteMessage(1 /* values */, (object)item, AnyValue);
                });
                break;
            default: throw new ArgumentException($"An attribute cannot be a {value.GetType()}.", nameof(value));
        }
    }
}
