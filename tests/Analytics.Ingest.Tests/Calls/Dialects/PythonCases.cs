namespace Analytics.Ingest.Tests.Calls.Dialects;

/// <summary>Frameworks and tracing libraries for Python that write spans by themselves.</summary>
internal static class PythonCases
{
    private const string Pydantic = "pydantic/pydantic-ai ";
    private const string Adk = "google/adk-python src/google/adk/telemetry/tracing.py @0798a74";
    private const string AdkNewest =
        "google/adk-python src/google/adk/telemetry/tracing.py, the version with use_inference_span and TokenUsage";
    private const string Strands = "strands-agents/sdk-python src/strands/telemetry/tracer.py @006ad58";
    private const string LangSmith = "langchain-ai/langsmith-sdk python/langsmith/_internal/otel/_otel_exporter.py @05fd22e";
    private const string Logfire = "pydantic/logfire logfire/_internal/integrations/llm_providers/";
    private const string Mlflow = "mlflow/mlflow mlflow/tracing/otel/translation/ @07ab5f9";

    public static readonly DialectCase[] All =
    [
        new("pydantic-ai: an agent run of two requests", Pydantic + "tests/test_logfire.py @0021d09",
            [
                new("agent run", ("model_name", "test"), ("agent_name", "my_agent"), ("logfire.msg", "my_agent run"),
                    ("gen_ai.usage.input_tokens", 103), ("gen_ai.usage.output_tokens", 12), ("all_messages_events", "[]"),
                    ("final_result", "done")),
                new("chat test", ("gen_ai.operation.name", "chat"), ("gen_ai.system", "test"), ("gen_ai.request.model", "test"),
                    ("gen_ai.response.model", "test"), ("gen_ai.usage.input_tokens", 51), ("gen_ai.usage.output_tokens", 4)),
                new("running 1 tool", ("tools", new[] { "my_ret" }), ("logfire.msg", "running 1 tool")),
                new("running tool", ("gen_ai.tool.name", "my_ret"), ("gen_ai.tool.call.id", "x"), ("logfire.msg", "running tool: my_ret")),
                new("chat test", ("gen_ai.operation.name", "chat"), ("gen_ai.system", "test"), ("gen_ai.request.model", "test"),
                    ("gen_ai.response.model", "test"), ("gen_ai.usage.input_tokens", 52), ("gen_ai.usage.output_tokens", 8)),
            ],
            new StoredCall("test", "test", 51, 4),
            new StoredCall("test", "test", 52, 8)),
        new("pydantic-ai: details of the usage and cost", Pydantic + "pydantic_ai_slim/pydantic_ai/usage.py @8fe9586",
            [
                new("chat gpt-5", ("gen_ai.operation.name", "chat"), ("gen_ai.system", "openai"), ("gen_ai.request.model", "gpt-5"),
                    ("server.address", "api.openai.com"), ("gen_ai.response.model", "gpt-5-2025-08-07"),
                    ("gen_ai.response.finish_reasons", new[] { "stop" }), ("gen_ai.usage.input_tokens", 1500),
                    ("gen_ai.usage.output_tokens", 300), ("gen_ai.usage.details.cached_tokens", 1024),
                    ("gen_ai.usage.details.cache_read_tokens", 1024), ("gen_ai.usage.details.reasoning_tokens", 256),
                    ("operation.cost", 0.003723)),
            ],
            new StoredCall("openai", "gpt-5-2025-08-07", 1500, 300)
            {
                CacheRead = 1024,
                Reasoning = 256,
                Cost = 0.003723m,
                FinishReason = "stop",
            }),
        new("pydantic-ai: Anthropic, whose input holds what was cached", Pydantic + "pydantic_ai_slim/pydantic_ai/usage.py @003e4ce",
            [
                new("chat claude-sonnet-4-5", ("gen_ai.operation.name", "chat"), ("gen_ai.provider.name", "anthropic"),
                    ("gen_ai.system", "anthropic"), ("gen_ai.request.model", "claude-sonnet-4-5"), ("server.address", "api.anthropic.com"),
                    ("gen_ai.response.model", "claude-sonnet-4-5-20250929"), ("gen_ai.usage.input_tokens", 1304),
                    ("gen_ai.usage.output_tokens", 20), ("gen_ai.usage.details.input_tokens", 4),
                    ("gen_ai.usage.details.output_tokens", 20), ("gen_ai.usage.details.cache_read_input_tokens", 1000),
                    ("gen_ai.usage.details.cache_creation_input_tokens", 300)),
            ],
            new StoredCall("anthropic", "claude-sonnet-4-5-20250929", 1304, 20) { CacheRead = 1000, CacheWrite = 300 }),
        new("pydantic-ai: an agent span with sums of its own name", Pydantic + "pydantic_ai_slim/pydantic_ai/usage.py @003e4ce",
            [
                new("invoke_agent my_agent", ("gen_ai.operation.name", "invoke_agent"), ("gen_ai.agent.name", "my_agent"),
                    ("gen_ai.aggregated_usage.input_tokens", 51), ("gen_ai.aggregated_usage.output_tokens", 4)),
                new("chat gemini-2.5-flash", ("gen_ai.operation.name", "chat"), ("gen_ai.provider.name", "google-gla"),
                    ("gen_ai.request.model", "gemini-2.5-flash"), ("gen_ai.agent.name", "my_agent"), ("gen_ai.usage.input_tokens", 51),
                    ("gen_ai.usage.output_tokens", 4)),
            ],
            new StoredCall("gcp.gemini", "gemini-2.5-flash", 51, 4)),
        new("ADK: agent, call and tool", Adk,
            [
                new("invocation", ("gcp.vertex.agent.invocation_id", "i-1")),
                new("invoke_agent root", ("gen_ai.operation.name", "invoke_agent"), ("gen_ai.agent.name", "root"),
                    ("gen_ai.conversation.id", "s-1")),
                new("call_llm", ("gen_ai.system", "gcp.vertex.agent"), ("gen_ai.request.model", "gemini-2.5-flash"),
                    ("gcp.vertex.agent.invocation_id", "i-1"), ("gcp.vertex.agent.session_id", "s-1"),
                    ("gen_ai.usage.input_tokens", 100), ("gen_ai.usage.output_tokens", 20),
                    ("gen_ai.response.finish_reasons", new[] { "stop" })),
                new("execute_tool add", ("gen_ai.operation.name", "execute_tool"), ("gen_ai.tool.name", "add"),
                    ("gen_ai.system", "gcp.vertex.agent")),
            ],
            new StoredCall("gcp.gemini", "gemini-2.5-flash", 100, 20) { FinishReason = "stop", Session = "s-1" }),
        new("ADK: the newest, with a second span for each call", AdkNewest,
            [
                new("invoke_agent root", ("gen_ai.operation.name", "invoke_agent"), ("gen_ai.agent.name", "root"),
                    ("gen_ai.conversation.id", "s-1")),
                new("call_llm", ("gen_ai.system", "gcp.vertex.agent"), ("gen_ai.request.model", "gemini-2.5-flash"),
                    ("gcp.vertex.agent.invocation_id", "i-1"), ("gcp.vertex.agent.session_id", "s-1"),
                    ("gcp.vertex.agent.event_id", "e-1"), ("gcp.vertex.agent.llm_request", "{}"), ("gen_ai.usage.input_tokens", 100),
                    ("gen_ai.usage.output_tokens", 70), ("gen_ai.usage.cache_read.input_tokens", 40),
                    ("gen_ai.usage.reasoning.output_tokens", 50), ("gen_ai.response.finish_reasons", new[] { "stop" })),
                new("generate_content gemini-2.5-flash", ("gen_ai.system", "gemini"), ("gen_ai.operation.name", "generate_content"),
                    ("gen_ai.request.model", "gemini-2.5-flash"), ("gen_ai.agent.name", "root"), ("gen_ai.conversation.id", "s-1"),
                    ("gcp.vertex.agent.event_id", "e-1"), ("gcp.vertex.agent.invocation_id", "i-1"), ("gen_ai.usage.input_tokens", 100),
                    ("gen_ai.usage.output_tokens", 70), ("gen_ai.usage.cache_read.input_tokens", 40),
                    ("gen_ai.usage.reasoning.output_tokens", 50), ("gen_ai.response.finish_reasons", new[] { "stop" })),
            ],
            new StoredCall("gcp.gemini", "gemini-2.5-flash", 100, 70)
            {
                CacheRead = 40,
                Reasoning = 50,
                FinishReason = "stop",
                Session = "s-1",
            }),
        new("ADK: a call that failed", AdkNewest,
            [
                new("call_llm") { Failed = true },
                new("generate_content gemini-2.5-flash", ("gen_ai.system", "gemini"), ("gen_ai.operation.name", "generate_content"),
                    ("gen_ai.request.model", "gemini-2.5-flash"), ("gen_ai.conversation.id", "s-1"),
                    ("gcp.vertex.agent.invocation_id", "i-1")) { Failed = true },
            ],
            new StoredCall("gcp.gemini", "gemini-2.5-flash", null, null)
            {
                Operation = "generate_content",
                Session = "s-1",
                Error = "unknown",
            }),
        new("ADK: thoughts come on top of the output", Adk,
            [
                new("call_llm", ("gen_ai.system", "gcp.vertex.agent"), ("gen_ai.request.model", "gemini-2.5-pro"),
                    ("gen_ai.usage.input_tokens", 100), ("gen_ai.usage.output_tokens", 20),
                    ("gen_ai.usage.experimental.reasoning_tokens", 50)),
            ],
            new StoredCall("gcp.gemini", "gemini-2.5-pro", 100, 70) { Reasoning = 50 }),
        new("Strands: agent, cycle and model", Strands,
            [
                new("invoke_agent Helper", ("gen_ai.operation.name", "invoke_agent"), ("gen_ai.system", "strands-agents"),
                    ("gen_ai.agent.name", "Helper"), ("gen_ai.request.model", "us.anthropic.claude-sonnet-4-5-20250929-v1:0"),
                    ("gen_ai.usage.prompt_tokens", 1304), ("gen_ai.usage.input_tokens", 1304)),
                new("execute_event_loop_cycle", ("event_loop.cycle_id", "c-1")),
                new("chat", ("gen_ai.operation.name", "chat"), ("gen_ai.system", "strands-agents"),
                    ("gen_ai.request.model", "us.anthropic.claude-sonnet-4-5-20250929-v1:0"), ("gen_ai.usage.prompt_tokens", 4),
                    ("gen_ai.usage.input_tokens", 4), ("gen_ai.usage.completion_tokens", 20), ("gen_ai.usage.output_tokens", 20),
                    ("gen_ai.usage.total_tokens", 1324), ("gen_ai.usage.cache_read_input_tokens", 1000),
                    ("gen_ai.usage.cache_write_input_tokens", 300), ("gen_ai.server.time_to_first_token", 640),
                    ("gen_ai.server.request.duration", 1800)),
                new("execute_tool add", ("gen_ai.operation.name", "execute_tool"), ("gen_ai.tool.name", "add")),
            ],
            new StoredCall("aws.bedrock", "us.anthropic.claude-sonnet-4-5-20250929-v1:0", 1304, 20)
            {
                CacheRead = 1000,
                CacheWrite = 300,
                FirstToken = 0.64,
            }),
        new("Strands: a short time to the first token", Strands,
            [
                new("chat", ("gen_ai.operation.name", "chat"), ("gen_ai.system", "strands-agents"),
                    ("gen_ai.request.model", "gpt-4o"), ("gen_ai.usage.input_tokens", 4), ("gen_ai.usage.output_tokens", 2),
                    ("gen_ai.server.time_to_first_token", 1)),
            ],
            new StoredCall("openai", "gpt-4o", 4, 2) { FirstToken = 0.001 }),
        new("LangSmith: a chain around a prompt, a model, a retriever and a tool", LangSmith,
            [
                new("RunnableSequence", ("langsmith.span.kind", "chain"), ("gen_ai.operation.name", "chain"),
                    ("gen_ai.system", "langchain"), ("gen_ai.usage.input_tokens", 1500)),
                new("ChatPromptTemplate", ("langsmith.span.kind", "prompt"), ("gen_ai.operation.name", "chat"),
                    ("gen_ai.system", "langchain"), ("gen_ai.request.model", "gpt-4o")),
                new("ChatOpenAI", ("langsmith.span.kind", "llm"), ("gen_ai.operation.name", "chat"), ("gen_ai.system", "openai"),
                    ("gen_ai.request.model", "gpt-4o"), ("gen_ai.response.model", "gpt-4o-2024-08-06"),
                    ("gen_ai.usage.input_tokens", 1500), ("gen_ai.usage.output_tokens", 300), ("gen_ai.usage.total_tokens", 1800),
                    ("gen_ai.usage.input_token_details", "{'audio': 0, 'cache_read': 1024}"),
                    ("gen_ai.usage.output_token_details", "{'audio': 0, 'reasoning': 256}"),
                    ("gen_ai.response.finish_reasons", "stop, stop"), ("langsmith.request.streaming", true),
                    ("langsmith.metadata.user_id", "u-1"), ("langsmith.metadata.thread_id", "t-1")),
                new("VectorStoreRetriever", ("langsmith.span.kind", "retriever"), ("gen_ai.operation.name", "embeddings"),
                    ("gen_ai.system", "langchain"), ("gen_ai.request.model", "text-embedding-3-small")),
                new("add", ("langsmith.span.kind", "tool"), ("gen_ai.operation.name", "execute_tool"), ("gen_ai.system", "langchain")),
            ],
            new StoredCall("openai", "gpt-4o-2024-08-06", 1500, 300)
            {
                CacheRead = 1024,
                Reasoning = 256,
                Streamed = true,
                FinishReason = "stop",
                User = "u-1",
                Session = "t-1",
            }),
        new("LangSmith: Anthropic under the framework's name", LangSmith,
            [
                new("ChatAnthropic", ("langsmith.span.kind", "llm"), ("gen_ai.operation.name", "chat"), ("gen_ai.system", "langchain"),
                    ("gen_ai.request.model", "claude-sonnet-4-5-20250929"), ("gen_ai.usage.input_tokens", 1304),
                    ("gen_ai.usage.output_tokens", 20), ("gen_ai.usage.total_tokens", 1324),
                    ("gen_ai.usage.input_token_details", "{'cache_read': 1000, 'cache_creation': 300}")),
            ],
            new StoredCall("anthropic", "claude-sonnet-4-5-20250929", 1304, 20) { CacheRead = 1000, CacheWrite = 300 }),
        new("MLflow: an agent around a chat model", Mlflow,
            [
                new("agent", ("mlflow.spanType", "\"AGENT\""), ("mlflow.spanInputs", "{}")),
                new("Completions", ("mlflow.spanType", "\"CHAT_MODEL\""), ("mlflow.llm.model", "\"gpt-4o\""),
                    ("mlflow.llm.provider", "\"openai\""), ("mlflow.spanInputs", """{"model":"gpt-4o"}"""),
                    ("mlflow.chat.tokenUsage",
                        """{"input_tokens": 1500, "output_tokens": 30, "total_tokens": 1530, "cache_read_input_tokens": 1024}"""),
                    ("mlflow.llm.cost", """{"input_cost": 0.00247, "output_cost": 0.0003, "total_cost": 0.00277}""")),
                new("retrieve", ("mlflow.spanType", "\"RETRIEVER\"")),
                new("Embeddings", ("mlflow.spanType", "\"EMBEDDING\""), ("mlflow.llm.model", "\"text-embedding-3-small\""),
                    ("mlflow.chat.tokenUsage", """{"input_tokens": 4, "output_tokens": 0, "total_tokens": 4}""")),
            ],
            new StoredCall("openai", "gpt-4o", 1500, 30) { CacheRead = 1024, Cost = 0.00277m },
            new StoredCall("openai", "text-embedding-3-small", 4, 0) { Operation = "embeddings" }),
        new("logfire: OpenAI's client, with cost", Logfire + "usage.py @e484a6b",
            [
                new("Chat Completion with {request_data[model]!r}", ("gen_ai.operation.name", "chat"), ("gen_ai.system", "openai"),
                    ("gen_ai.provider.name", "openai"), ("gen_ai.request.model", "gpt-4o"), ("async", false),
                    ("request_data", """{"model":"gpt-4o"}"""), ("gen_ai.response.model", "gpt-4o-2024-08-06"),
                    ("gen_ai.response.id", "chatcmpl-1"), ("gen_ai.response.finish_reasons", """["stop"]"""),
                    ("gen_ai.usage.input_tokens", 1500), ("gen_ai.usage.output_tokens", 300),
                    ("gen_ai.usage.raw", """
                        {"completion_tokens":300,"prompt_tokens":1500,"total_tokens":1800,
                        """.Trim() + """
                        "completion_tokens_details":{"reasoning_tokens":0},"prompt_tokens_details":{"cached_tokens":1024}}
                        """.Trim()), ("operation.cost", 0.00547), ("logfire.span_type", "span")),
            ],
            new StoredCall("openai", "gpt-4o-2024-08-06", 1500, 300)
            {
                CacheRead = 1024,
                Reasoning = 0,
                Cost = 0.00547m,
                FinishReason = "stop",
            }),
        new("logfire: Anthropic's client, whose input holds what was cached", Logfire + "anthropic.py @e484a6b",
            [
                new("Message with {request_data[model]!r}", ("gen_ai.operation.name", "chat"), ("gen_ai.system", "anthropic"),
                    ("gen_ai.provider.name", "anthropic"), ("gen_ai.request.model", "claude-sonnet-4-5"), ("request_data", "{}"),
                    ("gen_ai.response.model", "claude-sonnet-4-5-20250929"), ("gen_ai.response.finish_reasons", """["end_turn"]"""),
                    ("gen_ai.usage.input_tokens", 1304), ("gen_ai.usage.output_tokens", 20),
                    ("gen_ai.usage.raw", """
                        {"cache_creation":{"ephemeral_1h_input_tokens":0,"ephemeral_5m_input_tokens":300},
                        """.Trim() + """
                        "cache_creation_input_tokens":300,"cache_read_input_tokens":1000,"input_tokens":4,"output_tokens":20}
                        """.Trim()), ("logfire.span_type", "span")),
            ],
            new StoredCall("anthropic", "claude-sonnet-4-5-20250929", 1304, 20)
            {
                CacheRead = 1000,
                CacheWrite = 300,
                FinishReason = "end_turn",
            }),
        new("logfire: a stream is a request and an entry at its end", Logfire + "llm_provider.py @e484a6b",
            [
                new("Chat Completion with {request_data[model]!r}", ("gen_ai.operation.name", "chat"), ("gen_ai.system", "openai"),
                    ("gen_ai.request.model", "gpt-4"), ("gen_ai.response.model", "gpt-4"), ("logfire.span_type", "span"),
                    ("request_data", """{"model":"gpt-4","stream":true}""")),
                new("streaming response from {request_data[model]!r} took {duration:.2f}s", ("gen_ai.operation.name", "chat"),
                    ("gen_ai.system", "openai"), ("gen_ai.request.model", "gpt-4"), ("gen_ai.response.model", "gpt-4"),
                    ("logfire.span_type", "log"), ("duration", 1.0), ("request_data", """{"model":"gpt-4","stream":true}"""),
                    ("gen_ai.usage.input_tokens", 20), ("gen_ai.usage.output_tokens", 1)),
            ],
            new StoredCall("openai", "gpt-4", 20, 1) { Streamed = true }),
    ];
}
