namespace Analytics.Ingest.Tests.Calls.Dialects;

/// <summary>Libraries for .NET and Java.</summary>
internal static class ManagedCases
{
    private const string SemanticKernel =
        "microsoft/semantic-kernel dotnet/src/InternalUtilities/src/Diagnostics/ModelDiagnostics.cs @037139f";
    private const string Extensions =
        "dotnet/extensions src/Libraries/Microsoft.Extensions.AI/ChatCompletion/OpenTelemetryChatClient.cs @0120286";
    private const string SpringAi =
        "spring-projects/spring-ai spring-ai-docs/src/main/antora/modules/ROOT/pages/observability/index.adoc @30eb3ce";

    public static readonly DialectCase[] All =
    [
        new("Semantic Kernel: names of its own", SemanticKernel,
            [
                new("chat.completions gpt-4o", ("gen_ai.operation.name", "chat.completions"), ("gen_ai.system", "openai"),
                    ("gen_ai.request.model", "gpt-4o"), ("gen_ai.response.id", "chatcmpl-1"), ("gen_ai.response.finish_reason", "[Stop]"),
                    ("gen_ai.response.prompt_tokens", 15), ("gen_ai.response.completion_tokens", 4)),
            ],
            new StoredCall("openai", "gpt-4o", 15, 4) { FinishReason = "Stop" }),
        new("Semantic Kernel: streamed, usage unknown", SemanticKernel,
            [
                new("text.completions gemini-2.5-flash", ("gen_ai.operation.name", "text.completions"), ("gen_ai.system", "google"),
                    ("gen_ai.request.model", "gemini-2.5-flash"), ("gen_ai.response.prompt_tokens", -1),
                    ("gen_ai.response.completion_tokens", -1)),
            ],
            new StoredCall("gcp.gemini", "gemini-2.5-flash", null, null) { Operation = "text_completion" }),
        new("Semantic Kernel: function around a call", SemanticKernel,
            [
                new("execute_tool get_time", ("gen_ai.operation.name", "execute_tool"), ("gen_ai.tool.name", "get_time")),
                new("chat.completions gpt-4o", ("gen_ai.operation.name", "chat.completions"), ("gen_ai.system", "openai"),
                    ("gen_ai.request.model", "gpt-4o"), ("gen_ai.usage.input_tokens", 15), ("gen_ai.usage.output_tokens", 4)),
            ],
            new StoredCall("openai", "gpt-4o", 15, 4)),
        new("Microsoft.Extensions.AI: a streamed chat", Extensions,
            [
                new("chat gpt-5", ("gen_ai.operation.name", "chat"), ("gen_ai.request.model", "gpt-5"), ("gen_ai.provider.name", "openai"),
                    ("gen_ai.request.stream", true), ("server.address", "api.openai.com"), ("server.port", 443),
                    ("gen_ai.conversation.id", "conv-1"), ("gen_ai.response.finish_reasons", """["stop"]"""),
                    ("gen_ai.response.id", "resp-1"), ("gen_ai.response.model", "gpt-5-2025-08-07"),
                    ("gen_ai.response.time_to_first_chunk", 0.9), ("gen_ai.usage.input_tokens", 1500),
                    ("gen_ai.usage.output_tokens", 300), ("gen_ai.usage.cache_read.input_tokens", 1024),
                    ("gen_ai.usage.reasoning.output_tokens", 256)),
            ],
            new StoredCall("openai", "gpt-5-2025-08-07", 1500, 300)
            {
                CacheRead = 1024,
                Reasoning = 256,
                Streamed = true,
                FirstToken = 0.9,
                FinishReason = "stop",
                Session = "conv-1",
            }),
        new("Microsoft.Extensions.AI: a client for Azure, failed", Extensions,
            [
                new("chat gpt-5", ("gen_ai.operation.name", "chat"), ("gen_ai.request.model", "gpt-5"), ("gen_ai.provider.name", "openai"),
                    ("server.address", "eu.openai.azure.com"), ("error.type", "System.ClientModel.ClientResultException"))
                { Failed = true },
            ],
            new StoredCall("azure.ai.openai", "gpt-5", null, null) { Error = "System.ClientModel.ClientResultException" }),
        new("Microsoft.Extensions.AI: embeddings",
            "dotnet/extensions src/Libraries/Microsoft.Extensions.AI/Embeddings/OpenTelemetryEmbeddingGenerator.cs @0afaa76",
            [
                new("embeddings text-embedding-3-small", ("gen_ai.operation.name", "embeddings"),
                    ("gen_ai.request.model", "text-embedding-3-small"), ("gen_ai.provider.name", "openai"),
                    ("server.address", "api.openai.com"), ("server.port", 443), ("gen_ai.embeddings.dimension.count", 512),
                    ("gen_ai.usage.input_tokens", 9), ("gen_ai.response.model", "text-embedding-3-small")),
            ],
            new StoredCall("openai", "text-embedding-3-small", 9, null) { Operation = "embeddings" }),
        new("Spring AI: client, chat model and embedding model", SpringAi,
            [
                new("spring_ai chat_client", ("gen_ai.operation.name", "framework"), ("gen_ai.system", "spring_ai"),
                    ("spring.ai.kind", "chat_client"), ("spring.ai.chat.client.stream", "false")),
                new("chat gpt-4o", ("gen_ai.operation.name", "chat"), ("gen_ai.system", "openai"), ("gen_ai.request.model", "gpt-4o"),
                    ("gen_ai.response.model", "gpt-4o-2024-08-06"), ("gen_ai.response.finish_reasons", """["STOP"]"""),
                    ("gen_ai.usage.input_tokens", "15"), ("gen_ai.usage.output_tokens", "4"), ("gen_ai.usage.total_tokens", "19")),
                new("embedding text-embedding-3-small", ("gen_ai.operation.name", "embedding"), ("gen_ai.system", "openai"),
                    ("gen_ai.request.model", "text-embedding-3-small"), ("gen_ai.response.model", "text-embedding-3-small"),
                    ("gen_ai.usage.input_tokens", "6"), ("gen_ai.usage.total_tokens", "6")),
            ],
            new StoredCall("openai", "gpt-4o-2024-08-06", 15, 4) { FinishReason = "STOP" },
            new StoredCall("openai", "text-embedding-3-small", 6, null) { Operation = "embeddings" }),
        new("Spring AI: Vertex and Mistral", "spring-projects/spring-ai AiProvider.java @0470d30",
            [
                new("chat gemini-2.5-flash", ("gen_ai.operation.name", "chat"), ("gen_ai.system", "vertex_ai"),
                    ("gen_ai.request.model", "gemini-2.5-flash"), ("gen_ai.usage.input_tokens", "15"),
                    ("gen_ai.usage.output_tokens", "4"), ("gen_ai.usage.total_tokens", "19")),
                new("chat mistral-small-latest", ("gen_ai.operation.name", "chat"), ("gen_ai.system", "mistral_ai"),
                    ("gen_ai.request.model", "mistral-small-latest"), ("gen_ai.usage.input_tokens", "15"),
                    ("gen_ai.usage.output_tokens", "4"), ("gen_ai.usage.total_tokens", "19")),
            ],
            new StoredCall("gcp.vertex_ai", "gemini-2.5-flash", 15, 4),
            new StoredCall("mistral_ai", "mistral-small-latest", 15, 4)),
    ];
}
