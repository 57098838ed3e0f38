namespace Analytics.Ingest.Tests.Calls.Dialects;

/// <summary>Mastra and Genkit.</summary>
internal static class JavaScriptCases
{
    private const string Mastra = "mastra-ai/mastra observability/otel-exporter/src/gen-ai-semantics.ts @087c72f";
    private const string Genkit = "firebase/genkit js/core/src/tracing/instrumentation.ts, as of @genkit-ai/core 1.42.0";

    /// <summary>Longer than a text that is decoded whole.</summary>
    private static readonly string Long = string.Concat(Enumerable.Repeat("A long answer. ", 1000));

    public static readonly DialectCase[] All =
    [
        new("Mastra: agent, steps and generation", Mastra,
            [
                new("invoke_agent weather", ("gen_ai.operation.name", "invoke_agent"), ("mastra.span.type", "agent_run"),
                    ("gen_ai.agent.name", "weather")),
                new("chat claude-sonnet-4-5", ("gen_ai.operation.name", "chat"), ("mastra.span.type", "model_generation"),
                    ("gen_ai.provider.name", "anthropic"), ("gen_ai.request.model", "claude-sonnet-4-5"),
                    ("gen_ai.response.model", "claude-sonnet-4-5-20250929"), ("gen_ai.response.finish_reasons", """["stop"]"""),
                    ("gen_ai.usage.input_tokens", 1304), ("gen_ai.usage.output_tokens", 20),
                    ("gen_ai.usage.cache_read.input_tokens", 1000), ("gen_ai.usage.cache_creation.input_tokens", 300),
                    ("gen_ai.usage.reasoning_tokens", 12), ("mastra.completion_start_time", "2026-11-22T12:30:00.625Z"),
                    ("gen_ai.conversation.id", "thread-1")),
                new("model_step", ("gen_ai.operation.name", "model_step"), ("mastra.span.type", "model_step")),
                new("execute_tool weather", ("gen_ai.operation.name", "execute_tool"), ("mastra.span.type", "tool_call"),
                    ("gen_ai.tool.name", "weather")),
            ],
            new StoredCall("anthropic", "claude-sonnet-4-5-20250929", 1304, 20)
            {
                CacheRead = 1000,
                CacheWrite = 300,
                Reasoning = 12,
                FirstToken = 0.625,
                FinishReason = "stop",
                Session = "thread-1",
            }),
        new("Mastra: embeddings of a document", Mastra,
            [
                new("embeddings text-embedding-3-small", ("gen_ai.operation.name", "embeddings"), ("mastra.span.type", "rag_embedding"),
                    ("gen_ai.provider.name", "openai"), ("gen_ai.request.model", "text-embedding-3-small"),
                    ("gen_ai.usage.input_tokens", 12)),
            ],
            new StoredCall("openai", "text-embedding-3-small", 12, null) { Operation = "embeddings" }),
        new("Genkit: flow, model and tool", Genkit,
            [
                new("menuFlow", ("genkit:name", "menuFlow"), ("genkit:type", "action"), ("genkit:metadata:subtype", "flow"),
                    ("genkit:isRoot", true), ("genkit:output", """{"usage":{"inputTokens":100,"outputTokens":20}}""")),
                new("googleai/gemini-2.5-flash", ("genkit:name", "googleai/gemini-2.5-flash"), ("genkit:type", "action"),
                    ("genkit:metadata:subtype", "model"), ("genkit:state", "success"), ("genkit:path", "/{menuFlow,t:flow}"),
                    ("genkit:output", """
                        {"message":{"role":"model","content":[{"text":"hi \"usage\":{\"inputTokens\":9}"}]},"finishReason":"stop",
                        """.Trim() + """
                        "usage":{"inputTokens":100,"outputTokens":20,"totalTokens":170,"thoughtsTokens":50,"cachedContentTokens":40}}
                        """.Trim())),
                new("getMenu", ("genkit:name", "getMenu"), ("genkit:type", "action"), ("genkit:metadata:subtype", "tool")),
            ],
            new StoredCall("gcp.gemini", "googleai/gemini-2.5-flash", 100, 70) { CacheRead = 40, Reasoning = 50 }),
        new("Genkit: a long answer, with the provider's own behind it", "firebase/genkit js/plugins/compat-oai/src/model.ts @038b20a",
            [
                new("openai/gpt-4o", ("genkit:name", "openai/gpt-4o"), ("genkit:type", "action"), ("genkit:metadata:subtype", "model"),
                    ("genkit:output", """{"finishReason":"stop","message":{"role":"model","content":[{"text":" """ + Long
                        + """ "}]},"usage":{"inputTokens":12,"outputTokens":2000,"totalTokens":2012},"raw":{"choices":[{"content":" """
                        + Long + """ "}],"usage":{"prompt_tokens":12,"completion_tokens":2000,"total_tokens":2012}}}""")),
            ],
            new StoredCall("openai", "openai/gpt-4o", 12, 2000)),
        new("Genkit: embedder", Genkit,
            [
                new("googleai/gemini-embedding-001", ("genkit:name", "googleai/gemini-embedding-001"), ("genkit:type", "action"),
                    ("genkit:metadata:subtype", "embedder"), ("genkit:output", """{"embeddings":[]}""")),
            ],
            new StoredCall("gcp.gemini", "googleai/gemini-embedding-001", null, null) { Operation = "embeddings" }),
    ];
}
