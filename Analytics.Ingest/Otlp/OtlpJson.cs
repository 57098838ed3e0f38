using Analytics.Ingest.Protos;

namespace Analytics.Ingest.Otlp;

/// <summary>The messages of OTLP in their JSON form.</summary>
internal static class OtlpJson
{
    public static ExportTraceServiceRequest ReadTraces(ReadOnlySpan<byte> utf8) =>
        JsonCursor.ReadDocument(utf8, new ExportTraceServiceRequest(), static (ref JsonCursor json, ExportTraceServiceRequest request) =>
        {
            if (!json.Is("resourceSpans"u8)) return false;
            json.Array("resourceSpans", request.ResourceSpans, ReadResourceSpans);
            return true;
        });

    public static ExportMetricsServiceRequest ReadMetrics(ReadOnlySpan<byte> utf8) =>
        JsonCursor.ReadDocument(utf8, new ExportMetricsServiceRequest(), static (ref JsonCursor json, ExportMetricsServiceRequest request) =>
        {
            if (!json.Is("resourceMetrics"u8)) return false;
            json.Array("resourceMetrics", request.ResourceMetrics, static (ref JsonCursor json, ResourceMetrics resource) =>
            {
                if (!json.Is("scopeMetrics"u8)) return false;
                json.Array("scopeMetrics", resource.ScopeMetrics, static (ref JsonCursor json, ScopeMetrics scope) =>
                {
                    if (!json.Is("metrics"u8)) return false;
                    json.Array("metrics", scope.Metrics, ReadMetric);
                    return true;
                });
                return true;
            });
            return true;
        });

    public static ExportLogsServiceRequest ReadLogs(ReadOnlySpan<byte> utf8) =>
        JsonCursor.ReadDocument(utf8, new ExportLogsServiceRequest(), static (ref JsonCursor json, ExportLogsServiceRequest request) =>
        {
            if (!json.Is("resourceLogs"u8)) return false;
            json.Array("resourceLogs", request.ResourceLogs, static (ref JsonCursor json, ResourceLogs resource) =>
            {
                if (!json.Is("scopeLogs"u8)) return false;
                json.Array("scopeLogs", resource.ScopeLogs, static (ref JsonCursor json, ScopeLogs scope) =>
                {
                    if (!json.Is("logRecords"u8)) return false;
                    json.Array("logRecords", scope.LogRecords, static (ref JsonCursor _, LogRecord _) => false);
                    return true;
                });
                return true;
            });
            return true;
        });

    private static bool ReadResourceSpans(ref JsonCursor json, ResourceSpans target)
    {
        if (json.Is("resource"u8))
        {
            json.Object("resource", target.Resource ??= new Resource(), static (ref JsonCursor json, Resource resource) =>
                ReadAttributes(ref json, resource.Attributes));
        }
        else if (json.Is("scopeSpans"u8))
        {
            json.Array("scopeSpans", target.ScopeSpans, static (ref JsonCursor json, ScopeSpans scope) =>
            {
                if (!json.Is("spans"u8)) return false;
                json.Array("spans", scope.Spans, ReadSpan);
                return true;
            });
        }
        else
        {
            return false;
        }

        return true;
    }

    private static bool ReadSpan(ref JsonCursor json, Span span)
    {
        if (json.Is("traceId"u8)) span.TraceId = json.Hex("traceId");
        else if (json.Is("spanId"u8)) span.SpanId = json.Hex("spanId");
        else if (json.Is("parentSpanId"u8)) span.ParentSpanId = json.Hex("parentSpanId");
        else if (json.Is("name"u8)) span.Name = json.Text("name");
        else if (json.Is("kind"u8)) span.Kind = json.Int32("kind");
        else if (json.Is("startTimeUnixNano"u8)) span.StartTimeUnixNano = json.UInt64("startTimeUnixNano");
        else if (json.Is("endTimeUnixNano"u8)) span.EndTimeUnixNano = json.UInt64("endTimeUnixNano");
        else if (json.Is("events"u8)) json.Array("events", span.Events, ReadEvent);
        else if (json.Is("status"u8)) json.Object("status", span.Status ??= new SpanStatus(), ReadStatus);
        else return ReadAttributes(ref json, span.Attributes);
        return true;
    }

    private static bool ReadEvent(ref JsonCursor json, Span.Types.Event happened)
    {
        if (!json.Is("name"u8)) return ReadAttributes(ref json, happened.Attributes);
        happened.Name = json.Text("name");
        return true;
    }

    private static bool ReadStatus(ref JsonCursor json, SpanStatus status)
    {
        if (json.Is("message"u8)) status.Message = json.Text("message");
        else if (json.Is("code"u8)) status.Code = json.Int32("code");
        else return false;
        return true;
    }

    private static bool ReadAttributes(ref JsonCursor json, ICollection<KeyValue> attributes)
    {
        if (!json.Is("attributes"u8)) return false;
        json.Array("attributes", attributes, static (ref JsonCursor json, KeyValue attribute) =>
        {
            if (json.Is("key"u8)) attribute.Key = json.Text("key");
            else if (json.Is("value"u8)) json.Object("value", attribute.Value ??= new AnyValue(), ReadValue);
            else return false;
            return true;
        });
        return true;
    }

    private static bool ReadValue(ref JsonCursor json, AnyValue value)
    {
        if (json.Is("stringValue"u8)) value.StringValue = json.Text("stringValue");
        else if (json.Is("intValue"u8)) value.IntValue = json.Int64("intValue");
        else if (json.Is("doubleValue"u8)) value.DoubleValue = json.Double("doubleValue");
        else if (json.Is("boolValue"u8)) value.BoolValue = json.Boolean("boolValue");
        else if (json.Is("arrayValue"u8)) json.Object("arrayValue", value.ArrayValue = new ArrayValue(), ReadArray);
        else return false;
        return true;
    }

    private static bool ReadArray(ref JsonCursor json, ArrayValue array)
    {
        if (!json.Is("values"u8)) return false;
        json.Array("values", array.Values, ReadValue);
        return true;
    }

    private static bool ReadMetric(ref JsonCursor json, Metric metric)
    {
        if (json.Is("gauge"u8)) json.Object("gauge", metric.Gauge = new Points(), ReadPoints);
        else if (json.Is("sum"u8)) json.Object("sum", metric.Sum = new Points(), ReadPoints);
        else if (json.Is("histogram"u8)) json.Object("histogram", metric.Histogram = new Points(), ReadPoints);
        else if (json.Is("exponentialHistogram"u8)) json.Object("exponentialHistogram", metric.ExponentialHistogram = new Points(), ReadPoints);
        else if (json.Is("summary"u8)) json.Object("summary", metric.Summary = new Points(), ReadPoints);
        else return false;
        return true;
    }

    private static bool ReadPoints(ref JsonCursor json, Points points)
    {
        if (!json.Is("dataPoints"u8)) return false;
        json.Array("dataPoints", points.DataPoints, static (ref JsonCursor _, Point _) => false);
        return true;
    }
}
