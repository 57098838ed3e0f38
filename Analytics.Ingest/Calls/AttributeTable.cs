using System.Collections.Frozen;

namespace Analytics.Ingest.Calls;

/// <summary>What a span attribute says about a model call.</summary>
internal enum Slot
{
    Provider, RequestModel, ResponseModel, Operation, RequestType, SpanKind, AgentKind,
    InputTokens, OutputTokens, CacheReadTokens, CacheWriteTokens, ReasoningTokens, TotalTokens,
    Cost, Currency, Streamed, TimeToFirstToken, FinishReasons, FinishReason, User, Conversation, ErrorType,
}

/// <summary>A name's meaning, its age (0 the newest; the newest name wins) and whether it defines cached tokens as a part of the
/// input.</summary>
internal readonly record struct SlotName(Slot Slot, int Rank, bool CachedIsPart = false);

/// <summary>
/// Every generation of names for the facts of a model call: OpenTelemetry's GenAI conventions from the first to 1.42
/// (https://github.com/open-telemetry/semantic-conventions-genai), OpenInference's <c>llm.*</c>, OpenLLMetry's and OpenLIT's own.
/// Names of one meaning stand together, the newest first.
/// </summary>
internal static class AttributeTable
{
    /// <summary>No name in the table is longer than this, in bytes.</summary>
    public const int MaxNameBytes = 64;

