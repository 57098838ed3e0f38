namespace Analytics.Ingest.Tests.Calls.Dialects;

/// <summary>OpenTelemetry's GenAI conventions, each generation of names, and its own instrumentations.</summary>
internal static class OpenTelemetryCases
{
    private const string Conventions = "open-telemetry/semantic-conventions docs/gen-ai/gen-ai-spans.md ";
    private const string Newest = "open-telemetry/semantic-conventions-genai docs/gen-ai/";
    private const string Contrib = "open-telemetry/opentelemetry-python-contrib ";

    public static readonly DialectCase[] All =
    [
        new("OpenTelemetry 1.26: prompt and completion tokens", Conventions + "v1.26.0",
            [
                new("chat gpt-4", ("gen_ai.system", "openai"), ("gen_ai.request.model", "gpt-4"), ("gen_ai.request.max_tokens", 100),
                    ("gen_ai.response.id", "chatcmpl-123"), ("gen_ai.response.model", "gpt-4-0613"),
                    ("gen_ai.response.finish_reasons", new[] { "stop" }), ("gen_ai.usage.prompt_tokens", 100),
                    ("gen_ai.usage.completion_tokens", 180)),
            ],
            new StoredCall("openai", "gpt-4-0613", 100, 180) { FinishReason = "stop" }),
        new("OpenTelemetry 1.28: input and output tokens, system", Conventions + "v1.28.0",
            [
                new("chat gpt-4", ("gen_ai.operation.name", "chat"), ("gen_ai.system", "openai"), ("gen_ai.request.model", "gpt-4"),
                    ("server.address", "api.openai.com"), ("server.port", 443), ("gen_ai.response.model", "gpt-4-0613"),
                    ("gen_ai.response.finish_reasons", new[] { "stop", "length" }), ("gen_ai.usage.input_tokens", 100),
                    ("gen_ai.usage.output_tokens", 180)),
            ],
            new StoredCall("openai", "gpt-4-0613", 100, 180) { FinishReason = "stop" }),
        new("OpenTelemetry 1.37: provider name", Newest + "non-normative/examples-llm-calls.md @ca373bb",
            [
                new("chat gpt-4", ("gen_ai.provider.name", "openai"), ("gen_ai.operation.name", "chat"),
                    ("gen_ai.request.model", "gpt-4"), ("gen_ai.request.max_tokens", 200), ("gen_ai.request.top_p", 1.0),
                    ("gen_ai.response.id", "chatcmpl-9J3uIL87gldCFtiIbyaOvTeYBRA3l"), ("gen_ai.response.model", "gpt-4-0613"),
                    ("gen_ai.usage.output_tokens", 47), ("gen_ai.usage.input_tokens", 52),
                    ("gen_ai.response.finish_reasons", new[] { "stop" })),
            ],
            new StoredCall("openai", "gpt-4-0613", 52, 47) { FinishReason = "stop" }),
        new("OpenTelemetry 1.42: cache, reasoning, streaming and conversation", Newest + "gen-ai-spans.md @9430220",
            [
                new("chat claude-sonnet-4-5", ("gen_ai.operation.name", "chat"), ("gen_ai.provider.name", "anthropic"),
                    ("gen_ai.request.model", "claude-sonnet-4-5"), ("gen_ai.request.stream", true),
                    ("gen_ai.conversation.id", "conv_5j66UpCpwteGg4YSxUnt7lPY"), ("gen_ai.response.model", "claude-sonnet-4-5-20250929"),
                    ("gen_ai.response.finish_reasons", new[] { "stop" }), ("gen_ai.response.time_to_first_chunk", 0.5),
                    ("gen_ai.usage.input_tokens", 1000), ("gen_ai.usage.output_tokens", 180),
                    ("gen_ai.usage.cache_read.input_tokens", 400), ("gen_ai.usage.cache_write.input_tokens", 200),
                    ("gen_ai.usage.reasoning.output_tokens", 50)),
            ],
            new StoredCall("anthropic", "claude-sonnet-4-5-20250929", 1000, 180)
            {
                CacheRead = 400,
                CacheWrite = 200,
                Reasoning = 50,
                Streamed = true,
                FirstToken = 0.5,
                FinishReason = "stop",
                Session = "conv_5j66UpCpwteGg4YSxUnt7lPY",
            }),
        new("OpenTelemetry 1.40: cache creation", Newest + "anthropic.md @097af3f",
            [
                new("chat claude-opus-4-1", ("gen_ai.operation.name", "chat"), ("gen_ai.provider.name", "anthropic"),
                    ("gen_ai.request.model", "claude-opus-4-1"), ("gen_ai.usage.input_tokens", 150),
                    ("gen_ai.usage.output_tokens", 20), ("gen_ai.usage.cache_creation.input_tokens", 25),
                    ("gen_ai.usage.cache_read.input_tokens", 50)),
            ],
            new StoredCall("anthropic", "claude-opus-4-1", 150, 20) { CacheRead = 50, CacheWrite = 25 }),
        new("OpenTelemetry: a failed call", Conventions + "v1.37.0",
            [
                new("chat gpt-4", ("gen_ai.operation.name", "chat"), ("gen_ai.provider.name", "openai"),
                    ("gen_ai.request.model", "gpt-4"), ("error.type", "timeout")) { Failed = true },
            ],
            new StoredCall("openai", "gpt-4", null, null) { Error = "timeout" }),
        new("OpenTelemetry: embeddings", Newest + "client-embeddings.md @88eccb1",
            [
                new("embeddings text-embedding-3-small", ("gen_ai.operation.name", "embeddings"), ("gen_ai.provider.name", "openai"),
                    ("gen_ai.request.model", "text-embedding-3-small"), ("gen_ai.request.encoding_formats", new[] { "float" }),
                    ("gen_ai.embeddings.dimension.count", 512), ("gen_ai.usage.input_tokens", 100), ("server.address", "api.openai.com")),
            ],
            new StoredCall("openai", "text-embedding-3-small", 100, null) { Operation = "embeddings" }),
        new("OpenTelemetry: agent and tool around a call", Newest + "gen-ai-agent-spans.md @e8fc575",
            [
                new("invoke_agent Math Tutor", ("gen_ai.operation.name", "invoke_agent"), ("gen_ai.provider.name", "openai"),
                    ("gen_ai.agent.name", "Math Tutor"), ("gen_ai.request.model", "gpt-4"), ("gen_ai.usage.input_tokens", 52),
                    ("gen_ai.usage.output_tokens", 47)),
                new("chat gpt-4", ("gen_ai.operation.name", "chat"), ("gen_ai.provider.name", "openai"),
                    ("gen_ai.request.model", "gpt-4"), ("gen_ai.usage.input_tokens", 52), ("gen_ai.usage.output_tokens", 47)),
                new("execute_tool add", ("gen_ai.operation.name", "execute_tool"), ("gen_ai.tool.name", "add")),
            ],
            new StoredCall("openai", "gpt-4", 52, 47)),
        new("OpenTelemetry openai-v2 (Python): chat completion",
            Contrib + "instrumentation-genai/opentelemetry-instrumentation-openai-v2/tests/test_chat_completions.py @2bf454d",
            [
                new("chat gpt-4o-mini", ("gen_ai.operation.name", "chat"), ("gen_ai.system", "openai"),
                    ("gen_ai.request.model", "gpt-4o-mini"), ("gen_ai.response.model", "gpt-4o-mini-2024-07-18"),
                    ("gen_ai.response.id", "chatcmpl-ASv9R2E7Yhb2e7bj4Xl0qm9s3J42Y"), ("gen_ai.response.finish_reasons", new[] { "stop" }),
                    ("gen_ai.usage.input_tokens", 12), ("gen_ai.usage.output_tokens", 5), ("server.address", "api.openai.com")),
            ],
            new StoredCall("openai", "gpt-4o-mini-2024-07-18", 12, 5) { FinishReason = "stop" }),
        new("OpenTelemetry openai-v2 (Python): the client library speaks to another server",
            Conventions + "v1.37.0, note on gen_ai.provider.name",
            [
                new("chat llama-3.3-70b-versatile", ("gen_ai.operation.name", "chat"), ("gen_ai.provider.name", "openai"),
                    ("gen_ai.request.model", "llama-3.3-70b-versatile"), ("server.address", "api.groq.com"),
                    ("gen_ai.usage.input_tokens", 12), ("gen_ai.usage.output_tokens", 5)),
            ],
            new StoredCall("groq", "llama-3.3-70b-versatile", 12, 5)),
        new("OpenTelemetry botocore: Bedrock", Contrib
            + "instrumentation/opentelemetry-instrumentation-botocore/src/opentelemetry/instrumentation/botocore/extensions/"
            + "bedrock.py @0047a96",
            [
                new("chat amazon.titan-text-lite-v1", ("gen_ai.system", "aws.bedrock"), ("gen_ai.operation.name", "chat"),
                    ("gen_ai.request.model", "amazon.titan-text-lite-v1"), ("gen_ai.request.max_tokens", 10),
                    ("gen_ai.usage.input_tokens", 8), ("gen_ai.usage.output_tokens", 10),
                    ("gen_ai.response.finish_reasons", new[] { "max_tokens" })),
            ],
            new StoredCall("aws.bedrock", "amazon.titan-text-lite-v1", 8, 10) { FinishReason = "max_tokens" }),
        new("google-genai (OpenTelemetry): generate_content",
            Contrib + "instrumentation-genai/opentelemetry-instrumentation-google-genai/src/opentelemetry/instrumentation/google_genai/"
            + "generate_content.py @0047a96",
            [
                new("generate_content gemini-2.5-flash", ("gen_ai.system", "gemini"), ("gen_ai.operation.name", "generate_content"),
                    ("gen_ai.request.model", "gemini-2.5-flash"), ("gen_ai.response.finish_reasons", new[] { "stop" }),
                    ("gen_ai.usage.input_tokens", 123), ("gen_ai.usage.output_tokens", 456)),
            ],
            new StoredCall("gcp.gemini", "gemini-2.5-flash", 123, 456) { Operation = "generate_content", FinishReason = "stop" }),
    ];
}
