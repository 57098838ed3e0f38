namespace Analytics.Ingest.Calls;

/// <summary>What a span attribute says about a model call.</summary>
internal enum Slot
{
    Provider, RequestModel, BareModel, ResponseModel, Operation, RequestType, TraceloopKind, AgentName, ServerAddress,

    // The kind of span in one dialect's words: SpanKinds reads them.
    OpenInferenceKind, LangSmithKind, GenkitKind, MlflowKind, ClaudeCodeKind, AiSdkOperation, SentryKind, LogfireKind,

    InputTokens, OutputTokens, CacheReadTokens, CacheWriteTokens, ReasoningTokens, TotalTokens,

    // A text that holds several counts: UsageTexts reads them.
    ProviderMetadata, InputDetails, OutputDetails, RawUsage, MlflowUsage, MlflowCost, GenkitOutput,

    Cost, Currency, Streamed, TimeToFirstToken, FinishReason, User, Conversation, ErrorType,

    /// <summary>The AI SDK's total, which with Anthropic it computes without the cached tokens.</summary>
    AiSdkTotal,

    /// <summary>The library that made the span, where it says so on the span itself.</summary>
    Sdk,

    /// <summary>A parameter of sampling, which is not read.</summary>
    TopK,

    /// <summary>A prompt's template, which is not read.</summary>
    Template,

    /// <summary>The run of Google's ADK that a span belongs to; only that it has one is read.</summary>
    AdkInvocation,

    /// <summary>What Logfire sent of the request, which is not read.</summary>
    RequestData,

    /// <summary>Seconds that a call took, in an entry that Logfire writes at its end.</summary>
    LoggedDuration,
}

/// <summary>What else a name says about its value.</summary>
[Flags]
internal enum NameTraits : byte
{
    None = 0,

    /// <summary>It defines cached tokens as a part of the input tokens.</summary>
    CachedIsPart = 1,

    /// <summary>It defines reasoning tokens as an addition to the output tokens.</summary>
    ReasoningIsExtra = 2,

    /// <summary>Its value is in milliseconds; that of other names in seconds.</summary>
    Milliseconds = 4,

    /// <summary>Its value is a point in time (RFC 3339); that of other names a duration.</summary>
    Instant = 8,

    /// <summary>Its text is JSON: in quotation marks.</summary>
    Json = 16,

    /// <summary>Its -1 means that the sender does not know the count.</summary>
    MinusOneIsUnknown = 32,
}

/// <summary>A name's meaning, its age (0 the newest; the newest name wins) and what else it says.</summary>
internal readonly record struct SlotName(Slot Slot, int Rank, NameTraits Traits = NameTraits.None)
{
    public bool Is(NameTraits trait) => (Traits & trait) != 0;
}
