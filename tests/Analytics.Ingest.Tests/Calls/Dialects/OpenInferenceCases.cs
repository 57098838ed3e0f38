namespace Analytics.Ingest.Tests.Calls.Dialects;

/// <summary>OpenInference's conventions and the frameworks that its instrumentors cover.</summary>
internal static class OpenInferenceCases
{
    private const string Repository = "Arize-ai/openinference ";
    private const string Python = Repository + "python/instrumentation/openinference-instrumentation-";

    private static readonly (string, object) Llm = ("openinference.span.kind", "LLM");
    private static readonly (string, object) Chain = ("openinference.span.kind", "CHAIN");

    public static readonly DialectCase[] All =
    [
        new("OpenInference: an LLM span", Repository + "spec/llm_spans.md @0539b7f",
            [
                new("ChatCompletion", Llm, ("llm.system", "openai"), ("llm.provider", "openai"), ("llm.model_name", "gpt-4o-2024-08-06"),
                    ("llm.invocation_parameters", """{"model":"gpt-4o"}"""), ("llm.token_count.prompt", 25),
                    ("llm.token_count.completion", 10), ("llm.token_count.total", 35),
                    ("llm.token_count.prompt_details.cache_read", 5), ("llm.token_count.completion_details.reasoning", 4),
                    ("llm.finish_reason", "stop"), ("session.id", "s-1"), ("user.id", "u-1")),
            ],
            new StoredCall("openai", "gpt-4o-2024-08-06", 25, 10)
            {
                CacheRead = 5,
                Reasoning = 4,
                FinishReason = "stop",
                Session = "s-1",
                User = "u-1",
            }),
        new("OpenInference: request and response model", Repository
            + "python/openinference-semantic-conventions/src/openinference/semconv/trace/__init__.py @0101ec1",
            [
                new("messages", Llm, ("llm.provider", "anthropic"), ("llm.request.model_name", "claude-opus-5"),
                    ("llm.response.model_name", "claude-sonnet-5"), ("llm.model_name", "claude-sonnet-5"), ("llm.token_count.prompt", 10),
                    ("llm.token_count.completion", 2), ("llm.token_count.prompt_details.cache_input", 4)),
            ],
            new StoredCall("anthropic", "claude-sonnet-5", 10, 2) { CacheRead = 4 }),
        new("OpenInference: cost", Repository + "spec/semantic_conventions.md @e3030b7",
            [
                new("ChatCompletion", Llm, ("llm.provider", "openai"), ("llm.model_name", "gpt-4o"), ("llm.token_count.prompt", 100),
                    ("llm.token_count.completion", 10), ("llm.cost.prompt", 0.0021), ("llm.cost.completion", 0.0045),
                    ("llm.cost.total", 0.0066)),
            ],
            new StoredCall("openai", "gpt-4o", 100, 10) { Cost = 0.0066m }),
        new("OpenInference Anthropic: the prompt holds what was cached", Python
            + "anthropic/src/openinference/instrumentation/anthropic/_wrappers.py @629eea4",
            [
                // usage: input_tokens 4, cache_creation_input_tokens 300, cache_read_input_tokens 1000.
                new("Messages", Llm, ("llm.provider", "anthropic"), ("llm.system", "anthropic"),
                    ("llm.model_name", "claude-sonnet-4-5-20250929"), ("llm.token_count.prompt", 1304),
                    ("llm.token_count.completion", 20), ("llm.token_count.prompt_details.cache_read", 1000),
                    ("llm.token_count.prompt_details.cache_write", 300)),
            ],
            new StoredCall("anthropic", "claude-sonnet-4-5-20250929", 1304, 20) { CacheRead = 1000, CacheWrite = 300 }),
        new("OpenInference OpenAI on Azure", Python + "openai/src/openinference/instrumentation/openai/_request.py @5fccc2f",
            [
                new("ChatCompletion", Llm, ("llm.system", "openai"), ("llm.provider", "azure"), ("llm.model_name", "gpt-4o"),
                    ("llm.token_count.prompt", 9), ("llm.token_count.completion", 3), ("llm.token_count.total", 12)),
            ],
            new StoredCall("azure.ai.openai", "gpt-4o", 9, 3)),
        new("OpenInference: an embedding span", Repository + "spec/embedding_spans.md @089fe12",
            [
                new("CreateEmbeddings", ("openinference.span.kind", "EMBEDDING"), ("llm.system", "openai"),
                    ("embedding.model_name", "text-embedding-3-small"), ("embedding.embeddings.0.embedding.text", "hello"),
                    ("llm.token_count.prompt", 4), ("llm.token_count.total", 4)),
            ],
            new StoredCall("openai", "text-embedding-3-small", 4, null) { Operation = "embeddings" }),
        new("OpenInference: other kinds of spans", Repository + "spec/semantic_conventions.md @e3030b7",
            [
                new("chain", Chain, ("input.value", "x"), ("llm.token_count.prompt", 4)),
                new("agent", ("openinference.span.kind", "AGENT"), ("llm.model_name", "gpt-4o")),
                new("tool", ("openinference.span.kind", "TOOL"), ("tool.name", "add")),
                new("retriever", ("openinference.span.kind", "RETRIEVER"), ("retrieval.documents.0.document.id", "1")),
                new("rerank", ("openinference.span.kind", "RERANKER"), ("reranker.model_name", "rerank-3")),
                new("prompt", ("openinference.span.kind", "PROMPT"), ("llm.prompt_template.template", "Say {x}")),
            ]),
        new("LangChain (OpenInference): a chain around a chat model", Python
            + "langchain/src/openinference/instrumentation/langchain/_tracer.py @1fe497f",
            [
                new("RunnableSequence", Chain, ("input.value", "hi"), ("output.value", "hello")),
                new("ChatPromptTemplate", Chain, ("llm.prompt_template.template", "Say {x}")),
                new("ChatOpenAI", Llm, ("llm.model_name", "gpt-4o-mini"), ("llm.provider", "openai"), ("llm.system", "openai"),
                    ("llm.invocation_parameters", """{"model":"gpt-4o-mini"}"""), ("llm.token_count.prompt", 31),
                    ("llm.token_count.completion", 7), ("llm.token_count.total", 38),
                    ("llm.token_count.prompt_details.cache_read", 0), ("metadata", """{"ls_provider":"openai"}""")),
            ],
            new StoredCall("openai", "gpt-4o-mini", 31, 7) { CacheRead = 0 }),
        new("LlamaIndex (OpenInference): predict calls chat", Python
            + "llama-index/src/openinference/instrumentation/llama_index/_handler.py @1fe497f",
            [
                new("RetrieverQueryEngine.query", Chain, ("input.value", "q")),
                new("OpenAI.predict", Llm, ("llm.model_name", "gpt-4o-mini"), ("llm.prompt_template.template", "Context: {context_str}"),
                    ("llm.prompt_template.variables", "{}"), ("output.value", "a")),
                new("OpenAI.chat", Llm, ("llm.model_name", "gpt-4o-mini"), ("llm.input_messages.0.message.role", "user"),
                    ("llm.token_count.prompt", 241), ("llm.token_count.completion", 12), ("llm.token_count.total", 253)),
            ],
            new StoredCall("openai", "gpt-4o-mini", 241, 12)),
        new("LlamaIndex (OpenInference): structured predict and embedding", Python
            + "llama-index/src/openinference/instrumentation/llama_index/_handler.py @1fe497f",
            [
                new("OpenAI.structured_predict", Llm, ("llm.model_name", "gpt-4o-mini"), ("output.mime_type", "application/json")),
                new("OpenAI.chat", Llm, ("llm.model_name", "gpt-4o-mini"), ("llm.token_count.prompt", 20),
                    ("llm.token_count.completion", 5), ("llm.token_count.total", 25)),
                new("OpenAIEmbedding.get_text_embedding_batch", ("openinference.span.kind", "EMBEDDING"),
                    ("embedding.model_name", "text-embedding-ada-002"), ("embedding.embeddings.0.embedding.text", "x")),
            ],
            new StoredCall("openai", "gpt-4o-mini", 20, 5),
            new StoredCall("openai", "text-embedding-ada-002", null, null) { Operation = "embeddings" }),
        new("DSPy (OpenInference) over LiteLLM", Python + "dspy/src/openinference/instrumentation/dspy/__init__.py @1a72f87",
            [
                new("ChainOfThought.forward", Chain, ("input.value", "{}")),
                new("LM.__call__", Llm, ("llm.model_name", "openai/gpt-4o-mini"), ("llm.provider", "openai"),
                    ("llm.invocation_parameters", "{}"), ("llm.input_messages.0.message.role", "user"),
                    ("llm.output_messages.0.message.role", "assistant")),
                new("completion", Llm, ("llm.model_name", "openai/gpt-4o-mini"), ("llm.provider", "openai"),
                    ("llm.token_count.prompt", 150), ("llm.token_count.completion", 30), ("llm.token_count.total", 180)),
            ],
            new StoredCall("openai", "openai/gpt-4o-mini", 150, 30)),
        new("smolagents (OpenInference): agent, steps and model", Python
            + "smolagents/src/openinference/instrumentation/smolagents/_wrappers.py @1fe497f",
            [
                new("CodeAgent.run", ("openinference.span.kind", "AGENT"), ("llm.token_count.prompt", 2104),
                    ("llm.token_count.completion", 64), ("llm.token_count.total", 2168)),
                new("Step 1", Chain, ("input.value", "{}")),
                new("OpenAIServerModel.generate", Llm, ("llm.model_name", "gpt-4o"), ("llm.provider", "openai"), ("llm.system", "openai"),
                    ("llm.token_count.prompt", 2104),
                    ("llm.token_count.completion", 64), ("llm.token_count.total", 2168)),
                new("FinalAnswerTool", ("openinference.span.kind", "TOOL"), ("tool.name", "final_answer")),
            ],
            new StoredCall("openai", "gpt-4o", 2104, 64)),
        new("Haystack (OpenInference): pipeline and generator", Python
            + "haystack/src/openinference/instrumentation/haystack/_wrappers.py @1fe497f",
            [
                new("Pipeline.run", Chain, ("input.value", "{}")),
                new("ChatPromptBuilder.run", Chain, ("llm.prompt_template.template", "{{question}}")),
                new("OpenAIChatGenerator.run", Llm, ("llm.model_name", "gpt-4o-mini-2024-07-18"), ("llm.provider", "openai"),
                    ("llm.system", "openai"), ("llm.token_count.prompt", 12), ("llm.token_count.completion", 41),
                    ("llm.token_count.total", 53)),
                new("OpenAITextEmbedder.run", ("openinference.span.kind", "EMBEDDING"),
                    ("embedding.model_name", "text-embedding-3-large"), ("llm.token_count.prompt", 3)),
            ],
            new StoredCall("openai", "gpt-4o-mini-2024-07-18", 12, 41),
            new StoredCall("openai", "text-embedding-3-large", 3, null) { Operation = "embeddings" }),
        new("Strands (OpenInference): both vocabularies, each with its own sum", Python
            + "strands-agents/src/openinference/instrumentation/strands_agents/processor.py @1fe497f",
            [
                new("chat", Llm, ("gen_ai.operation.name", "chat"), ("gen_ai.system", "strands-agents"),
                    ("gen_ai.request.model", "us.anthropic.claude-sonnet-4-5-20250929-v1:0"), ("gen_ai.usage.prompt_tokens", 900),
                    ("gen_ai.usage.input_tokens", 900), ("gen_ai.usage.completion_tokens", 20), ("gen_ai.usage.output_tokens", 20),
                    ("gen_ai.usage.total_tokens", 1320), ("gen_ai.usage.cache_read_input_tokens", 400),
                    ("llm.model_name", "us.anthropic.claude-sonnet-4-5-20250929-v1:0"), ("llm.token_count.prompt", 1300),
                    ("llm.token_count.completion", 20), ("llm.token_count.total", 1320),
                    ("llm.token_count.prompt_details.cache_read", 400)),
            ],
            new StoredCall("aws.bedrock", "us.anthropic.claude-sonnet-4-5-20250929-v1:0", 1300, 20)
            {
                CacheRead = 400,
                Contradictions = "input_tokens_disagree",
            }),
        new("google-genai (OpenInference): thoughts and cache", Python
            + "google-genai/src/openinference/instrumentation/google_genai/_utils.py @1fe497f",
            [
                // prompt_token_count 100, cached_content_token_count 40, candidates 20 and thoughts 50: completion 70, total 170.
                new("GenerateContent", Llm, ("llm.provider", "google"), ("llm.model_name", "gemini-2.5-pro"),
                    ("llm.token_count.prompt", 100), ("llm.token_count.completion", 70), ("llm.token_count.total", 170),
                    ("llm.token_count.prompt_details.cache_read", 40), ("llm.token_count.completion_details.reasoning", 50)),
            ],
            new StoredCall("gcp.gemini", "gemini-2.5-pro", 100, 70) { CacheRead = 40, Reasoning = 50 }),
    ];
}
