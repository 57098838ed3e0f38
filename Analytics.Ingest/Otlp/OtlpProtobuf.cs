using System.Globalization;
using Analytics.Ingest.Calls;
using Analytics.Ingest.Http;
using Analytics.Ingest.Protos;
using Google.Protobuf.Reflection;

namespace Analytics.Ingest.Otlp;

/// <summary>
/// Reads exports in protobuf where their bytes lie. Field numbers are those of the OpenTelemetry Protocol specification 1.x; Protos/*.proto
/// has their names.
/// </summary>
internal static class OtlpProtobuf
{
    /// <summary>Reads every span of an export.</summary>
    /// <exception cref="RequestRefusedException">400: the bytes are not such a message.</exception>
    public static void ReadSpans(SpanDraft span, ISpanReceiver receiver) =>
        Read(ExportTraceServiceRequest.Descriptor, span.Text.Body, export =>
        {
            while (export.Next())
            {
                if (export.Is(ExportTraceServiceRequest.ResourceSpansFieldNumber, WireType.Bytes))
                    ReadResourceSpans(export.Message(), span, receiver);
                else
                    export.Skip();
            }
        });

    /// <summary>Counts the data points of an export of metrics.</summary>
    /// <inheritdoc cref="ReadSpans"/>
    public static long CountPoints(ReadOnlySpan<byte> body)
    {
        long points = 0;
        Read(ExportMetricsServiceRequest.Descriptor, body, export => points = Count(export,
            [
                ExportMetricsServiceRequest.ResourceMetricsFieldNumber, ResourceMetrics.ScopeMetricsFieldNumber,
                ScopeMetrics.MetricsFieldNumber,
            ], ReadMetric));
        return points;
    }

    /// <summary>Counts the records of an export of logs.</summary>
    /// <inheritdoc cref="ReadSpans"/>
    public static long CountRecords(ReadOnlySpan<byte> body)
    {
        long records = 0;
        Read(ExportLogsServiceRequest.Descriptor, body, export => records = Count(export,
            [ExportLogsServiceRequest.ResourceLogsFieldNumber, ResourceLogs.ScopeLogsFieldNumber, ScopeLogs.LogRecordsFieldNumber],
            static _ => 1));
        return records;
    }

    private delegate void Reading(WireReader export);

    private delegate long Counting(WireReader message);

    private static void Read(MessageDescriptor message, ReadOnlySpan<byte> body, Reading read)
    {
        try
        {
            read(new WireReader(body));
        }
        catch (MalformedWireException)
        {
            // The reader keeps no path, so the bytes are walked a second time; only those that are refused anyway.
            var place = ProtobufFault.Find(message, body) is { } found
                ? string.Create(CultureInfo.InvariantCulture,
                    $"at byte {found.Offset} of {body.Length}{(found.Path.Length > 0 ? $" ({found.Path})" : "")}: {found.What}")
                : string.Create(CultureInfo.InvariantCulture, $"of {body.Length} bytes");
            throw RequestRefusedException.Malformed($"Not a valid protobuf message {place}.");
        }
    }

    /// <summary>Counts what lies at the end of a path of repeated messages.</summary>
    private static long Count(WireReader message, ReadOnlySpan<int> path, Counting count)
    {
        if (path.IsEmpty) return count(message);
        long all = 0;
        while (message.Next())
        {
            if (message.Is(path[0], WireType.Bytes)) all += Count(message.Message(), path[1..], count);
            else message.Skip();
        }

        return all;
    }

    /// <summary>Every kind of metric keeps its data points in the same field.</summary>
    private static long ReadMetric(WireReader metric)
    {
        long points = 0;
        while (metric.Next())
        {
            if (metric.Type == WireType.Bytes && metric.Field is Metric.GaugeFieldNumber or Metric.SumFieldNumber
                or Metric.HistogramFieldNumber or Metric.ExponentialHistogramFieldNumber or Metric.SummaryFieldNumber)
                points += Count(metric.Message(), [Points.DataPointsFieldNumber], static _ => 1);
            else
                metric.Skip();
        }

        return points;
    }

    private static void ReadResourceSpans(WireReader message, SpanDraft span, ISpanReceiver receiver)
    {
        // Fields come in any order, and the resource speaks for every span.
        var resource = default(ResourceFacts);
        var first = message;
        while (first.Next())
        {
            if (first.Is(ResourceSpans.ResourceFieldNumber, WireType.Bytes)) ReadResource(first.Message(), ref resource, span.Text);
            else first.Skip();
        }

        while (message.Next())
        {
            if (message.Is(ResourceSpans.ScopeSpansFieldNumber, WireType.Bytes))
                ReadScopeSpans(message.Message(), resource, span, receiver);
            else
                message.Skip();
        }
    }

    private static void ReadScopeSpans(WireReader scope, in ResourceFacts resource, SpanDraft span, ISpanReceiver receiver)
    {
        while (scope.Next())
        {
            if (!scope.Is(ScopeSpans.SpansFieldNumber, WireType.Bytes))
            {
                scope.Skip();
                continue;
            }

            span.Clear();
            ReadSpan(scope.Message(), span);
            receiver.Take(span, resource);
        }
    }

