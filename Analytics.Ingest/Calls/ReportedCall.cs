namespace Analytics.Ingest.Calls;

/// <summary>
/// One model call as its sender described it, of whatever dialect or protocol: nothing validated, nothing derived.
/// Times are nanoseconds since 1970-01-01 UTC, 0 when not given.
/// </summary>
internal sealed record ReportedCall
{
    public required long CallId { get; init; }

    /// <summary>The UUID that the sender gave; null where it gave none.</summary>
    public Guid? GivenId { get; init; }
    public ulong StartUnixNano { get; set; }
    public ulong EndUnixNano { get; init; }

    /// <summary>Whether a call without an end is one of unknown duration. A span without an end is not: it is still open.</summary>
    public bool EndIsOptional { get; init; }
    public Guid? TraceId { get; init; }
    public string? Provider { get; set; }

    /// <summary>The provider whose server answered, when the server's address is a known one.</summary>
    public string? ServerProvider { get; set; }
    public string? RequestModel { get; set; }
    public string? ResponseModel { get; set; }
    public string? Operation { get; set; }
    public string? ServiceName { get; set; }
    public string? Environment { get; set; }
    public string? UserId { get; set; }
    public string? ConversationId { get; set; }
    public bool? Streamed { get; set; }
    public string? FinishReason { get; set; }
    public bool IsError { get; set; }
    public string? ErrorType { get; set; }
    public string? ErrorMessage { get; set; }
    public double? TimeToFirstTokenSeconds { get; set; }
    public ReportedUsage Usage { get; set; } = new();
}
