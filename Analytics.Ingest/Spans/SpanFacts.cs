using Analytics.Ingest.Protos;

namespace Analytics.Ingest.Spans;

/// <summary>Collects the attributes of one span under their meanings. Of several names for one text, the newest wins.</summary>
internal sealed class SpanFacts
{
    private readonly ReportedUsage usage = new();
    private (string Text, int Rank)? provider, requestModel, responseModel, user, conversation, finishReason;
    private (double Seconds, int Rank)? timeToFirstToken;
    private (bool Streamed, int Rank)? streamed;
    private string? operation, requestType, openInferenceKind, traceloopKind;
    private bool isGenAi;

    /// <summary>The value of <c>error.type</c>, if any.</summary>
    public string? ErrorType { get; private set; }

    /// <summary>Why the span is no model call; null when it is one.</summary>
    public Ignored? WhyIgnored => ModelCallRules.WhyIgnored(
        operation ?? requestType, openInferenceKind, traceloopKind, requestModel is not null || responseModel is not null, !usage.IsEmpty, isGenAi);

    public void Take(KeyValue attribute)
    {
        var key = attribute.Key.Span;
        isGenAi |= key.StartsWith("gen_ai."u8) || key.StartsWith("llm."u8) || key.SequenceEqual("embedding.model_name"u8);
        if (!AttributeTable.TryGet(key, out var name)) return;
        var value = attribute.Value;
        if (value is null || value.ValueCase == AnyValue.ValueOneofCase.None) return;
        switch (name.Slot)
        {
            case Slot.Provider: Newest(ref provider, value, name.Rank); break;
            case Slot.RequestModel: Newest(ref requestModel, value, name.Rank); break;
            case Slot.ResponseModel: Newest(ref responseModel, value, name.Rank); break;
            case Slot.User: Newest(ref user, value, name.Rank); break;
            case Slot.Conversation: Newest(ref conversation, value, name.Rank); break;
            case Slot.FinishReasons or Slot.FinishReason: Newest(ref finishReason, value, name.Rank); break;
            case Slot.Operation: operation = SpanMapper.TextOf(value); break;
            case Slot.RequestType: requestType = SpanMapper.TextOf(value); break;
            case Slot.SpanKind: openInferenceKind = SpanMapper.TextOf(value); break;
            case Slot.AgentKind: traceloopKind = SpanMapper.TextOf(value); break;
            case Slot.ErrorType: ErrorType = SpanMapper.TextOf(value); break;
            case Slot.Currency: usage.Currency = SpanMapper.TextOf(value); break;
            case Slot.Cost: usage.ReportCost(CostOf(value)); break;
            case Slot.Streamed: TakeStreamed(value, name.Rank); break;
            case Slot.TimeToFirstToken: TakeTimeToFirstToken(value, name.Rank); break;
            default: TakeTokens(name, value); break;
        }
    }

    public void Fill(ModelCall call)
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

    private void TakeTokens(SlotName name, AnyValue value)
    {
        var count = SpanMapper.WholeOf(value);
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

    private void TakeStreamed(AnyValue value, int rank)
    {
        var said = value.ValueCase == AnyValue.ValueOneofCase.BoolValue
            ? value.BoolValue
            : bool.TryParse(SpanMapper.TextOf(value), out var parsed) ? parsed : (bool?)null;
        if (said is { } known && (streamed is null || rank < streamed.Value.Rank)) streamed = (known, rank);
    }

    private void TakeTimeToFirstToken(AnyValue value, int rank)
    {
        if (SpanMapper.NumberOf(value) is { } seconds && (timeToFirstToken is null || rank < timeToFirstToken.Value.Rank))
        {
            timeToFirstToken = (seconds, rank);
        }
    }

    private static decimal? CostOf(AnyValue value) =>
        SpanMapper.NumberOf(value) is { } cost && Math.Abs(cost) <= (double)ReportedUsage.MaxCost ? (decimal)cost : null;

    private static void Newest(ref (string Text, int Rank)? slot, AnyValue value, int rank)
    {
        if ((slot is null || rank < slot.Value.Rank) && SpanMapper.TextOf(value) is { } text) slot = (text, rank);
    }
}
