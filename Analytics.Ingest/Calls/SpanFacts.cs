namespace Analytics.Ingest.Calls;

/// <summary>
/// Collects the attributes of one span under their meanings. Of several names for one text, the newest wins. It is used again for the next
/// span.
/// </summary>
internal sealed class SpanFacts
{
    private const double SecondsPerDay = 86_400;

    private ReportedUsage usage = new();
    private (string Text, int Rank)? provider, requestModel, responseModel, user, conversation, finishReason;
    private FirstToken? firstToken;
    private (bool Streamed, int Rank)? streamed;
    private (string Provider, int Rank)? server;
    private string? operation, requestType, traceloopKind, bareModel, sdk;
    private SpanSort? sort;
    private bool isUsageGiven;
    private bool isGenAi, namesAgent, hasTemplate, hasRequestData, hasTopK, isAdk, saysMore, isLogEntry;
    private double? loggedSeconds;
    private long? aiSdkTotal;

    /// <summary>The value of <c>error.type</c>, if any.</summary>
    public string? ErrorType { get; private set; }

    /// <summary>Whether an attribute of this name says something about a model call; its value need not be read otherwise.</summary>
    public bool Wants(ReadOnlySpan<byte> key, out SlotName name)
    {
        var isConvention = key.StartsWith("gen_ai."u8);
        isGenAi |= isConvention || key.StartsWith("llm."u8) || key.SequenceEqual("embedding.model_name"u8);
        var known = AttributeTable.TryGet(key, out name);
        saysMore |= isConvention ? !known || name.Slot is not (Slot.Operation or Slot.Provider or Slot.RequestModel)
            : known && name.Slot == Slot.ServerAddress;
        return known;
    }

    /// <summary>Takes the value of an attribute that it wants.</summary>
    public void Take(SlotName name, AttributeValue value, ExportText text)
    {
        if (value.Kind == ValueKind.None) return;
        switch (name.Slot)
        {
            case Slot.Provider: Newest(ref provider, value, name, text); break;
            case Slot.RequestModel: Newest(ref requestModel, value, name, text); break;
            case Slot.BareModel: bareModel = value.TextOf(text); break;
            case Slot.ResponseModel: Newest(ref responseModel, value, name, text); break;
            case Slot.User: Newest(ref user, value, name, text); break;
            case Slot.Conversation: Newest(ref conversation, value, name, text); break;
            case Slot.FinishReason: Newest(ref finishReason, value, name, text); break;
            case Slot.Operation: operation = value.TextOf(text); break;
            case Slot.RequestType: requestType = value.TextOf(text); break;
            case Slot.TraceloopKind: traceloopKind = value.TextOf(text); break;
            case >= Slot.OpenInferenceKind and <= Slot.LogfireKind: TakeKind(name, value, text); break;
            case Slot.AgentName: namesAgent = true; break;
            case Slot.Template: hasTemplate = true; break;
            case Slot.Sdk: sdk = value.TextOf(text); break;
            case Slot.TopK: hasTopK = true; break;
            case Slot.AiSdkTotal: aiSdkTotal = value.WholeOf(text); break;
            case Slot.AdkInvocation: isAdk = true; break;
            case Slot.RequestData: hasRequestData = true; break;
            case Slot.LoggedDuration: loggedSeconds = value.NumberOf(text); break;
            case Slot.ServerAddress: TakeServer(name.Rank, value, text); break;
            case Slot.ErrorType: ErrorType = value.TextOf(text); break;
            case Slot.Currency: usage.Currency = value.TextOf(text); break;
            case Slot.Cost: usage.ReportCost(CostOf(value.NumberOf(text)), name.Rank); break;
            case Slot.Streamed: TakeStreamed(value, name.Rank, text); break;
            case Slot.TimeToFirstToken: TakeFirstToken(name, value, text); break;
            case >= Slot.ProviderMetadata and <= Slot.GenkitOutput: TakeParts(name.Slot, value, text); break;
            default: TakeTokens(name, value.WholeOf(text)); break;
        }
    }

    public void Clear()
    {
        // A call keeps the usage that it was given.
        if (isUsageGiven || !usage.IsUntouched) usage = new ReportedUsage();
        isUsageGiven = false;
        provider = requestModel = responseModel = user = conversation = finishReason = null;
        (firstToken, streamed, server, sort, loggedSeconds, aiSdkTotal) = (null, null, null, null, null, null);
        isGenAi = namesAgent = hasTemplate = hasRequestData = hasTopK = isAdk = saysMore = isLogEntry = false;
        operation = requestType = traceloopKind = bareModel = sdk = ErrorType = null;
    }

    /// <summary>Why the span is no model call; null when it is one.</summary>
    /// <param name="spanName">Its name, UTF-8.</param>
    /// <param name="isError">Whether its status says that it failed.</param>
    public IgnoredReason? WhyIgnored(ReadOnlySpan<byte> spanName, bool isError) => ModelCallRules.WhyIgnored(
        new SpanShape
        {
            IsGenAi = isGenAi || sort is SpanSort.Inference or SpanSort.Embedding,
            Operation = operation ?? requestType,
            TraceloopKind = traceloopKind,
            Sort = sort,
            NamesModel = requestModel is not null || responseModel is not null || (sort is not null && bareModel is not null),
            NamesAgent = namesAgent,
            ReportsUsage = !usage.IsEmpty,
            HasTemplate = hasTemplate,
            IsAdk = isAdk,
            OpensStream = hasRequestData && !isLogEntry && finishReason is null,
            SaysMore = saysMore,
            IsError = isError || ErrorType is not null,
        },
        spanName);

