namespace Analytics.Ingest.Tests.Calls.Dialects;

/// <summary>OpenLLMetry and OpenLIT.</summary>
internal static class TraceloopCases
{
    private const string OpenLlmetry = "traceloop/openllmetry packages/";
    private const string OpenLit = "openlit/openlit sdk/python/src/openlit/";

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
        new("OpenLLMetry: newest names",
            OpenLlmetry + "opentelemetry-semantic-conventions-ai/opentelemetry/semconv_ai/__init__.py @93429cf",
            [
                new("openai.chat", ("gen_ai.operation.name", "chat"), ("gen_ai.provider.name", "openai"), ("gen_ai.request.model", "gpt-5"),
                    ("gen_ai.is_streaming", true), ("gen_ai.user", "u-1"), ("gen_ai.openai.api_base", "https://api.openai.com/v1/"),
                    ("gen_ai.response.model", "gpt-5-2025-08-07"), ("gen_ai.response.finish_reasons", new[] { "stop" }),
                    ("gen_ai.usage.input_tokens", 1500), ("gen_ai.usage.output_tokens", 300), ("gen_ai.usage.total_tokens", 1800),
                    ("gen_ai.usage.cache_read.input_tokens", 1024), ("gen_ai.usage.reasoning_tokens", 256)),
            ],
            new StoredCall("openai", "gpt-5-2025-08-07", 1500, 300)
            {
                CacheRead = 1024,
                Reasoning = 256,
                Streamed = true,
                FinishReason = "stop",
                User = "u-1",
            }),
        new("OpenLLMetry Bedrock: a total of its own without the cached tokens",
            OpenLlmetry + "opentelemetry-instrumentation-bedrock/opentelemetry/instrumentation/bedrock/span_utils.py @93429cf",
            [
                // usage: inputTokens 4, cacheReadInputTokens 1000, cacheWriteInputTokens 300, outputTokens 20.
                new("chat claude-sonnet-4-5-20250929-v1:0", ("gen_ai.operation.name", "chat"), ("gen_ai.provider.name", "aws.bedrock"),
                    ("gen_ai.request.model", "anthropic.claude-sonnet-4-5-20250929-v1:0"), ("gen_ai.usage.input_tokens", 4),
                    ("gen_ai.usage.output_tokens", 20), ("gen_ai.usage.total_tokens", 24),
                    ("gen_ai.usage.cache_read_input_tokens", 1000), ("gen_ai.usage.cache_creation_input_tokens", 300)),
            ],
            new StoredCall("aws.bedrock", "anthropic.claude-sonnet-4-5-20250929-v1:0", 1304, 20)
            {
                CacheRead = 1000,
                CacheWrite = 300,
                Contradictions = "total_disagrees",
            }),
        new("OpenLIT: chat with cost", OpenLit + "semcov/__init__.py @018fe1f",
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
        new("OpenLIT: Azure, the older name of the time to the first token", OpenLit + "semcov/__init__.py @018fe1f",
            [
                new("chat gpt-4o", ("gen_ai.operation.name", "chat"), ("gen_ai.system", "az.ai.openai"), ("gen_ai.request.model", "gpt-4o"),
                    ("server.address", "eu.openai.azure.com"), ("gen_ai.request.is_stream", false), ("gen_ai.server.ttft", 1.5),
                    ("gen_ai.usage.input_tokens", 11), ("gen_ai.usage.output_tokens", 9)),
            ],
            new StoredCall("azure.ai.openai", "gpt-4o", 11, 9) { Streamed = false, FirstToken = 1.5 }),
        new("OpenLIT: framework and vector store around an embedding", OpenLit + "semcov/__init__.py @018fe1f",
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
        new("OpenLIT Anthropic: cached tokens come on top of the input", OpenLit + "instrumentation/anthropic/utils.py @ad20b7b",
            [
                // usage: input_tokens 900, cache_read_input_tokens 400, cache_creation_input_tokens 0, output_tokens 20.
                new("chat claude-sonnet-4-5", ("telemetry.sdk.name", "openlit"), ("gen_ai.operation.name", "chat"),
                    ("gen_ai.provider.name", "anthropic"), ("server.address", "api.anthropic.com"),
                    ("gen_ai.request.model", "claude-sonnet-4-5"), ("gen_ai.response.model", "claude-sonnet-4-5-20250929"),
                    ("gen_ai.request.stream", false), ("gen_ai.request.top_k", 1.0),
                    ("gen_ai.response.finish_reasons", new[] { "end_turn" }),
                    ("gen_ai.usage.input_tokens", 900), ("gen_ai.usage.output_tokens", 20), ("gen_ai.client.token.usage", 920),
                    ("gen_ai.usage.cost", 0.00312), ("gen_ai.usage.cache_read.input_tokens", 400),
                    ("gen_ai.usage.cache_creation.input_tokens", 0)),
            ],
            new StoredCall("anthropic", "claude-sonnet-4-5-20250929", 1300, 20)
            {
                CacheRead = 400,
                CacheWrite = 0,
                Streamed = false,
                Cost = 0.00312m,
                FinishReason = "end_turn",
            }),
        new("OpenLIT LangChain: cached tokens are a part of the input", OpenLit + "instrumentation/langchain/utils.py @ad20b7b",
            [
                new("chat claude-sonnet-4-5", ("telemetry.sdk.name", "openlit"), ("gen_ai.operation.name", "chat"),
                    ("gen_ai.provider.name", "anthropic"), ("gen_ai.request.model", "claude-sonnet-4-5"),
                    ("gen_ai.usage.input_tokens", 1300), ("gen_ai.usage.output_tokens", 20),
                    ("gen_ai.usage.cache_read.input_tokens", 400), ("gen_ai.usage.cache_creation.input_tokens", 0)),
            ],
            new StoredCall("anthropic", "claude-sonnet-4-5", 1300, 20) { CacheRead = 400, CacheWrite = 0 }),
        new("OpenLIT Gemini: thoughts come on top of the output", OpenLit + "instrumentation/google_ai_studio/utils.py @ad20b7b",
            [
                new("chat gemini-2.5-pro", ("telemetry.sdk.name", "openlit"), ("gen_ai.operation.name", "chat"),
                    ("gen_ai.provider.name", "gemini"), ("gen_ai.request.model", "gemini-2.5-pro"), ("gen_ai.usage.input_tokens", 100),
                    ("gen_ai.usage.output_tokens", 20), ("gen_ai.client.token.usage", 120), ("gen_ai.usage.reasoning_tokens", 50),
                    ("gen_ai.usage.cache_read.input_tokens", 40)),
            ],
            new StoredCall("gcp.gemini", "gemini-2.5-pro", 100, 70) { CacheRead = 40, Reasoning = 50 }),
        new("OpenLIT pydantic-ai: nodes of a graph around a request", OpenLit + "instrumentation/pydantic_ai/utils.py @ad20b7b",
            [
                new("invoke_workflow graph", ("telemetry.sdk.name", "openlit"), ("gen_ai.operation.name", "invoke_workflow"),
                    ("gen_ai.provider.name", "pydantic_ai")),
                new("user_prompt_processing user_input", ("gen_ai.operation.name", "user_prompt_processing"),
                    ("gen_ai.provider.name", "pydantic_ai"), ("gen_ai.request.model", "gpt-4o"), ("server.address", "127.0.0.1")),
                new("model_request llm", ("gen_ai.operation.name", "model_request"), ("gen_ai.provider.name", "pydantic_ai"),
                    ("gen_ai.request.model", "gpt-4o"), ("server.address", "api.openai.com")),
                new("chat gpt-4o", ("telemetry.sdk.name", "openlit"), ("gen_ai.operation.name", "chat"), ("gen_ai.provider.name", "openai"),
                    ("gen_ai.request.model", "gpt-4o"), ("gen_ai.usage.input_tokens", 11), ("gen_ai.usage.output_tokens", 9)),
            ],
            new StoredCall("openai", "gpt-4o", 11, 9)),
    ];
}
