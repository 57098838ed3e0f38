namespace Analytics.Ingest.Calls;

/// <summary>
/// One call as it is stored, but for its cost: with that it makes one row each of llm_requests, token_usage and cost_tracking, and one of
/// error_logs if it failed.
/// </summary>
internal sealed class Call
{
    /// <summary>Start of the call, UTC, whole microseconds: what PostgreSQL stores, so that a resend has the same key.</summary>
    public required DateTime Time { get; init; }
    public required Guid RequestId { get; init; }
    public required int ProjectId { get; init; }
    public string? TraceId { get; init; }
    public string? SpanId { get; init; }
    public required string Provider { get; init; }
    public required string Model { get; init; }
    public string? RequestModel { get; init; }
    public required string Operation { get; init; }
    public string? ServiceName { get; init; }
    public string? Environment { get; init; }
    public string? UserId { get; init; }
    public string? ConversationId { get; init; }
    public bool? Streamed { get; init; }
    public string? FinishReason { get; init; }
    public bool IsError { get; init; }
    public string? ErrorType { get; init; }
    public string? ErrorMessage { get; init; }
    public double? DurationSeconds { get; init; }
    public double? TimeToFirstTokenSeconds { get; init; }
    public required UsageVector Usage { get; init; }

    /// <summary>What this call, its cost included, holds of memory while it waits, in bytes; an estimate on the high side.</summary>
    public int EstimatedBytes =>
        600 + (2 * (Length(TraceId) + Length(SpanId) + Provider.Length + Model.Length + Length(RequestModel) + Operation.Length
            + Length(ServiceName)
            + Length(Environment) + Length(UserId) + Length(ConversationId) + Length(FinishReason) + Length(ErrorType)
            + Length(ErrorMessage)));

    private static int Length(string? text) => text?.Length ?? 0;
}
