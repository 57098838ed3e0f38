namespace Analytics.Ingest.Tests.Calls.Dialects;

/// <summary>Vercel's AI SDK, versions 4 to 7.</summary>
internal static class AiSdkCases
{
    private const string Legacy = "vercel/ai packages/otel/src/legacy-open-telemetry.ts @02694f4";
    private const string Snapshot = "vercel/ai packages/otel/src/__snapshots__/legacy-open-telemetry.test.ts.snap @283244f";
    private const string Newest = "vercel/ai packages/otel/src/open-telemetry.ts @07c70b7";

    public static readonly DialectCase[] All =
    [
        new("AI SDK 4: generateText", "vercel/ai packages/ai/core/generate-text/generate-text.ts, version 4",
            [
                new("ai.generateText", ("ai.operationId", "ai.generateText"), ("ai.model.id", "gpt-4o"),
                    ("ai.model.provider", "openai.chat"), ("ai.usage.promptTokens", 14), ("ai.usage.completionTokens", 6),
                    ("ai.response.finishReason", "stop")),
                new("ai.generateText.doGenerate", ("ai.operationId", "ai.generateText.doGenerate"), ("ai.model.id", "gpt-4o"),
                    ("ai.model.provider", "openai.chat"), ("ai.response.finishReason", "stop"), ("ai.response.model", "gpt-4o-2024-08-06"),
                    ("ai.usage.promptTokens", 14), ("ai.usage.completionTokens", 6), ("gen_ai.system", "openai.chat"),
                    ("gen_ai.request.model", "gpt-4o"), ("gen_ai.response.finish_reasons", new[] { "stop" }),
                    ("gen_ai.response.model", "gpt-4o-2024-08-06"), ("gen_ai.usage.input_tokens", 14), ("gen_ai.usage.output_tokens", 6)),
            ],
            new StoredCall("openai", "gpt-4o-2024-08-06", 14, 6) { FinishReason = "stop" }),
        new("AI SDK 5: Anthropic's input tokens come without cached ones", Legacy + ", with @ai-sdk/anthropic 2.0.112",
            [
                // usage: input_tokens 4, cache_creation_input_tokens 300, cache_read_input_tokens 1000, output_tokens 20.
                new("ai.generateText", ("ai.operationId", "ai.generateText"), ("ai.model.id", "claude-sonnet-4-5"),
                    ("ai.model.provider", "anthropic.messages"), ("ai.usage.inputTokens", 4), ("ai.usage.outputTokens", 20),
                    ("ai.usage.totalTokens", 24), ("ai.usage.cachedInputTokens", 1000)),
                new("ai.generateText.doGenerate", ("ai.operationId", "ai.generateText.doGenerate"), ("ai.model.id", "claude-sonnet-4-5"),
                    ("ai.model.provider", "anthropic.messages"), ("gen_ai.system", "anthropic.messages"),
                    ("gen_ai.request.model", "claude-sonnet-4-5"), ("gen_ai.response.model", "claude-sonnet-4-5-20250929"),
                    ("gen_ai.response.finish_reasons", new[] { "stop" }),
                    ("ai.response.providerMetadata", """{"anthropic":{"cacheCreationInputTokens":300,"usage":{"input_tokens":4}}}"""),
                    ("ai.usage.inputTokens", 4), ("ai.usage.outputTokens", 20), ("ai.usage.totalTokens", 24),
                    ("ai.usage.cachedInputTokens", 1000), ("gen_ai.usage.input_tokens", 4), ("gen_ai.usage.output_tokens", 20)),
            ],
            new StoredCall("anthropic", "claude-sonnet-4-5-20250929", 1304, 20)
            {
                CacheRead = 1000,
                CacheWrite = 300,
                FinishReason = "stop",
            }),
        new("AI SDK 5: Gemini's thoughts come on top of the output", Legacy
            + ", with packages/google/src/google-generative-ai-language-model.ts of @ai-sdk/google 2",
            [
                new("ai.generateText.doGenerate", ("ai.operationId", "ai.generateText.doGenerate"), ("ai.model.id", "gemini-2.5-pro"),
                    ("ai.model.provider", "google.generative-ai"), ("gen_ai.system", "google.generative-ai"),
                    ("gen_ai.request.model", "gemini-2.5-pro"), ("gen_ai.response.model", "gemini-2.5-pro"),
                    ("ai.usage.inputTokens", 100), ("ai.usage.outputTokens", 20), ("ai.usage.totalTokens", 170),
                    ("ai.usage.reasoningTokens", 50), ("ai.usage.cachedInputTokens", 40), ("gen_ai.usage.input_tokens", 100),
                    ("gen_ai.usage.output_tokens", 20)),
            ],
            new StoredCall("gcp.gemini", "gemini-2.5-pro", 100, 70) { CacheRead = 40, Reasoning = 50 }),
        new("AI SDK 6: Gemini's output holds the thoughts", Snapshot,
            [
                new("ai.generateText.doGenerate", ("ai.operationId", "ai.generateText.doGenerate"), ("ai.model.id", "gemini-2.5-pro"),
                    ("ai.model.provider", "google.generative-ai"), ("gen_ai.system", "google.generative-ai"),
                    ("gen_ai.request.model", "gemini-2.5-pro"), ("ai.usage.inputTokens", 100), ("ai.usage.outputTokens", 70),
                    ("ai.usage.totalTokens", 170), ("ai.usage.outputTokenDetails.reasoningTokens", 50), ("ai.usage.reasoningTokens", 50),
                    ("gen_ai.usage.input_tokens", 100), ("gen_ai.usage.output_tokens", 70)),
            ],
            new StoredCall("gcp.gemini", "gemini-2.5-pro", 100, 70) { Reasoning = 50 }),
        new("AI SDK 5: streamText with a user and a session", Legacy,
            [
                new("ai.streamText", ("ai.operationId", "ai.streamText"), ("ai.model.id", "gpt-4o"),
                    ("ai.model.provider", "openai.responses"), ("ai.usage.inputTokens", 14), ("ai.usage.outputTokens", 6)),
                new("ai.streamText.doStream", ("ai.operationId", "ai.streamText.doStream"), ("ai.model.id", "gpt-4o"),
                    ("ai.model.provider", "openai.responses"), ("gen_ai.system", "openai.responses"), ("gen_ai.request.model", "gpt-4o"),
                    ("ai.response.msToFirstChunk", 412.75), ("ai.response.msToFinish", 1900.5), ("ai.response.finishReason", "stop"),
                    ("gen_ai.response.model", "gpt-4o-2024-08-06"), ("gen_ai.response.finish_reasons", new[] { "stop" }),
                    ("ai.usage.inputTokens", 14), ("ai.usage.outputTokens", 6), ("ai.usage.totalTokens", 20),
                    ("ai.usage.cachedInputTokens", 8), ("ai.usage.reasoningTokens", 2), ("gen_ai.usage.input_tokens", 14),
                    ("gen_ai.usage.output_tokens", 6), ("ai.telemetry.metadata.userId", "u-1"),
                    ("ai.telemetry.metadata.sessionId", "s-1")),
                new("ai.toolCall", ("ai.operationId", "ai.toolCall"), ("ai.toolCall.name", "add")),
            ],
            new StoredCall("openai", "gpt-4o-2024-08-06", 14, 6)
            {
                CacheRead = 8,
                Reasoning = 2,
                FirstToken = 0.41275,
                FinishReason = "stop",
                User = "u-1",
                Session = "s-1",
            }),
        new("AI SDK 6: Anthropic's input tokens hold cached ones", Snapshot,
            [
                new("ai.generateText", ("ai.operationId", "ai.generateText"), ("ai.model.id", "claude-sonnet-4-5"),
                    ("ai.model.provider", "anthropic.messages"), ("ai.usage.inputTokens", 1304), ("ai.usage.outputTokens", 20),
                    ("ai.usage.totalTokens", 1324), ("ai.usage.cachedInputTokens", 1000)),
                new("ai.generateText.doGenerate", ("ai.operationId", "ai.generateText.doGenerate"), ("ai.model.id", "claude-sonnet-4-5"),
                    ("ai.model.provider", "anthropic.messages"), ("gen_ai.system", "anthropic.messages"),
                    ("gen_ai.request.model", "claude-sonnet-4-5"), ("gen_ai.response.model", "claude-sonnet-4-5-20250929"),
                    ("ai.usage.inputTokens", 1304), ("ai.usage.outputTokens", 20), ("ai.usage.totalTokens", 1324),
                    ("ai.usage.inputTokenDetails.noCacheTokens", 4), ("ai.usage.inputTokenDetails.cacheReadTokens", 1000),
                    ("ai.usage.inputTokenDetails.cacheWriteTokens", 300), ("ai.usage.outputTokenDetails.reasoningTokens", 0),
                    ("ai.usage.cachedInputTokens", 1000),
                    ("ai.response.providerMetadata", """{"anthropic":{"usage":{"input_tokens":4,"cache_creation_input_tokens":300}}}"""),
                    ("gen_ai.usage.input_tokens", 1304), ("gen_ai.usage.output_tokens", 20)),
            ],
            new StoredCall("anthropic", "claude-sonnet-4-5-20250929", 1304, 20) { CacheRead = 1000, CacheWrite = 300, Reasoning = 0 }),
        new("AI SDK 6: embedMany in two requests", Snapshot,
            [
                new("ai.embedMany", ("ai.operationId", "ai.embedMany"), ("ai.model.id", "text-embedding-3-small"),
                    ("ai.model.provider", "openai.embedding"), ("ai.usage.tokens", 20)),
                new("ai.embedMany.doEmbed", ("ai.operationId", "ai.embedMany.doEmbed"), ("ai.model.id", "text-embedding-3-small"),
                    ("ai.model.provider", "openai.embedding"), ("ai.usage.tokens", 12)),
                new("ai.embedMany.doEmbed", ("ai.operationId", "ai.embedMany.doEmbed"), ("ai.model.id", "text-embedding-3-small"),
                    ("ai.model.provider", "openai.embedding"), ("ai.usage.tokens", 8)),
            ],
            new StoredCall("openai", "text-embedding-3-small", 12, null) { Operation = "embeddings" },
            new StoredCall("openai", "text-embedding-3-small", 8, null) { Operation = "embeddings" }),
        new("AI SDK 7: agent, step and chat", Newest,
            [
                new("invoke_agent", ("gen_ai.operation.name", "invoke_agent"), ("gen_ai.provider.name", "anthropic"),
                    ("gen_ai.request.model", "claude-sonnet-4-5"), ("gen_ai.usage.input_tokens", 1304), ("gen_ai.usage.output_tokens", 20)),
                new("step 0", ("gen_ai.operation.name", "agent_step"), ("ai.usage.inputTokenDetails.cacheReadTokens", 1000),
                    ("ai.usage.outputTokenDetails.textTokens", 20)),
                new("chat claude-sonnet-4-5", ("gen_ai.operation.name", "chat"), ("gen_ai.provider.name", "anthropic"),
                    ("gen_ai.request.model", "claude-sonnet-4-5"), ("gen_ai.response.model", "claude-sonnet-4-5-20250929"),
                    ("gen_ai.response.finish_reasons", new[] { "stop" }), ("gen_ai.client.operation.time_to_first_chunk", 0.412),
                    ("gen_ai.usage.input_tokens", 1304), ("gen_ai.usage.output_tokens", 20),
                    ("gen_ai.usage.cache_read.input_tokens", 1000), ("gen_ai.usage.cache_creation.input_tokens", 300)),
                new("execute_tool add", ("gen_ai.operation.name", "execute_tool"), ("gen_ai.tool.name", "add")),
            ],
            new StoredCall("anthropic", "claude-sonnet-4-5-20250929", 1304, 20)
            {
                CacheRead = 1000,
                CacheWrite = 300,
                FirstToken = 0.412,
                FinishReason = "stop",
            }),
        new("AI SDK 7: embeddings and rerank", Newest,
            [
                new("embeddings text-embedding-3-small", ("gen_ai.operation.name", "embeddings"), ("gen_ai.provider.name", "openai"),
                    ("gen_ai.request.model", "text-embedding-3-small")),
                new("embeddings text-embedding-3-small", ("gen_ai.operation.name", "embeddings"), ("gen_ai.provider.name", "openai"),
                    ("gen_ai.request.model", "text-embedding-3-small"), ("gen_ai.usage.input_tokens", 12)),
                new("rerank rerank-v3.5", ("gen_ai.operation.name", "rerank"), ("gen_ai.provider.name", "cohere"),
                    ("gen_ai.request.model", "rerank-v3.5")),
            ],
            new StoredCall("openai", "text-embedding-3-small", 12, null) { Operation = "embeddings" }),
        new("AI SDK 7: Azure under the name of its inference API", Newest,
            [
                new("chat gpt-4o", ("gen_ai.operation.name", "chat"), ("gen_ai.provider.name", "azure.ai.inference"),
                    ("gen_ai.request.model", "gpt-4o"), ("gen_ai.usage.input_tokens", 14), ("gen_ai.usage.output_tokens", 6)),
            ],
            new StoredCall("azure.ai.inference", "gpt-4o", 14, 6)),
    ];
}
