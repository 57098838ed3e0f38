using Analytics.Ingest.Calls;

namespace Analytics.Ingest.Otlp;

/// <summary>
/// Reads exports in OTLP's JSON form where their bytes lie. Not protobuf's JsonParser: it makes an object of every attribute of every span,
/// so that one small request took all of the memory, and it knows no ids in hexadecimal (decision 10).
/// </summary>
internal static class OtlpJson
{
    /// <summary>Reads every span of an export.</summary>
    /// <exception cref="RequestRefusedException">400: the bytes are not such a document.</exception>
    public static void ReadSpans(SpanDraft span, ISpanReceiver receiver) => JsonCursor.ReadDocument(
        span.Text.Body, new Reading(span, receiver), static (ref JsonCursor json, Reading reading) =>
        {
            if (!json.Is("resourceSpans"u8)) return false;
            json.Array("resourceSpans", reading, static (ref JsonCursor json, Reading reading) =>
            {
                (reading.Resource, reading.KnowsResource) = (default, false);
                json.Fields(reading, ReadResourceSpans);
            });
            return true;
        });

    /// <summary>Counts the data points of an export of metrics.</summary>
    /// <inheritdoc cref="ReadSpans"/>
    public static long CountPoints(ReadOnlySpan<byte> utf8)
    {
        var count = new Counter();
        JsonCursor.ReadDocument(utf8, count, static (ref JsonCursor json, Counter count) =>
            Each(ref json, "resourceMetrics", count, static (ref JsonCursor json, Counter count) =>
                Each(ref json, "scopeMetrics", count, static (ref JsonCursor json, Counter count) =>
                    Each(ref json, "metrics", count, ReadMetric))));
        return count.Value;
    }

    /// <summary>Counts the records of an export of logs.</summary>
    /// <inheritdoc cref="ReadSpans"/>
    public static long CountRecords(ReadOnlySpan<byte> utf8)
    {
        var count = new Counter();
        JsonCursor.ReadDocument(utf8, count, static (ref JsonCursor json, Counter count) =>
            Each(ref json, "resourceLogs", count, static (ref JsonCursor json, Counter count) =>
                Each(ref json, "scopeLogs", count, static (ref JsonCursor json, Counter count) =>
                    CountEach(ref json, "logRecords", count))));
        return count.Value;
    }

    private static bool ReadMetric(ref JsonCursor json, Counter count)
    {
        var name = json.Is("gauge"u8) ? "gauge" : json.Is("sum"u8) ? "sum" : json.Is("histogram"u8) ? "histogram"
            : json.Is("exponentialHistogram"u8) ? "exponentialHistogram" : json.Is("summary"u8) ? "summary" : null;
        if (name is null) return false;
        json.Object(name, count, static (ref JsonCursor json, Counter count) => CountEach(ref json, "dataPoints", count));
        return true;
    }

    /// <summary>Reads the objects of the list of this name.</summary>
    private static bool Each(ref JsonCursor json, string name, Counter count, JsonCursor.Property<Counter> property)
    {
        if (!json.Is(name)) return false;
        var outer = count.Property;
        count.Property = property;
        json.Array(name, count,
            static (ref JsonCursor json, Counter count) => json.Fields(count, count.Property!));
        count.Property = outer;
        return true;
    }

    private static bool CountEach(ref JsonCursor json, string name, Counter count)
    {
        if (!json.Is(name)) return false;
        json.Array(name, count, static (ref JsonCursor json, Counter count) =>
        {
            count.Value++;
            json.Fields(count, static (ref JsonCursor _, Counter _) => false);
        });
        return true;
    }

