namespace Analytics.Ingest.Calls;

/// <summary>
/// Reads the facts of a model call from a span of any dialect (<see cref="AttributeTable"/>). Prompts and completions are never read.
/// </summary>
internal static class SpanMapper
{
    public const string TraceIdMissing = "trace_id_missing";
    public const string SpanIdMissing = "span_id_missing";

    private const int StatusError = 2;

    /// <summary>
    /// Reads one span. Exactly one of the results says what it is: <paramref name="ignored"/> (no model call), <paramref name="rejected"/>
    /// (a model call without ids, by the rule's name), or the call itself.
    /// </summary>
    public static ReportedCall? Map(int projectId, in ResourceFacts resource, SpanDraft span, out IgnoredReason? ignored,
        out string? rejected)
    {
        rejected = null;
        ignored = resource.IsOwnTelemetry ? IgnoredReason.OwnTelemetry
            : span.Facts.WhyIgnored(span.Text[span.Name], span.StatusCode == StatusError);
        if (ignored is not null) return null;

        var traceId = span.Text[span.TraceId];
        var spanId = span.Text[span.SpanId];
        if (!IsId(traceId, 16)) rejected = TraceIdMissing;
        else if (!IsId(spanId, 8)) rejected = SpanIdMissing;
        if (rejected is not null) return null;

        var call = new ReportedCall
        {
            CallId = CallId.OfSpan(projectId, traceId, spanId),
            TraceId = new Guid(traceId, bigEndian: true),
            StartUnixNano = span.StartUnixNano,
            EndUnixNano = span.EndUnixNano,
            ServiceName = resource.ServiceName,
            Environment = resource.DeploymentEnvironment,
            IsError = span.StatusCode == StatusError || span.Facts.ErrorType is not null,
            ErrorMessage = Text.Clean(span.Text[span.StatusMessage], Text.MessageBound) ?? span.ExceptionMessage,
        };
        span.Facts.Fill(call, span.Text[span.Name]);
        call.ErrorType ??= span.ExceptionType;
        return call;
    }

    private static bool IsId(ReadOnlySpan<byte> id, int length) => id.Length == length && id.ContainsAnyExcept((byte)0);
}