    private static void ReadSpan(WireReader message, SpanDraft span)
    {
        while (message.Next())
        {
            switch (message.Field, message.Type)
            {
                case (Span.TraceIdFieldNumber, WireType.Bytes): span.TraceId = message.Bytes(); break;
                case (Span.SpanIdFieldNumber, WireType.Bytes): span.SpanId = message.Bytes(); break;
                case (Span.NameFieldNumber, WireType.Bytes): span.Name = message.Bytes(); break;
                case (Span.StartTimeUnixNanoFieldNumber, WireType.Fixed64): span.StartUnixNano = message.Fixed64(); break;
                case (Span.EndTimeUnixNanoFieldNumber, WireType.Fixed64): span.EndUnixNano = message.Fixed64(); break;
                case (Span.AttributesFieldNumber, WireType.Bytes):
                    var (key, value) = Attribute(message.Message());
                    if (span.Facts.Wants(span.Text[key], out var name))
                        span.Facts.Take(name, Value(new WireReader(span.Text.Body, value)), span.Text);
                    break;
                case (Span.EventsFieldNumber, WireType.Bytes) when span.WantsException: ReadEvent(message.Message(), span); break;
                case (Span.StatusFieldNumber, WireType.Bytes): ReadStatus(message.Message(), span); break;
                default: message.Skip(); break;
            }
        }
    }

    private static void ReadStatus(WireReader status, SpanDraft span)
    {
        while (status.Next())
        {
            if (status.Is(SpanStatus.MessageFieldNumber, WireType.Bytes)) span.StatusMessage = status.Bytes();
            else if (status.Is(SpanStatus.CodeFieldNumber, WireType.Varint)) span.StatusCode = (int)status.Varint();
            else status.Skip();
        }
    }

    private static void ReadEvent(WireReader message, SpanDraft span)
    {
        var isException = false;
        AttributeValue type = default, text = default;
        while (message.Next())
        {
            if (message.Is(Span.Types.Event.NameFieldNumber, WireType.Bytes))
            {
                isException = span.Text[message.Bytes()].SequenceEqual("exception"u8);
            }
            else if (message.Is(Span.Types.Event.AttributesFieldNumber, WireType.Bytes))
            {
                var (key, value) = Attribute(message.Message());
                if (span.Text[key].SequenceEqual("exception.type"u8)) type = Value(new WireReader(span.Text.Body, value));
                else if (span.Text[key].SequenceEqual("exception.message"u8)) text = Value(new WireReader(span.Text.Body, value));
            }
            else
            {
                message.Skip();
            }
        }

        if (isException) span.TakeException(type, text);
    }

    private static void ReadResource(WireReader message, ref ResourceFacts resource, ExportText text)
    {
        while (message.Next())
        {
            if (!message.Is(Resource.AttributesFieldNumber, WireType.Bytes))
            {
                message.Skip();
                continue;
            }

            var (key, value) = Attribute(message.Message());
            if (ResourceFacts.Wants(text[key])) resource.Take(text[key], Value(new WireReader(text.Body, value)), text);
        }
    }

    /// <summary>The places of an attribute's key and value, which is read only when the key is wanted.</summary>
    private static (Utf8Place Key, Utf8Place Value) Attribute(WireReader attribute)
    {
        Utf8Place key = default, value = default;
        while (attribute.Next())
        {
            if (attribute.Is(KeyValue.KeyFieldNumber, WireType.Bytes)) key = attribute.Bytes();
            else if (attribute.Is(KeyValue.ValueFieldNumber, WireType.Bytes)) value = attribute.Bytes();
            else attribute.Skip();
        }

        return (key, value);
    }

    /// <summary>The value; of a list its first element, of a list of lists nothing.</summary>
    private static AttributeValue Value(WireReader message, bool inList = false)
    {
        var value = default(AttributeValue);
        while (message.Next())
        {
            switch (message.Field, message.Type)
            {
                case (AnyValue.StringValueFieldNumber, WireType.Bytes): value = new(ValueKind.Text, message.Bytes()); break;
                case (AnyValue.BoolValueFieldNumber, WireType.Varint): value = new(ValueKind.Flag, Flag: message.Varint() != 0); break;
                case (AnyValue.IntValueFieldNumber, WireType.Varint): value = new(ValueKind.Whole, Whole: (long)message.Varint()); break;
                case (AnyValue.DoubleValueFieldNumber, WireType.Fixed64):
                    value = new(ValueKind.Number, Number: BitConverter.UInt64BitsToDouble(message.Fixed64()));
                    break;
                case (AnyValue.ArrayValueFieldNumber, WireType.Bytes) when !inList: value = First(message.Message()); break;
                default: message.Skip(); break;
            }
        }

        return inList ? value with { InList = true } : value;
    }

    private static AttributeValue First(WireReader list)
    {
        while (list.Next())
        {
            if (!list.Is(ArrayValue.ValuesFieldNumber, WireType.Bytes))
            {
                list.Skip();
                continue;
            }

            var first = Value(list.Message(), inList: true);
            return first.Kind == ValueKind.None ? new AttributeValue(ValueKind.List) : first;
        }

        return new AttributeValue(ValueKind.List);
    }
}