    /// <summary>Writes them into a call.</summary>
    /// <param name="call">The call, with the times of its span.</param>
    /// <param name="spanName">The name of its span, UTF-8.</param>
    public void Fill(ReportedCall call, ReadOnlySpan<byte> spanName)
    {
        // Logfire writes an entry when a stream ends.
        if (isLogEntry && loggedSeconds is > 0 and < SecondsPerDay) call.StartUnixNano -= (ulong)(loggedSeconds.Value * 1e9);
        if (isLogEntry && hasRequestData) streamed ??= (true, 0);
        call.Provider = provider?.Text;
        call.ServerProvider = server?.Provider;
        call.RequestModel = requestModel?.Text ?? (sort is not null ? bareModel : null);
        call.ResponseModel = responseModel?.Text;
        call.UserId = user?.Text;
        call.ConversationId = conversation?.Text;
        call.FinishReason = FinishReasons.First(finishReason?.Text);
        call.Operation = Operations.Of(operation, requestType, sort, spanName);
        call.Streamed = streamed?.Streamed;
        call.TimeToFirstTokenSeconds = firstToken?.SecondsSince(call.StartUnixNano, call.EndUnixNano, call.Provider);
        call.ErrorType = ErrorType;
        (call.Usage, isUsageGiven) = (usage, true);
        if (SenderHabits.AddsCached(sdk, provider?.Text, hasTopK)) usage.Declared = CacheConvention.Exclusive;
        if (SenderHabits.AddsReasoning(sdk, provider?.Text) || SenderHabits.AddsReasoning(usage, aiSdkTotal)) usage.ReasoningIsExtra = true;
    }

    private void TakeTokens(SlotName name, long? count)
    {
        if (count == -1 && name.Is(NameTraits.MinusOneIsUnknown)) return;
        switch (name.Slot)
        {
            case Slot.InputTokens: usage.Report(ref usage.Input, "input_tokens", name.Rank, count); break;
            case Slot.OutputTokens: usage.Report(ref usage.Output, "output_tokens", name.Rank, count); break;
            case Slot.CacheReadTokens: usage.Report(ref usage.CacheRead, "cache_read_tokens", name.Rank, count); break;
            case Slot.CacheWriteTokens: usage.Report(ref usage.CacheWrite, "cache_write_tokens", name.Rank, count); break;
            case Slot.ReasoningTokens: usage.Report(ref usage.Reasoning, "reasoning_tokens", name.Rank, count); break;
            case Slot.TotalTokens: usage.Report(ref usage.Total, "total_tokens", name.Rank, count); break;
        }

        if (name.Is(NameTraits.CachedIsPart) && count > 0) usage.Declared = CacheConvention.Inclusive;
        if (name.Is(NameTraits.ReasoningIsExtra) && count > 0) usage.ReasoningIsExtra = true;
    }

    private void TakeParts(Slot slot, AttributeValue value, ExportText text)
    {
        if (value is not { Kind: ValueKind.Text, InList: false }) return;
        var numbers = UsageTexts.UsageIn(slot, text[value.Place]);
        foreach (var part in UsageTexts.PartsOf(slot))
        {
            if (UsageTexts.Number(numbers, part.Name) is not { } number) continue;
            if (part.Meaning.Slot == Slot.Cost) usage.ReportCost(CostOf(number), part.Meaning.Rank);
            else TakeTokens(part.Meaning, double.IsInteger(number) && Math.Abs(number) < 1e18 ? (long)number : null);
        }
    }

    /// <summary>Of the kinds in the words of several dialects, one that is no call decides.</summary>
    private void TakeKind(SlotName name, AttributeValue value, ExportText text)
    {
        if (TextOf(value, name, text) is not { } kind) return;
        isLogEntry |= name.Slot == Slot.LogfireKind && kind == "log";
        if (SpanKinds.Of(name.Slot, kind) is { } said && sort != SpanSort.Other) sort = said;
    }

    private void TakeServer(int rank, AttributeValue value, ExportText text)
    {
        if (value is not { Kind: ValueKind.Text, InList: false } || (server is { } known && known.Rank <= rank)) return;
        if (ProviderHosts.Find(text[value.Place]) is { } host) server = (host, rank);
    }

    private void TakeStreamed(AttributeValue value, int rank, ExportText text)
    {
        var said = value is { Kind: ValueKind.Flag, InList: false }
            ? value.Flag
            : bool.TryParse(value.TextOf(text), out var parsed) ? parsed : (bool?)null;
        if (said is { } known && (streamed is null || rank < streamed.Value.Rank)) streamed = (known, rank);
    }

    private void TakeFirstToken(SlotName name, AttributeValue value, ExportText text)
    {
        if ((firstToken is null || name.Rank < firstToken.Value.Name.Rank) && FirstToken.Of(name, value, text) is { } said)
            firstToken = said;
    }

    private static decimal? CostOf(double? number) =>
        number is { } cost && Math.Abs(cost) <= (double)ReportedUsage.MaxCost ? (decimal)cost : null;

    private static string? TextOf(AttributeValue value, SlotName name, ExportText text) =>
        name.Is(NameTraits.Json) ? value.TextOf(text)?.Trim('"') : value.TextOf(text);

    private static void Newest(ref (string Text, int Rank)? slot, AttributeValue value, SlotName name, ExportText text)
    {
        if ((slot is null || name.Rank < slot.Value.Rank) && TextOf(value, name, text) is { Length: > 0 } said) slot = (said, name.Rank);
    }
}
