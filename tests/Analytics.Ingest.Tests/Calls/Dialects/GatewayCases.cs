namespace Analytics.Ingest.Tests.Calls.Dialects;

/// <summary>What gateways and programs send by themselves: LiteLLM, OpenRouter, Sentry's libraries, Claude Code.</summary>
internal static class GatewayCases
{
    private const string LiteLlm = "BerriAI/litellm litellm/integrations/";
    private const string Sentry = "getsentry/sentry-conventions model/attributes/gen_ai/*.json";
    private const string ClaudeCode = "mlflow/mlflow mlflow/tracing/otel/translation/claude_code.py @07ab5f9, "
        + "and https://code.claude.com/docs/en/monitoring-usage#traces-beta";

    public static readonly DialectCase[] All =
    [
        new("LiteLLM: newest names", LiteLlm + "otel/mappers/genai.py @00e7401",
            [
                new("chat claude-sonnet-4-5", ("gen_ai.operation.name", "chat"), ("gen_ai.provider.name", "anthropic"),
                    ("gen_ai.request.model", "claude-sonnet-4-5"), ("gen_ai.response.model", "claude-sonnet-4-5-20250929"),
                    ("gen_ai.response.finish_reasons", new[] { "stop" }), ("gen_ai.response.time_to_first_chunk", 0.7),
                    ("gen_ai.usage.input_tokens", 1304), ("gen_ai.usage.output_tokens", 20),
                    ("gen_ai.usage.cache_read.input_tokens", 1000), ("gen_ai.usage.cache_creation.input_tokens", 300),
                    ("litellm.cost.total", 0.001743), ("litellm.request.streaming", true)),
            ],
            new StoredCall("anthropic", "claude-sonnet-4-5-20250929", 1304, 20)
            {
                CacheRead = 1000,
                CacheWrite = 300,
                Streamed = true,
                FirstToken = 0.7,
                Cost = 0.001743m,
                FinishReason = "stop",
            }),
        new("LiteLLM: names for older backends", LiteLlm + "otel/mappers/legacy.py @2bd05a5",
            [
                new("litellm_request", ("gen_ai.operation.name", "chat"), ("gen_ai.system", "azure"), ("gen_ai.request.model", "gpt-4o"),
                    ("gen_ai.response.model", "gpt-4o-2024-08-06"), ("llm.is_streaming", "False"),
                    ("gen_ai.usage.prompt_tokens", 40), ("gen_ai.usage.completion_tokens", 8), ("gen_ai.usage.total_tokens", 48)),
            ],
            new StoredCall("azure.ai.openai", "gpt-4o-2024-08-06", 40, 8) { Streamed = false }),
        new("LiteLLM: the callback that may not log content", LiteLlm + "opentelemetry.py @00145a6",
            [
                new("Received Proxy Server Request", ("gen_ai.request.model", "gpt-4o"), ("llm.request.type", "completion"),
                    ("gen_ai.system", "openai"), ("llm.is_streaming", "False"), ("llm.user", "u-1"), ("gen_ai.response.id", "chatcmpl-1"),
                    ("gen_ai.response.model", "gpt-4o-2024-08-06"), ("gen_ai.usage.total_tokens", 48),
                    ("gen_ai.usage.output_tokens", 8), ("gen_ai.usage.input_tokens", 40), ("gen_ai.cost.total_cost", 0.00018)),
                new("raw_gen_ai_request", ("llm.openai.messages", "[]"), ("llm.openai.model", "gpt-4o-2024-08-06"),
                    ("llm.openai.usage", "{}")),
            ],
            new StoredCall("openai", "gpt-4o-2024-08-06", 40, 8) { Streamed = false, Cost = 0.00018m, User = "u-1" }),
        new("LiteLLM: the callback's call types and cost", LiteLlm + "opentelemetry.py @00145a6",
            [
                new("litellm_request", ("gen_ai.operation.name", "acompletion"), ("gen_ai.system", "together_ai"),
                    ("gen_ai.request.model", "meta-llama/Llama-3.3-70B-Instruct-Turbo"), ("llm.is_streaming", "True"),
                    ("gen_ai.usage.input_tokens", 40), ("gen_ai.usage.output_tokens", 8), ("gen_ai.usage.total_tokens", 48),
                    ("gen_ai.cost.input_cost", 0.0000352), ("gen_ai.cost.output_cost", 0.00000704),
                    ("gen_ai.cost.total_cost", 0.00004224)),
            ],
            new StoredCall("together", "meta-llama/Llama-3.3-70B-Instruct-Turbo", 40, 8) { Streamed = true, Cost = 0.00004224m }),
        new("LiteLLM: embedding, responses and a response read again", LiteLlm + "otel/model/semconv.py @0012d9a",
            [
                new("litellm_request", ("gen_ai.operation.name", "aembedding"), ("gen_ai.system", "openai"),
                    ("gen_ai.request.model", "text-embedding-3-small"), ("gen_ai.usage.input_tokens", 6)),
                new("litellm_request", ("gen_ai.operation.name", "aresponses"), ("gen_ai.system", "openai"),
                    ("gen_ai.request.model", "gpt-5"), ("gen_ai.usage.input_tokens", 60), ("gen_ai.usage.output_tokens", 10)),
                new("litellm_request", ("gen_ai.operation.name", "litellm.responses_management"), ("gen_ai.system", "openai"),
                    ("gen_ai.request.model", "gpt-5"), ("gen_ai.usage.input_tokens", 60), ("gen_ai.usage.output_tokens", 10)),
            ],
            new StoredCall("openai", "text-embedding-3-small", 6, null) { Operation = "embeddings" },
            new StoredCall("openai", "gpt-5", 60, 10)),
        new("OpenRouter: a broadcast generation", "https://openrouter.ai/docs guides/features/broadcast/otel-collector",
            [
                new("OpenRouter Request", ("gen_ai.operation.name", "chat"), ("gen_ai.system", "openai"),
                    ("gen_ai.provider.name", "OpenAI"), ("gen_ai.request.model", "openai/gpt-4o"),
                    ("gen_ai.response.model", "openai/gpt-4o"), ("gen_ai.response.finish_reason", "stop"),
                    ("gen_ai.usage.input_tokens", 150), ("gen_ai.usage.output_tokens", 50), ("gen_ai.usage.total_tokens", 200),
                    ("gen_ai.usage.input_tokens.cached", 10), ("gen_ai.usage.output_tokens.reasoning", 5),
                    ("gen_ai.usage.total_cost", 0.0035), ("user.id", "user_123"), ("session.id", "s-1"), ("span.type", "llm")),
            ],
            new StoredCall("openai", "openai/gpt-4o", 150, 50)
            {
                CacheRead = 10,
                Reasoning = 5,
                Cost = 0.0035m,
                FinishReason = "stop",
                User = "user_123",
                Session = "s-1",
            }),
        new("Sentry: chat", Sentry,
            [
                new("chat gpt-4o", ("gen_ai.operation.name", "chat"), ("gen_ai.operation.type", "ai_client"), ("gen_ai.system", "openai"),
                    ("gen_ai.request.model", "gpt-4o"), ("gen_ai.response.model", "gpt-4o-2024-08-06"),
                    ("gen_ai.response.streaming", true), ("gen_ai.response.time_to_first_token", 0.3),
                    ("gen_ai.usage.input_tokens", 20), ("gen_ai.usage.input_tokens.cached", 5), ("gen_ai.usage.output_tokens", 10),
                    ("gen_ai.usage.output_tokens.reasoning", 8), ("gen_ai.usage.total_tokens", 30), ("gen_ai.cost.total_tokens", 0.00015)),
            ],
            new StoredCall("openai", "gpt-4o-2024-08-06", 20, 10)
            {
                CacheRead = 5,
                Reasoning = 8,
                Streamed = true,
                FirstToken = 0.3,
                Cost = 0.00015m,
            }),
        new("Sentry: agent, tool and handoff around a call", Sentry,
            [
                new("invoke_agent helper", ("gen_ai.operation.name", "invoke_agent"), ("gen_ai.operation.type", "agent"),
                    ("gen_ai.request.model", "gpt-4o"), ("gen_ai.usage.input_tokens", 20), ("gen_ai.usage.output_tokens", 10)),
                new("chat claude-sonnet-4-5", ("gen_ai.operation.name", "chat"), ("gen_ai.operation.type", "ai_client"),
                    ("gen_ai.system", "anthropic"), ("gen_ai.request.model", "claude-sonnet-4-5"), ("gen_ai.usage.input_tokens", 1304),
                    ("gen_ai.usage.input_tokens.cached", 1000), ("gen_ai.usage.input_tokens.cache_write", 300),
                    ("gen_ai.usage.output_tokens", 20), ("gen_ai.usage.total_tokens", 1324)),
                new("execute_tool add", ("gen_ai.operation.type", "tool"), ("gen_ai.tool.name", "add"),
                    ("gen_ai.request.model", "gpt-4o")),
                new("handoff", ("gen_ai.operation.type", "handoff"), ("gen_ai.request.model", "gpt-4o")),
            ],
            new StoredCall("anthropic", "claude-sonnet-4-5", 1304, 20) { CacheRead = 1000, CacheWrite = 300 }),
        new("Claude Code: an interaction of one request and one tool", ClaudeCode,
            [
                new("claude_code.interaction", ("span.type", "interaction"), ("session.id", "s-1"), ("user_prompt_length", 12)),
                new("claude_code.llm_request", ("span.type", "llm_request"), ("model", "claude-opus-5"), ("gen_ai.system", "anthropic"),
                    ("gen_ai.request.model", "claude-opus-5"), ("session.id", "s-1"), ("input_tokens", 2), ("output_tokens", 1200),
                    ("cache_read_tokens", 84_562), ("cache_creation_tokens", 7_096), ("stop_reason", "tool_use"), ("ttft_ms", 812)),
                new("claude_code.tool", ("span.type", "tool"), ("tool_name", "Bash"), ("session.id", "s-1")),
            ],
            new StoredCall("anthropic", "claude-opus-5", 91_660, 1200)
            {
                CacheRead = 84_562,
                CacheWrite = 7_096,
                FirstToken = 0.812,
                FinishReason = "tool_use",
                Session = "s-1",
            }),
        new("Claude Code: less cached than not", ClaudeCode,
            [
                new("claude_code.llm_request", ("span.type", "llm_request"), ("model", "claude-haiku-4-5-20251001"),
                    ("gen_ai.system", "anthropic"), ("gen_ai.request.model", "claude-haiku-4-5-20251001"), ("input_tokens", 900),
                    ("output_tokens", 12), ("cache_read_tokens", 400), ("cache_creation_tokens", 0),
                    ("stop_reason", "end_turn")),
            ],
            new StoredCall("anthropic", "claude-haiku-4-5-20251001", 1300, 12)
            {
                CacheRead = 400,
                CacheWrite = 0,
                FinishReason = "end_turn",
            }),
    ];
}
