namespace Analytics.Ingest.Tests.Calls.Dialects;

/// <summary>OpenLLMetry and OpenLIT.</summary>
internal static class TraceloopCases
{
    private const string OpenLlmetry = "traceloop/openllmetry packages/";
    private const string OpenLit = "openlit/openlit sdk/python/src/openlit/semcov/__init__.py @018fe1f";

    public static readonly DialectCase[] All =
    [
        new("OpenLLMetry OpenAI: chat", OpenLlmetry + "opentelemetry-instrumentation-openai/tests/traces/test_chat.py @d3031b2",
            [
                new("openai.chat", ("llm.request.type", "chat"), ("gen_ai.system", "openai"), ("gen_ai.request.model", "gpt-3.5-turbo"),
                    ("llm.headers", "None"), ("llm.is_streaming", false), ("gen_ai.openai.api_base", "https://api.openai.com/v1/"),
                    ("gen_ai.prompt.0.role", "user"), ("gen_ai.response.model", "gpt-3.5-turbo-0125"),
                    ("gen_ai.response.id", "chatcmpl-908MD9ivBBLb6EaIjlqwFokntayQK"), ("llm.usage.total_tokens", 30),
                    ("gen_ai.usage.input_tokens", 15), ("gen_ai.usage.output_tokens", 15),
                    ("gen_ai.completion.0.finish_reason", "stop"), ("gen_ai.completion.0.content", "Why did …")),
            ],
            new StoredCall("openai", "gpt-3.5-turbo-0125", 15, 15) { Streamed = false, FinishReason = "stop" }),
        new("OpenLLMetry OpenAI: a streamed chat of a client for another server",
            OpenLlmetry + "opentelemetry-instrumentation-openai/tests/traces/test_chat.py @d3031b2",
            [
                new("openai.chat", ("llm.request.type", "chat"), ("gen_ai.system", "openai"), ("gen_ai.request.model", "deepseek-chat"),
                    ("llm.is_streaming", true), ("gen_ai.openai.api_base", "https://api.deepseek.com/v1/"),
                    ("gen_ai.usage.input_tokens", 9), ("gen_ai.usage.output_tokens", 4)),
            ],
            new StoredCall("deepseek", "deepseek-chat", 9, 4) { Streamed = true }),
        new("OpenLLMetry before 1.28 of the conventions: prompt and completion tokens",
            OpenLlmetry + "opentelemetry-semantic-conventions-ai/opentelemetry/semconv_ai/__init__.py @0129a0a",
            [
                new("openai.completion", ("llm.request.type", "completion"), ("gen_ai.system", "OpenAI"),
                    ("gen_ai.request.model", "davinci-002"), ("gen_ai.usage.prompt_tokens", 8), ("gen_ai.usage.completion_tokens", 16),
                    ("llm.usage.total_tokens", 24), ("traceloop.association.properties.user_id", "u-1"),
                    ("traceloop.association.properties.session_id", "s-1")),
            ],
            new StoredCall("openai", "davinci-002", 8, 16) { Operation = "text_completion", User = "u-1", Session = "s-1" }),
        new("OpenLLMetry Anthropic: the input holds what was cached",
            OpenLlmetry + "opentelemetry-instrumentation-anthropic/opentelemetry/instrumentation/anthropic/__init__.py @0129a0a",
            [
                // usage: input_tokens 4, cache_creation_input_tokens 300, cache_read_input_tokens 1000, output_tokens 20.
                new("anthropic.chat", ("gen_ai.system", "Anthropic"), ("llm.request.type", "completion"),
                    ("gen_ai.request.model", "claude-3-5-sonnet-20240620"), ("gen_ai.response.model", "claude-3-5-sonnet-20240620"),
                    ("gen_ai.usage.input_tokens", 1304), ("gen_ai.usage.output_tokens", 20), ("llm.usage.total_tokens", 1324),
                    ("gen_ai.usage.cache_read_input_tokens", 1000), ("gen_ai.usage.cache_creation_input_tokens", 300)),
            ],
            new StoredCall("anthropic", "claude-3-5-sonnet-20240620", 1304, 20) { CacheRead = 1000, CacheWrite = 300 }),
        new("OpenLLMetry: embeddings", OpenLlmetry + "opentelemetry-semantic-conventions-ai/opentelemetry/semconv_ai/__init__.py @0129a0a",
            [
                new("openai.embeddings", ("llm.request.type", "embedding"), ("gen_ai.system", "openai"),
                    ("gen_ai.request.model", "text-embedding-ada-002"), ("gen_ai.response.model", "text-embedding-ada-002-v2"),
                    ("gen_ai.usage.input_tokens", 8), ("llm.usage.total_tokens", 8)),
            ],
            new StoredCall("openai", "text-embedding-ada-002-v2", 8, null) { Operation = "embeddings" }),
        new("OpenLLMetry: workflow, task and tool around a call",
            OpenLlmetry + "opentelemetry-semantic-conventions-ai/opentelemetry/semconv_ai/__init__.py @0129a0a",
            [
                new("joke.workflow", ("traceloop.span.kind", "workflow"), ("traceloop.entity.name", "joke")),
                new("write.task", ("traceloop.span.kind", "task"), ("traceloop.workflow.name", "joke")),
                new("openai.chat", ("llm.request.type", "chat"), ("gen_ai.system", "OpenAI"), ("gen_ai.request.model", "gpt-4o"),
                    ("gen_ai.usage.prompt_tokens", 15), ("gen_ai.usage.completion_tokens", 5), ("traceloop.workflow.name", "joke")),
                new("search.tool", ("traceloop.span.kind", "tool"), ("traceloop.entity.input", "{}")),
                new("rank", ("llm.request.type", "rerank"), ("gen_ai.system", "Cohere"), ("gen_ai.request.model", "rerank-v3.5")),
            ],
            new StoredCall("openai", "gpt-4o", 15, 5)),
        new("OpenLIT: chat with cost", OpenLit,
            [
                new("chat gpt-4o-mini", ("telemetry.sdk.name", "openlit"), ("gen_ai.operation.name", "chat"), ("gen_ai.system", "openai"),
                    ("gen_ai.request.model", "gpt-4o-mini"), ("gen_ai.response.model", "gpt-4o-mini-2024-07-18"),
                    ("server.address", "api.openai.com"), ("server.port", 443), ("gen_ai.request.is_stream", true),
                    ("gen_ai.request.user", "u-1"), ("gen_ai.usage.input_tokens", 11), ("gen_ai.usage.output_tokens", 9),
                    ("gen_ai.usage.total_tokens", 20), ("gen_ai.client.token.usage", 20), ("gen_ai.usage.cost", 0.00000705),
                    ("gen_ai.server.time_to_first_token", 0.41), ("gen_ai.server.time_per_output_token", 0.02),
                    ("gen_ai.response.finish_reasons", new[] { "stop" }), ("gen_ai.output.type", "text")),
            ],
            new StoredCall("openai", "gpt-4o-mini-2024-07-18", 11, 9)
            {
                Streamed = true,
                FirstToken = 0.41,
                Cost = 0.00000705m,
                FinishReason = "stop",
                User = "u-1",
            }),
        new("OpenLIT: Azure, the older name of the time to the first token", OpenLit,
            [
                new("chat gpt-4o", ("gen_ai.operation.name", "chat"), ("gen_ai.system", "az.ai.openai"), ("gen_ai.request.model", "gpt-4o"),
                    ("server.address", "eu.openai.azure.com"), ("gen_ai.request.is_stream", false), ("gen_ai.server.ttft", 1.5),
                    ("gen_ai.usage.input_tokens", 11), ("gen_ai.usage.output_tokens", 9)),
            ],
            new StoredCall("azure.ai.openai", "gpt-4o", 11, 9) { Streamed = false, FirstToken = 1.5 }),
        new("OpenLIT: framework and vector store around an embedding", OpenLit,
            [
                new("framework chain", ("gen_ai.operation.name", "framework"), ("gen_ai.system", "langchain"),
                    ("gen_ai.request.model", "gpt-4o"), ("gen_ai.usage.input_tokens", 11)),
                new("embeddings text-embedding-3-small", ("gen_ai.operation.name", "embeddings"), ("gen_ai.system", "openai"),
                    ("gen_ai.request.model", "text-embedding-3-small"), ("gen_ai.request.is_stream", false),
                    ("gen_ai.usage.input_tokens", 6), ("gen_ai.client.token.usage", 6), ("gen_ai.usage.cost", 0.00000012)),
                new("query index", ("gen_ai.operation.name", "vectordb"), ("db.system.name", "pinecone")),
            ],
            new StoredCall("openai", "text-embedding-3-small", 6, null)
            {
                Operation = "embeddings",
                Streamed = false,
                Cost = 0.00000012m,
            }),
    ];
}
