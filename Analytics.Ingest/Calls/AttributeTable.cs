using System.Collections.Frozen;

namespace Analytics.Ingest.Calls;

/// <summary>
/// Every generation of names for the facts of a model call: OpenTelemetry's GenAI conventions from the first to 1.42
/// (https://github.com/open-telemetry/semantic-conventions-genai), OpenInference's <c>llm.*</c>, and the names of the instrumentations that
/// the tests' folder Calls/Dialects cites with their sources. Names of one meaning stand together, the newest first.
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
        ["ai.model.provider"] = new(Slot.Provider, 4),
        ["mlflow.llm.provider"] = new(Slot.Provider, 5, NameTraits.Json),

        ["gen_ai.request.model"] = new(Slot.RequestModel, 0),
        ["embedding.model_name"] = new(Slot.RequestModel, 1),
        ["llm.request.model"] = new(Slot.RequestModel, 2),
        ["llm.request.model_name"] = new(Slot.RequestModel, 3),
        ["ai.model.id"] = new(Slot.RequestModel, 4),
        ["mlflow.llm.model"] = new(Slot.RequestModel, 5, NameTraits.Json),
        ["genkit:name"] = new(Slot.RequestModel, 6),
        ["model"] = new(Slot.BareModel, 0),

        ["gen_ai.response.model"] = new(Slot.ResponseModel, 0),
        ["llm.response.model_name"] = new(Slot.ResponseModel, 1),
        ["llm.model_name"] = new(Slot.ResponseModel, 2),
        ["llm.response.model"] = new(Slot.ResponseModel, 3),
        ["ai.response.model"] = new(Slot.ResponseModel, 4),

        ["gen_ai.operation.name"] = new(Slot.Operation, 0),

        ["llm.request.type"] = new(Slot.RequestType, 0),

        ["traceloop.span.kind"] = new(Slot.TraceloopKind, 0),

        ["openinference.span.kind"] = new(Slot.OpenInferenceKind, 0),

        ["langsmith.span.kind"] = new(Slot.LangSmithKind, 0),

        ["genkit:metadata:subtype"] = new(Slot.GenkitKind, 0),

        ["mlflow.spanType"] = new(Slot.MlflowKind, 0, NameTraits.Json),

        ["span.type"] = new(Slot.ClaudeCodeKind, 0),

        ["ai.operationId"] = new(Slot.AiSdkOperation, 0),

        ["gen_ai.operation.type"] = new(Slot.SentryKind, 0),

        ["logfire.span_type"] = new(Slot.LogfireKind, 0),

        ["gen_ai.agent.name"] = new(Slot.AgentName, 0),
        ["agent_name"] = new(Slot.AgentName, 1),

        ["server.address"] = new(Slot.ServerAddress, 0),
        ["gen_ai.openai.api_base"] = new(Slot.ServerAddress, 1),
        ["gen_ai.endpoint"] = new(Slot.ServerAddress, 2),

        ["telemetry.sdk.name"] = new(Slot.Sdk, 0),

        ["gen_ai.request.top_k"] = new(Slot.TopK, 0),

        ["llm.prompt_template.template"] = new(Slot.Template, 0),

        ["gcp.vertex.agent.invocation_id"] = new(Slot.AdkInvocation, 0),

        ["request_data"] = new(Slot.RequestData, 0),

        ["duration"] = new(Slot.LoggedDuration, 0),

        ["gen_ai.usage.input_tokens"] = new(Slot.InputTokens, 0),
        ["gen_ai.usage.prompt_tokens"] = new(Slot.InputTokens, 1),
        ["llm.token_count.prompt"] = new(Slot.InputTokens, 2),
        ["llm.usage.prompt_tokens"] = new(Slot.InputTokens, 3),
        ["gen_ai.response.prompt_tokens"] = new(Slot.InputTokens, 4, NameTraits.MinusOneIsUnknown),
        ["ai.usage.inputTokens"] = new(Slot.InputTokens, 5),
        ["ai.usage.promptTokens"] = new(Slot.InputTokens, 6),
        ["ai.usage.tokens"] = new(Slot.InputTokens, 7),
        ["input_tokens"] = new(Slot.InputTokens, 8),

        ["gen_ai.usage.output_tokens"] = new(Slot.OutputTokens, 0),
        ["gen_ai.usage.completion_tokens"] = new(Slot.OutputTokens, 1),
        ["llm.token_count.completion"] = new(Slot.OutputTokens, 2),
        ["llm.usage.completion_tokens"] = new(Slot.OutputTokens, 3),
        ["gen_ai.response.completion_tokens"] = new(Slot.OutputTokens, 4, NameTraits.MinusOneIsUnknown),
        ["ai.usage.outputTokens"] = new(Slot.OutputTokens, 5),
        ["ai.usage.completionTokens"] = new(Slot.OutputTokens, 6),
        ["output_tokens"] = new(Slot.OutputTokens, 7),

        ["gen_ai.usage.cache_read.input_tokens"] = new(Slot.CacheReadTokens, 0, NameTraits.CachedIsPart),
        ["gen_ai.usage.cache_read_input_tokens"] = new(Slot.CacheReadTokens, 1),
        ["gen_ai.usage.cache_read_tokens"] = new(Slot.CacheReadTokens, 2),
        ["llm.token_count.prompt_details.cache_read"] = new(Slot.CacheReadTokens, 3, NameTraits.CachedIsPart),
        ["llm.token_count.prompt_details.cache_input"] = new(Slot.CacheReadTokens, 4, NameTraits.CachedIsPart),
        ["gen_ai.usage.input_tokens.cached"] = new(Slot.CacheReadTokens, 5, NameTraits.CachedIsPart),
        ["gen_ai.usage.details.cache_read_tokens"] = new(Slot.CacheReadTokens, 6, NameTraits.CachedIsPart),
        ["gen_ai.usage.details.cache_read_input_tokens"] = new(Slot.CacheReadTokens, 7, NameTraits.CachedIsPart),
        ["gen_ai.usage.details.cached_tokens"] = new(Slot.CacheReadTokens, 8, NameTraits.CachedIsPart),
        ["gen_ai.usage.details.cached_content_tokens"] = new(Slot.CacheReadTokens, 9, NameTraits.CachedIsPart),
        ["gen_ai.usage.details.input_cached_tokens"] = new(Slot.CacheReadTokens, 10, NameTraits.CachedIsPart),
        ["gen_ai.usage.cached_input_tokens"] = new(Slot.CacheReadTokens, 11),
        ["gen_ai.usage.input_cached_tokens"] = new(Slot.CacheReadTokens, 12),
        ["gen_ai.usage.cached_tokens"] = new(Slot.CacheReadTokens, 13),
        ["gen_ai.usage.prompt_tokens_details.cached_tokens"] = new(Slot.CacheReadTokens, 14, NameTraits.CachedIsPart),
        ["gen_ai.usage.input_tokens_details.cached_tokens"] = new(Slot.CacheReadTokens, 15, NameTraits.CachedIsPart),
        ["ai.usage.inputTokenDetails.cacheReadTokens"] = new(Slot.CacheReadTokens, 16, NameTraits.CachedIsPart),
        ["ai.usage.cachedInputTokens"] = new(Slot.CacheReadTokens, 17),
        ["llm.usage.cache_read_input_tokens"] = new(Slot.CacheReadTokens, 18),
        ["cache_read_input_tokens"] = new(Slot.CacheReadTokens, 19),
        ["cache_read_tokens"] = new(Slot.CacheReadTokens, 20),
        ["cached_input_tokens"] = new(Slot.CacheReadTokens, 21),

        ["gen_ai.usage.cache_write.input_tokens"] = new(Slot.CacheWriteTokens, 0, NameTraits.CachedIsPart),
        ["gen_ai.usage.cache_creation.input_tokens"] = new(Slot.CacheWriteTokens, 1, NameTraits.CachedIsPart),
        ["gen_ai.usage.cache_creation_input_tokens"] = new(Slot.CacheWriteTokens, 2),
        ["gen_ai.usage.cache_write_input_tokens"] = new(Slot.CacheWriteTokens, 3),
        ["gen_ai.usage.cache_write_tokens"] = new(Slot.CacheWriteTokens, 4),
        ["gen_ai.usage.cache_creation_tokens"] = new(Slot.CacheWriteTokens, 5),
        ["llm.token_count.prompt_details.cache_write"] = new(Slot.CacheWriteTokens, 6, NameTraits.CachedIsPart),
        ["gen_ai.usage.input_tokens.cache_write"] = new(Slot.CacheWriteTokens, 7, NameTraits.CachedIsPart),
        ["gen_ai.usage.details.cache_write_tokens"] = new(Slot.CacheWriteTokens, 8, NameTraits.CachedIsPart),
        ["gen_ai.usage.details.cache_creation_input_tokens"] = new(Slot.CacheWriteTokens, 9, NameTraits.CachedIsPart),
        ["ai.usage.inputTokenDetails.cacheWriteTokens"] = new(Slot.CacheWriteTokens, 10, NameTraits.CachedIsPart),
        ["llm.usage.cache_creation_input_tokens"] = new(Slot.CacheWriteTokens, 11),
        ["cache_creation_input_tokens"] = new(Slot.CacheWriteTokens, 12),
        ["cache_write_input_tokens"] = new(Slot.CacheWriteTokens, 13),
        ["cache_write_tokens"] = new(Slot.CacheWriteTokens, 14),
        ["cache_creation_tokens"] = new(Slot.CacheWriteTokens, 15),
        ["gen_ai.usage.prompt_tokens_details.cache_creation_tokens"] = new(Slot.CacheWriteTokens, 16, NameTraits.CachedIsPart),

        ["gen_ai.usage.reasoning.output_tokens"] = new(Slot.ReasoningTokens, 0),
        ["gen_ai.usage.reasoning_tokens"] = new(Slot.ReasoningTokens, 1),
        ["llm.token_count.completion_details.reasoning"] = new(Slot.ReasoningTokens, 2),
        ["gen_ai.usage.output_tokens.reasoning"] = new(Slot.ReasoningTokens, 3),
        ["gen_ai.usage.details.reasoning_tokens"] = new(Slot.ReasoningTokens, 4),
        ["gen_ai.usage.details.thoughts_tokens"] = new(Slot.ReasoningTokens, 5),
        ["gen_ai.usage.details.thinking_tokens"] = new(Slot.ReasoningTokens, 6),
        ["gen_ai.usage.experimental.reasoning_tokens"] = new(Slot.ReasoningTokens, 7, NameTraits.ReasoningIsExtra),
        ["ai.usage.outputTokenDetails.reasoningTokens"] = new(Slot.ReasoningTokens, 8),
        ["ai.usage.reasoningTokens"] = new(Slot.ReasoningTokens, 9),
        ["llm.usage.reasoning_tokens"] = new(Slot.ReasoningTokens, 10),
        ["gen_ai.usage.completion_tokens_details.reasoning_tokens"] = new(Slot.ReasoningTokens, 11),

        ["gen_ai.usage.total_tokens"] = new(Slot.TotalTokens, 0),
        ["llm.token_count.total"] = new(Slot.TotalTokens, 1),
        ["llm.usage.total_tokens"] = new(Slot.TotalTokens, 2),

        ["ai.usage.totalTokens"] = new(Slot.AiSdkTotal, 0),

        ["ai.response.providerMetadata"] = new(Slot.ProviderMetadata, 0),

        ["gen_ai.usage.input_token_details"] = new(Slot.InputDetails, 0),

        ["gen_ai.usage.output_token_details"] = new(Slot.OutputDetails, 0),

        ["gen_ai.usage.raw"] = new(Slot.RawUsage, 0),

        ["mlflow.chat.tokenUsage"] = new(Slot.MlflowUsage, 0),

        ["mlflow.llm.cost"] = new(Slot.MlflowCost, 0),

        ["genkit:output"] = new(Slot.GenkitOutput, 0),

        ["gen_ai.usage.cost"] = new(Slot.Cost, 0),
        ["gen_ai.usage.cost.amount"] = new(Slot.Cost, 1),
        ["gen_ai.usage.total_cost"] = new(Slot.Cost, 2),
        ["gen_ai.cost.total_cost"] = new(Slot.Cost, 3),
        ["litellm.cost.total"] = new(Slot.Cost, 4),
        ["llm.cost.total"] = new(Slot.Cost, 5),
        ["operation.cost"] = new(Slot.Cost, 6),
        ["gen_ai.cost.total_tokens"] = new(Slot.Cost, 7),

        ["gen_ai.usage.cost.currency"] = new(Slot.Currency, 0),

        ["gen_ai.request.stream"] = new(Slot.Streamed, 0),
        ["gen_ai.is_streaming"] = new(Slot.Streamed, 1),
        ["gen_ai.request.is_stream"] = new(Slot.Streamed, 2),
        ["gen_ai.response.streaming"] = new(Slot.Streamed, 3),
        ["llm.is_streaming"] = new(Slot.Streamed, 4),
        ["litellm.request.streaming"] = new(Slot.Streamed, 5),
        ["langsmith.request.streaming"] = new(Slot.Streamed, 6),

        ["gen_ai.response.time_to_first_chunk"] = new(Slot.TimeToFirstToken, 0),
        ["gen_ai.client.operation.time_to_first_chunk"] = new(Slot.TimeToFirstToken, 1),
        ["gen_ai.response.time_to_first_token"] = new(Slot.TimeToFirstToken, 2),
        ["gen_ai.server.time_to_first_token"] = new(Slot.TimeToFirstToken, 3),
        ["gen_ai.server.ttft"] = new(Slot.TimeToFirstToken, 4),
        ["ai.response.msToFirstChunk"] = new(Slot.TimeToFirstToken, 5, NameTraits.Milliseconds),
        ["ai.stream.msToFirstChunk"] = new(Slot.TimeToFirstToken, 6, NameTraits.Milliseconds),
        ["ttft_ms"] = new(Slot.TimeToFirstToken, 7, NameTraits.Milliseconds),
        ["mastra.completion_start_time"] = new(Slot.TimeToFirstToken, 8, NameTraits.Instant),
        ["langfuse.observation.completion_start_time"] = new(Slot.TimeToFirstToken, 9, NameTraits.Instant),

        ["gen_ai.response.finish_reasons"] = new(Slot.FinishReason, 0),
        ["gen_ai.response.finish_reason"] = new(Slot.FinishReason, 1),
        ["gen_ai.completion.0.finish_reason"] = new(Slot.FinishReason, 2),
        ["llm.finish_reason"] = new(Slot.FinishReason, 3),
        ["llm.response.finish_reason"] = new(Slot.FinishReason, 4),
        ["llm.response.stop_reason"] = new(Slot.FinishReason, 5),
        ["ai.response.finishReason"] = new(Slot.FinishReason, 6),
        ["stop_reason"] = new(Slot.FinishReason, 7),
        ["gen_ai.response.stop_reason"] = new(Slot.FinishReason, 8),

        ["user.id"] = new(Slot.User, 0),
        ["enduser.id"] = new(Slot.User, 1),
        ["gen_ai.request.user"] = new(Slot.User, 2),
        ["llm.user"] = new(Slot.User, 3),
        ["traceloop.association.properties.user_id"] = new(Slot.User, 4),
        ["ai.telemetry.metadata.userId"] = new(Slot.User, 5),
        ["langsmith.metadata.user_id"] = new(Slot.User, 6),
        ["langfuse.user.id"] = new(Slot.User, 7),
        ["litellm.end_user.id"] = new(Slot.User, 8),
        ["gen_ai.user"] = new(Slot.User, 9),

        ["gen_ai.conversation.id"] = new(Slot.Conversation, 0),
        ["session.id"] = new(Slot.Conversation, 1),
        ["traceloop.association.properties.conversation_id"] = new(Slot.Conversation, 2),
        ["traceloop.association.properties.session_id"] = new(Slot.Conversation, 3),
        ["traceloop.association.properties.chat_id"] = new(Slot.Conversation, 4),
        ["ai.telemetry.metadata.sessionId"] = new(Slot.Conversation, 5),
        ["langsmith.metadata.session_id"] = new(Slot.Conversation, 6),
        ["langsmith.metadata.thread_id"] = new(Slot.Conversation, 7),
        ["langfuse.session.id"] = new(Slot.Conversation, 8),
        ["gcp.vertex.agent.session_id"] = new(Slot.Conversation, 9),

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
