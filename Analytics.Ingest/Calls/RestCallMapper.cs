namespace Analytics.Ingest.Calls;

/// <summary>Makes the common form of a call from its REST form.</summary>
internal static class RestCallMapper
{
    /// <summary>Longest client id, in characters.</summary>
    public const int MaxIdLength = 512;

    /// <summary>30 years: longer ones end in the future all the same, which their rule says.</summary>
    private const double MaxSeconds = 1e9;

    public static ReportedCall Map(int projectId, RestCall facts)
    {
        var start = facts.Time is { } time ? UnixNano(time) : 0;
        var id = facts.RequestId ?? (string.IsNullOrEmpty(facts.Id) ? Guid.NewGuid() : CallId.OfText(projectId, facts.Id));
        var call = new ReportedCall
        {
            CallId = CallId.OfRequest(projectId, id),
            GivenId = facts.RequestId,
            StartUnixNano = start,
            EndUnixNano = End(start, facts.DurationSeconds),
            EndIsOptional = true,
            Provider = facts.Provider,
            RequestModel = facts.RequestModel,
            ResponseModel = facts.Model,
            Operation = Operations.Of(facts.Operation, requestType: null, sort: null, spanName: []),
            ServiceName = facts.ServiceName,
            Environment = facts.Environment,
            UserId = facts.UserId,
            ConversationId = facts.ConversationId,
            Streamed = facts.Streamed,
            FinishReason = facts.FinishReason,
            IsError = facts.IsError ?? facts.ErrorType is not null,
            ErrorType = facts.ErrorType,
            ErrorMessage = facts.ErrorMessage,
            TimeToFirstTokenSeconds = facts.TimeToFirstTokenSeconds,
        };
        if (facts.Usage is { } usage) Take(call.Usage, usage);
        return call;
    }

    private static void Take(ReportedUsage reported, RestUsage usage)
    {
        if (usage.InputTokens is { } input) reported.Report(ref reported.Input, "input_tokens", 0, input);
        if (usage.OutputTokens is { } output) reported.Report(ref reported.Output, "output_tokens", 0, output);
        if (usage.CacheReadTokens is { } read) reported.Report(ref reported.CacheRead, "cache_read_tokens", 0, read);
        if (usage.CacheWriteTokens is { } write) reported.Report(ref reported.CacheWrite, "cache_write_tokens", 0, write);
        if (usage.ReasoningTokens is { } reasoning) reported.Report(ref reported.Reasoning, "reasoning_tokens", 0, reasoning);
        if (usage.TotalTokens is { } total) reported.Report(ref reported.Total, "total_tokens", 0, total);
        if (usage.CostUsd is { } cost) reported.ReportCost(cost);
        // Whatever the provider: the field's documentation, not the model's maker, says what the client's numbers mean.
        reported.Declared = usage.CachedTokensIncluded is false ? CacheConvention.Exclusive : CacheConvention.Inclusive;
    }

    // Before 1970 is before any retention; 1 lets the rule about age say so.
    private static ulong UnixNano(DateTimeOffset time) =>
        time <= DateTimeOffset.UnixEpoch ? 1 : (ulong)(time - DateTimeOffset.UnixEpoch).Ticks * 100;

    /// <summary>0 without a duration; before the start for a negative one, which the rule about that then rejects.</summary>
    private static ulong End(ulong start, double? seconds) => seconds switch
    {
        null => 0,
        < 0 => Math.Max(1, start - 1),
        _ => start + (ulong)(Math.Min(seconds.Value, MaxSeconds) * 1e9),
    };
}
