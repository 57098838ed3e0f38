using System.Buffers;
using System.Globalization;
using System.Text.Json;

namespace Hub.Cli.Send.Otlp;

/// <summary>Writes spans as OTLP/JSON: ids in hexadecimal, 64-bit numbers as text, enumerations as numbers.</summary>
internal static class OtlpJson
{
    public static byte[] Encode(IReadOnlyList<OtlpSpan> spans)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteStartArray("resourceSpans");
            foreach (var service in spans.GroupBy(span => span.ServiceName)) ResourceSpans(json, service);
            json.WriteEndArray();
            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    private static void ResourceSpans(Utf8JsonWriter json, IGrouping<string, OtlpSpan> service)
    {
        json.WriteStartObject();
        json.WriteStartObject("resource");
        Attributes(json, OtlpExport.Resource(service.Key));
        json.WriteEndObject();
        json.WriteStartArray("scopeSpans");
        json.WriteStartObject();
        json.WriteStartObject("scope");
        json.WriteString("name", OtlpExport.Scope);
        json.WriteEndObject();
        json.WriteStartArray("spans");
        foreach (var span in service) Span(json, span);
        json.WriteEndArray();
        json.WriteString("schemaUrl", OtlpExport.SchemaUrl);
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void Span(Utf8JsonWriter json, OtlpSpan span)
    {
        json.WriteStartObject();
        json.WriteString("traceId", Convert.ToHexStringLower(span.TraceId));
        json.WriteString("spanId", Convert.ToHexStringLower(span.SpanId));
        json.WriteString("name", span.Name);
        json.WriteNumber("kind", OtlpSpan.ClientKind);
        json.WriteString("startTimeUnixNano", span.StartUnixNano.ToString(CultureInfo.InvariantCulture));
        json.WriteString("endTimeUnixNano", span.EndUnixNano.ToString(CultureInfo.InvariantCulture));
        Attributes(json, span.Attributes);
        if (span.Error is not null)
        {
            json.WriteStartObject("status");
            json.WriteString("message", span.Error);
            json.WriteNumber("code", OtlpSpan.ErrorStatus);
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    private static void Attributes(Utf8JsonWriter json, IEnumerable<KeyValuePair<string, object>> attributes)
    {
        json.WriteStartArray("attributes");
        foreach (var (key, value) in attributes)
        {
            json.WriteStartObject();
            json.WriteString("key", key);
            json.WritePropertyName("value");
            AnyValue(json, value);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void AnyValue(Utf8JsonWriter json, object value)
    {
        json.WriteStartObject();
        switch (value)
        {
            case string text: json.WriteString("stringValue", text); break;
            case bool flag: json.WriteBoolean("boolValue", flag); break;
            case long number: json.WriteString("intValue", number.ToString(CultureInfo.InvariantCulture)); break;
            case double number: json.WriteNumber("doubleValue", number); break;
            case string[] texts:
                json.WriteStartObject("arrayValue");
                json.WriteStartArray("values");
                foreach (var text in texts) AnyValue(json, text);
                json.WriteEndArray();
                json.WriteEndObject();
                break;
            default: throw new ArgumentException($"An attribute cannot be a {value.GetType()}.", nameof(value));
        }

        json.WriteEndObject();
    }
}