    private static bool ReadResourceSpans(ref JsonCursor json, Reading reading)
    {
        if (json.Is("resource"u8))
        {
            if (reading.KnowsResource) return false;
            ReadResource(ref json, reading);
            return true;
        }

        if (!json.Is("scopeSpans"u8)) return false;
        if (!reading.KnowsResource)
        {
            // Properties come in any order, and the resource speaks for every span: it is looked for behind them.
            var ahead = json;
            ahead.SkipValue();
            ahead.Fields(reading, static (ref JsonCursor json, Reading reading) =>
            {
                if (reading.KnowsResource || !json.Is("resource"u8)) return false;
                ReadResource(ref json, reading);
                return true;
            });
            reading.KnowsResource = true;
        }

        json.Array("scopeSpans", reading, static (ref JsonCursor json, Reading reading) => json.Fields(reading, ReadScopeSpans));
        return true;
    }

    private static bool ReadScopeSpans(ref JsonCursor json, Reading reading)
    {
        if (!json.Is("spans"u8)) return false;
        json.Array("spans", reading, static (ref JsonCursor json, Reading reading) =>
        {
            reading.Span.Clear();
            json.Fields(reading, ReadSpan);
            reading.Receiver.Take(reading.Span, reading.Resource);
        });
        return true;
    }

    private static void ReadResource(ref JsonCursor json, Reading reading)
    {
        reading.KnowsResource = true;
        json.Object("resource", reading, static (ref JsonCursor json, Reading reading) => ReadAttributes(ref json, reading,
            static (reading, key) => ResourceFacts.Wants(reading.Text[key]),
            static (reading, key, value) => reading.Resource.Take(reading.Text[key], value, reading.Text)));
        reading.Text.Clear();
    }

    private static bool ReadSpan(ref JsonCursor json, Reading reading)
    {
        var span = reading.Span;
        if (json.Is("traceId"u8)) span.TraceId = json.Hex("traceId", span.Text);
        else if (json.Is("spanId"u8)) span.SpanId = json.Hex("spanId", span.Text);
        else if (json.Is("name"u8)) span.Name = json.Text("name", span.Text);
        else if (json.Is("startTimeUnixNano"u8)) span.StartUnixNano = json.UInt64("startTimeUnixNano");
        else if (json.Is("endTimeUnixNano"u8)) span.EndUnixNano = json.UInt64("endTimeUnixNano");
        else if (json.Is("kind"u8)) json.Int32("kind");
        else if (json.Is("events"u8) && span.WantsException) json.Array("events", reading, ReadEvent);
        else if (json.Is("status"u8)) json.Object("status", span, ReadStatus);
        else
            return ReadAttributes(ref json, reading,
                static (reading, key) =>
                {
                    var wants = reading.Span.Facts.Wants(reading.Text[key], out var name);
                    reading.Name = name;
                    return wants;
                },
                static (reading, _, value) => reading.Span.Facts.Take(reading.Name, value, reading.Text));
        return true;
    }

    private static bool ReadStatus(ref JsonCursor json, SpanDraft span)
    {
        if (json.Is("message"u8)) span.StatusMessage = json.Text("message", span.Text);
        else if (json.Is("code"u8)) span.StatusCode = json.Int32("code");
        else return false;
        return true;
    }

    private static void ReadEvent(ref JsonCursor json, Reading reading)
    {
        (reading.EventName, reading.ExceptionType, reading.ExceptionMessage) = (default, default, default);
        json.Fields(reading, static (ref JsonCursor json, Reading reading) =>
        {
            if (json.Is("name"u8))
            {
                reading.EventName = json.Text("name", reading.Text);
                return true;
            }

            return ReadAttributes(ref json, reading, static (reading, key) => reading.Text[key].StartsWith("exception."u8),
                static (reading, key, value) =>
                {
                    if (reading.Text[key].SequenceEqual("exception.type"u8)) reading.ExceptionType = value;
                    else if (reading.Text[key].SequenceEqual("exception.message"u8)) reading.ExceptionMessage = value;
                });
        });
        if (reading.Text[reading.EventName].SequenceEqual("exception"u8))
            reading.Span.TakeException(reading.ExceptionType, reading.ExceptionMessage);
    }