    public static readonly FrozenDictionary<string, SlotName> Names = new Dictionary<string, SlotName>
    {
        ["gen_ai.provider.name"] = new(Slot.Provider, 0),
        ["gen_ai.system"] = new(Slot.Provider, 1),
        ["llm.provider"] = new(Slot.Provider, 2),
        ["llm.system"] = new(Slot.Provider, 3),

        ["gen_ai.request.model"] = new(Slot.RequestModel, 0),
        ["embedding.model_name"] = new(Slot.RequestModel, 1),
        ["llm.request.model"] = new(Slot.RequestModel, 2),
        ["gen_ai.response.model"] = new(Slot.ResponseModel, 0),
        ["llm.model_name"] = new(Slot.ResponseModel, 1),
        ["llm.response.model"] = new(Slot.ResponseModel, 2),

        ["gen_ai.operation.name"] = new(Slot.Operation, 0),
        ["llm.request.type"] = new(Slot.RequestType, 0),
        ["openinference.span.kind"] = new(Slot.SpanKind, 0),
        ["traceloop.span.kind"] = new(Slot.AgentKind, 0),

        ["gen_ai.usage.input_tokens"] = new(Slot.InputTokens, 0),
        ["gen_ai.usage.prompt_tokens"] = new(Slot.InputTokens, 1),
        ["llm.token_count.prompt"] = new(Slot.InputTokens, 2),
        ["llm.usage.prompt_tokens"] = new(Slot.InputTokens, 3),

        ["gen_ai.usage.output_tokens"] = new(Slot.OutputTokens, 0),
        ["gen_ai.usage.completion_tokens"] = new(Slot.OutputTokens, 1),
        ["llm.token_count.completion"] = new(Slot.OutputTokens, 2),
        ["llm.usage.completion_tokens"] = new(Slot.OutputTokens, 3),

        ["gen_ai.usage.cache_read.input_tokens"] = new(Slot.CacheReadTokens, 0, CachedIsPart: true),
        ["gen_ai.usage.cache_read_input_tokens"] = new(Slot.CacheReadTokens, 1),
        ["gen_ai.usage.cache_read_tokens"] = new(Slot.CacheReadTokens, 2),
        ["llm.token_count.prompt_details.cache_read"] = new(Slot.CacheReadTokens, 3, CachedIsPart: true),
        ["llm.usage.cache_read_input_tokens"] = new(Slot.CacheReadTokens, 4),
        ["cache_read_input_tokens"] = new(Slot.CacheReadTokens, 5),
        ["cache_read_tokens"] = new(Slot.CacheReadTokens, 6),

        ["gen_ai.usage.cache_write.input_tokens"] = new(Slot.CacheWriteTokens, 0, CachedIsPart: true),
        ["gen_ai.usage.cache_creation.input_tokens"] = new(Slot.CacheWriteTokens, 1, CachedIsPart: true),
        ["gen_ai.usage.cache_creation_input_tokens"] = new(Slot.CacheWriteTokens, 2),
        ["gen_ai.usage.cache_write_tokens"] = new(Slot.CacheWriteTokens, 3),
        ["llm.token_count.prompt_details.cache_write"] = new(Slot.CacheWriteTokens, 4, CachedIsPart: true),
        ["llm.usage.cache_creation_input_tokens"] = new(Slot.CacheWriteTokens, 5),
        ["cache_creation_input_tokens"] = new(Slot.CacheWriteTokens, 6),
        ["cache_write_tokens"] = new(Slot.CacheWriteTokens, 7),

        ["gen_ai.usage.reasoning.output_tokens"] = new(Slot.ReasoningTokens, 0),
        ["gen_ai.usage.reasoning_tokens"] = new(Slot.ReasoningTokens, 1),
        ["llm.token_count.completion_details.reasoning"] = new(Slot.ReasoningTokens, 2),
        ["llm.usage.reasoning_tokens"] = new(Slot.ReasoningTokens, 3),

        ["gen_ai.usage.total_tokens"] = new(Slot.TotalTokens, 0),
        ["llm.token_count.total"] = new(Slot.TotalTokens, 1),
        ["llm.usage.total_tokens"] = new(Slot.TotalTokens, 2),

        ["gen_ai.usage.cost"] = new(Slot.Cost, 0),
        ["gen_ai.usage.cost.amount"] = new(Slot.Cost, 1),
        ["llm.cost.total"] = new(Slot.Cost, 2),
        ["gen_ai.usage.cost.currency"] = new(Slot.Currency, 0),

        ["gen_ai.request.stream"] = new(Slot.Streamed, 0),
        ["gen_ai.is_streaming"] = new(Slot.Streamed, 1),
        ["gen_ai.request.is_stream"] = new(Slot.Streamed, 2),
        ["llm.is_streaming"] = new(Slot.Streamed, 3),
        ["gen_ai.response.time_to_first_chunk"] = new(Slot.TimeToFirstToken, 0),
        ["gen_ai.server.time_to_first_token"] = new(Slot.TimeToFirstToken, 1),
        ["gen_ai.server.ttft"] = new(Slot.TimeToFirstToken, 2),

        ["gen_ai.response.finish_reasons"] = new(Slot.FinishReasons, 0),
        ["gen_ai.response.finish_reason"] = new(Slot.FinishReason, 1),
        ["gen_ai.completion.0.finish_reason"] = new(Slot.FinishReason, 2),
        ["llm.finish_reason"] = new(Slot.FinishReason, 3),

        ["user.id"] = new(Slot.User, 0),
        ["enduser.id"] = new(Slot.User, 1),
        ["gen_ai.request.user"] = new(Slot.User, 2),
        ["llm.user"] = new(Slot.User, 3),
        ["gen_ai.conversation.id"] = new(Slot.Conversation, 0),
        ["session.id"] = new(Slot.Conversation, 1),

        ["error.type"] = new(Slot.ErrorType, 0),
    }.ToFrozenDictionary(StringComparer.Ordinal);

    private static readonly FrozenDictionary<string, SlotName>.AlternateLookup<ReadOnlySpan<char>> ByName =
        Names.GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>Finds the meaning of a name given as UTF-8.</summary>
    public static bool TryGet(ReadOnlySpan<byte> utf8Name, out SlotName name)
    {
        if (utf8Name.Length > MaxNameBytes)
        {
            name = default;
            return false;
        }

        Span<char> chars = stackalloc char[MaxNameBytes];
        var status = System.Text.Ascii.ToUtf16(utf8Name, chars, out var length);
        name = default;
        return status == System.Buffers.OperationStatus.Done && ByName.TryGetValue(chars[..length], out name);
    }
}
