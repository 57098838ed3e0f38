namespace Analytics.Ingest.Calls;

/// <summary>
/// Collects the attributes of one span under their meanings. Of several names for one text, the newest wins. It is used again for the next
/// span.
/// </summary>
internal sealed class SpanFacts
{
    private ReportedUsage usage = new();
    private (string Text, int Rank)? provider, requestModel, responseModel, user, conversation, finishReason;
    private (double Seconds, int Rank)? timeToFirstToken;
    private (bool Streamed, int Rank)? streamed;
    private string? operation, requestType, openInferenceKind, traceloopKind;
    private bool isGenAi;

    /// <summary>The value of <c>error.type</c>, if any.</summary>
    public string? ErrorType { get; private set; }

    /// <summary>Why the span is no model call; null when it is one.</summary>
    public IgnoredReason? WhyIgnored => ModelCallRules.WhyIgnored(
        operation ?? requestType, openInferenceKind, traceloopKind, requestModel is not null || responseModel is not null, !usage.IsEmpty,
        isGenAi);

    /// <summary>Whether an attribute of this name says something about a model call; its value need not be read otherwise.</summary>
    public bool Wants(ReadOnlySpan<byte> key, out SlotName name)
    {
        isGenAi |= key.StartsWith("gen_ai."u8) || key.StartsWith("llm."u8) || key.SequenceEqual("embedding.model_name"u8);
        return AttributeTable.TryGet(key, out name);
    }

    /// <summary>Takes the value of an attribute that it wants.</summary>
    public void Take(SlotName name, AttributeValue value, ExportText text)
    {
        if (value.Kind == ValueKind.None) return;
        switch (name.Slot)
        {
            case Slot.Provider: Newest(ref provider, value, name.Rank, text); break;
            case Slot.RequestModel: Newest(ref requestModel, value, name.Rank, text); break;
            case Slot.ResponseModel: Newest(ref responseModel, value, name.Rank, text); break;
            case Slot.User: Newest(ref user, value, name.Rank, text); break;
            case Slot.Conversation: Newest(ref conversation, value, name.Rank, text); break;
            case Slot.FinishReasons or Slot.FinishReason: Newest(ref finishReason, value, name.Rank, text); break;
            case Slot.Operation: operation = value.TextOf(text); break;
            case Slot.RequestType: requestType = value.TextOf(text); break;
            case Slot.SpanKind: openInferenceKind = value.TextOf(text); break;
            case Slot.AgentKind: traceloopKind = value.TextOf(text); break;
            case Slot.ErrorType: ErrorType = value.TextOf(text); break;
            case Slot.Currency: usage.Currency = value.TextOf(text); break;
            case Slot.Cost: usage.ReportCost(CostOf(value, text)); break;
            case Slot.Streamed: TakeStreamed(value, name.Rank, text); break;
            case Slot.TimeToFirstToken: TakeTimeToFirstToken(value, name.Rank, text); break;
            default: TakeTokens(name, value, text); break;
        }
    }

    public void Clear()
    {
        // A call keeps the usage that it was given.
        if (!usage.IsUntouched) usage = new ReportedUsage();
        provider = requestModel = responseModel = user = conversation = finishReason = null;
        (timeToFirstToken, streamed, isGenAi) = (null, null, false);
        operation = requestType = openInferenceKind = traceloopKind = ErrorType = null;
    }

    public void Fill(ReportedCall call)
    {
        call.Provider = provider?.Text;
        call.RequestModel = requestModel?.Text;
        call.ResponseModel = responseModel?.Text;
        call.UserId = user?.Text;
        call.ConversationId = conversation?.Text;
        call.FinishReason = finishReason?.Text;
        call.Operation = operation ?? requestType ?? (IsEmbedding ? "embeddings" : null);
        call.Streamed = streamed?.Streamed;
        call.TimeToFirstTokenSeconds = timeToFirstToken?.Seconds;
        call.ErrorType = ErrorType;
        call.Usage = usage;
    }

    private bool IsEmbedding => openInferenceKind?.Equals("EMBEDDING", StringComparison.OrdinalIgnoreCase) == true;

    private void TakeTokens(SlotName name, AttributeValue value, ExportText text)
    {
        var count = value.WholeOf(text);
        switch (name.Slot)
        {
            case Slot.InputTokens: usage.Report(ref usage.Input, "input_tokens", name.Rank, count); break;
            case Slot.OutputTokens: usage.Report(ref usage.Output, "output_tokens", name.Rank, count); break;
            case Slot.CacheReadTokens: usage.Report(ref usage.CacheRead, "cache_read_tokens", name.Rank, count); break;
            case Slot.CacheWriteTokens: usage.Report(ref usage.CacheWrite, "cache_write_tokens", name.Rank, count); break;
            case Slot.ReasoningTokens: usage.Report(ref usage.Reasoning, "reasoning_tokens", name.Rank, count); break;
            case Slot.TotalTokens: usage.Report(ref usage.Total, "total_tokens", name.Rank, count); break;
        }

        if (name.CachedIsPart && count > 0) usage.Declared = CacheConvention.Inclusive;
    }

    private void TakeStreamed(AttributeValue value, int rank, ExportText text)
    {
        var said = value is { Kind: ValueKind.Flag, InList: false }
            ? value.Flag
            : bool.TryParse(value.TextOf(text), out var parsed) ? parsed : (bool?)null;
        if (said is { } known && (streamed is null || rank < streamed.Value.Rank)) streamed = (known, rank);
    }

    private void TakeTimeToFirstToken(AttributeValue value, int rank, ExportText text)
    {
        if (value.NumberOf(text) is { } seconds && (timeToFirstToken is null || rank < timeToFirstToken.Value.Rank))
        {
            timeToFirstToken = (seconds, rank);
        }
    }

    private static decimal? CostOf(AttributeValue value, ExportText text) =>
        value.NumberOf(text) is { } cost && Math.Abs(cost) <= (double)ReportedUsage.MaxCost ? (decimal)cost : null;

    private static void Newest(ref (string Text, int Rank)? slot, AttributeValue value, int rank, ExportText text)
    {
        if ((slot is null || rank < slot.Value.Rank) && value.TextOf(text) is { } said) slot = (said, rank);
    }
}
