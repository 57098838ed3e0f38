using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using Analytics.Ingest.Protos;
using Analytics.Ingest.Rows;
using Google.Protobuf;

namespace Analytics.Ingest.Spans;

/// <summary>Reads the facts of a model call from a span of any dialect (<see cref="AttributeTable"/>). Prompts and completions are never read.</summary>
internal static class SpanMapper
{
    public const string TraceIdMissing = "trace_id_missing";
    public const string SpanIdMissing = "span_id_missing";

    private const int StatusError = 2;

    private static readonly SearchValues<byte> NonZero = SearchValues.Create([.. Enumerable.Range(1, 255).Select(value => (byte)value)]);

    /// <summary>
    /// Reads one span. Exactly one of the results says what it is: <paramref name="ignored"/> (no model call), <paramref name="rejected"/> (a model
    /// call without ids, by the rule's name), or the call itself.
    /// </summary>
    public static ModelCall? Map(int projectId, ResourceFacts resource, Span span, out Ignored? ignored, out string? rejected)
    {
        rejected = null;
        var facts = new SpanFacts();
        foreach (var attribute in span.Attributes) facts.Take(attribute);
        ignored = resource.IsOwnTelemetry ? Ignored.OwnTelemetry : facts.WhyIgnored;
        if (ignored is not null) return null;

        if (!IsId(span.TraceId, 16)) rejected = TraceIdMissing;
        else if (!IsId(span.SpanId, 8)) rejected = SpanIdMissing;
        if (rejected is not null) return null;

        var (exceptionType, exceptionMessage) = ExceptionOf(span);
        var call = new ModelCall
        {
            RequestId = RequestId.OfSpan(projectId, span.TraceId.Span, span.SpanId.Span),
            TraceId = Convert.ToHexStringLower(span.TraceId.Span),
            SpanId = Convert.ToHexStringLower(span.SpanId.Span),
            StartUnixNano = span.StartTimeUnixNano,
            EndUnixNano = span.EndTimeUnixNano,
            ServiceName = resource.ServiceName,
            Environment = resource.Environment,
            IsError = span.Status?.Code == StatusError || facts.ErrorType is not null,
            ErrorMessage = Text.Clean((span.Status?.Message ?? ByteString.Empty).Span, Text.MessageBound) ?? exceptionMessage,
        };
        facts.Fill(call);
        call.ErrorType ??= exceptionType;
        return call;
    }

    /// <summary>The text of a value that is one; null otherwise.</summary>
    public static string? TextOf(AnyValue? value, int bound = Text.NameBound) => value?.ValueCase switch
    {
        AnyValue.ValueOneofCase.StringValue => Text.Clean(value.StringValue.Span, bound),
        AnyValue.ValueOneofCase.IntValue => value.IntValue.ToString(CultureInfo.InvariantCulture),
        AnyValue.ValueOneofCase.ArrayValue => value.ArrayValue.Values.Count == 0 ? null : TextOf(value.ArrayValue.Values[0], bound),
        _ => null,
    };

    /// <summary>A whole number, however it was written: 12, 12.0, "12". Null for anything else.</summary>
    public static long? WholeOf(AnyValue? value) => value?.ValueCase switch
    {
        AnyValue.ValueOneofCase.IntValue => value.IntValue,
        AnyValue.ValueOneofCase.DoubleValue when double.IsInteger(value.DoubleValue) && Math.Abs(value.DoubleValue) < 1e18 => (long)value.DoubleValue,
        AnyValue.ValueOneofCase.StringValue when Utf8Parser.TryParse(value.StringValue.Span, out long number, out var read)
            && read == value.StringValue.Length => number,
        _ => null,
    };

    /// <summary>A finite number; null for anything else.</summary>
    public static double? NumberOf(AnyValue? value) => value?.ValueCase switch
    {
        AnyValue.ValueOneofCase.IntValue => value.IntValue,
        AnyValue.ValueOneofCase.DoubleValue when double.IsFinite(value.DoubleValue) => value.DoubleValue,
        AnyValue.ValueOneofCase.StringValue when Utf8Parser.TryParse(value.StringValue.Span, out double number, out var read)
            && read == value.StringValue.Length && double.IsFinite(number) => number,
        _ => null,
    };

    private static bool IsId(ByteString id, int length) => id.Length == length && id.Span.ContainsAny(NonZero);

    private static (string? Type, string? Message) ExceptionOf(Span span)
    {
        foreach (var happened in span.Events)
        {
            if (!happened.Name.Span.SequenceEqual("exception"u8)) continue;
            string? type = null, message = null;
            foreach (var attribute in happened.Attributes)
            {
                if (attribute.Key.Span.SequenceEqual("exception.type"u8)) type = TextOf(attribute.Value);
                else if (attribute.Key.Span.SequenceEqual("exception.message"u8)) message = TextOf(attribute.Value, Text.MessageBound);
            }

            return (type, message);
        }

        return (null, null);
    }
}
