namespace Analytics.Ingest.Calls;

/// <summary>One span while it is read. It is used again for the next: what a span that nobody keeps has cost is nothing but time.</summary>
internal sealed class SpanDraft(ExportText text)
{
    private bool hasException;
    private string? exceptionType, exceptionMessage;

    public ExportText Text { get; } = text;
    public SpanFacts Facts { get; } = new();
    public Utf8Place TraceId { get; set; }
    public Utf8Place SpanId { get; set; }
    public Utf8Place Name { get; set; }

    /// <summary>Nanoseconds since 1970-01-01 UTC; 0 when not given, as is the end.</summary>
    public ulong StartUnixNano { get; set; }
    public ulong EndUnixNano { get; set; }
    public int StatusCode { get; set; }
    public Utf8Place StatusMessage { get; set; }

    /// <summary>Whether the next event of the name <c>exception</c> is the first.</summary>
    public bool WantsException => !hasException;

    public string? ExceptionType => exceptionType;
    public string? ExceptionMessage => exceptionMessage;

    public void Clear()
    {
        Text.Clear();
        Facts.Clear();
        (TraceId, SpanId, Name, StatusMessage) = (default, default, default, default);
        (StartUnixNano, EndUnixNano, StatusCode) = (0, 0, 0);
        (hasException, exceptionType, exceptionMessage) = (false, null, null);
    }

    /// <summary>Takes what an event said, if it is the first exception.</summary>
    public void TakeException(AttributeValue type, AttributeValue message)
    {
        if (hasException) return;
        hasException = true;
        exceptionType = type.TextOf(Text);
        exceptionMessage = message.TextOf(Text, Calls.Text.MessageBound);
    }
}