    /// <summary>Reads attributes. The value of one that is not wanted is passed over, unless it stands before its key.</summary>
    private static bool ReadAttributes(
        ref JsonCursor json, Reading reading, Func<Reading, Utf8Place, bool> wants, Action<Reading, Utf8Place, AttributeValue> take)
    {
        if (!json.Is("attributes"u8)) return false;
        (reading.WantsAttribute, reading.TakeAttribute) = (wants, take);
        json.Array("attributes", reading, static (ref JsonCursor json, Reading reading) =>
        {
            (reading.Key, reading.Wanted, reading.Value, reading.Name) = (null, false, default, default);
            json.Fields(reading, static (ref JsonCursor json, Reading reading) =>
            {
                if (json.Is("key"u8))
                {
                    var key = json.Text("key", reading.Text);
                    (reading.Key, reading.Wanted) = (key, reading.WantsAttribute!(reading, key));
                    return true;
                }

                if (!json.Is("value"u8) || (reading.Key is not null && !reading.Wanted)) return false;
                json.Object("value", reading, ReadValue);
                return true;
            });
            if (reading.Key is { } known && reading.Wanted) reading.TakeAttribute!(reading, known, reading.Value);
        });
        return true;
    }

    private static bool ReadValue(ref JsonCursor json, Reading reading)
    {
        if (json.Is("arrayValue"u8) && !reading.InList)
        {
            (reading.InList, reading.Value) = (true, new AttributeValue(ValueKind.List));
            json.Object("arrayValue", reading, ReadList);
            reading.InList = false;
            return true;
        }

        if (json.Is("stringValue"u8)) reading.Value = new(ValueKind.Text, json.Text("stringValue", reading.Text, reading.Name.Slot));
        else if (json.Is("intValue"u8)) reading.Value = new(ValueKind.Whole, Whole: json.Int64("intValue"));
        else if (json.Is("doubleValue"u8)) reading.Value = new(ValueKind.Number, Number: json.Double("doubleValue"));
        else if (json.Is("boolValue"u8)) reading.Value = new(ValueKind.Flag, Flag: json.Boolean("boolValue"));
        else return false;
        reading.Value = reading.Value with { InList = reading.InList };
        return true;
    }

    /// <summary>The first element; the others are passed over.</summary>
    private static bool ReadList(ref JsonCursor json, Reading reading)
    {
        if (!json.Is("values"u8)) return false;
        reading.HasFirst = false;
        json.Array("values", reading, static (ref JsonCursor json, Reading reading) =>
        {
            json.Fields(reading, reading.HasFirst ? static (ref JsonCursor _, Reading _) => false : ReadValue);
            reading.HasFirst = true;
        });
        return true;
    }

    /// <summary>What is known while a document is read. One for each export, none for each of its parts.</summary>
    private sealed class Reading(SpanDraft span, ISpanReceiver receiver)
    {
        public ResourceFacts Resource;

        public SpanDraft Span { get; } = span;
        public ExportText Text { get; } = span.Text;
        public ISpanReceiver Receiver { get; } = receiver;
        public bool KnowsResource { get; set; }
        public Func<Reading, Utf8Place, bool>? WantsAttribute { get; set; }
        public Action<Reading, Utf8Place, AttributeValue>? TakeAttribute { get; set; }
        public Utf8Place? Key { get; set; }
        public bool Wanted { get; set; }

        /// <summary>What the attribute at hand means, when a span wants it.</summary>
        public SlotName Name { get; set; }
        public AttributeValue Value { get; set; }
        public bool InList { get; set; }
        public bool HasFirst { get; set; }
        public Utf8Place EventName { get; set; }
        public AttributeValue ExceptionType { get; set; }
        public AttributeValue ExceptionMessage { get; set; }
    }

    private sealed class Counter
    {
        public long Value { get; set; }
        public JsonCursor.Property<Counter>? Property { get; set; }
    }
}
