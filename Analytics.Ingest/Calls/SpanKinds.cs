namespace Analytics.Ingest.Calls;

/// <summary>What a dialect's own word for the kind of a span comes to.</summary>
internal enum SpanSort
{
    /// <summary>A call of a model that writes text.</summary>
    Inference,

    /// <summary>A call of an embedding model.</summary>
    Embedding,

    /// <summary>Something around calls: an agent, a chain, a tool, a retriever, a prompt template …</summary>
    Other,
}

/// <summary>Reads the attributes that name the kind of a span in the words of one dialect.</summary>
internal static class SpanKinds
{
    /// <summary>The kind; null when the word says nothing about model calls.</summary>
    public static SpanSort? Of(Slot slot, string kind) => slot switch
    {
        // https://github.com/Arize-ai/openinference/blob/main/spec/semantic_conventions.md: LLM, EMBEDDING, CHAIN, RETRIEVER, RERANKER,
        // TOOL, AGENT, GUARDRAIL, EVALUATOR, PROMPT.
        Slot.OpenInferenceKind => Either(kind, ["LLM"], ["EMBEDDING"]),

        // A run type: llm, embedding, chain, tool, retriever, prompt, parser. Its exporter calls a prompt and a retriever "chat" and
        // "embeddings" (langsmith/_internal/otel/_otel_exporter.py), and nothing was called.
        Slot.LangSmithKind => Either(kind, ["llm"], ["embedding"]),
        Slot.GenkitKind => Either(kind, ["model", "background-model"], ["embedder"]),
        Slot.MlflowKind => Either(kind, ["LLM", "CHAT_MODEL"], ["EMBEDDING"]),

        // ai.generateText.doGenerate, ai.streamText.doStream, ai.embed.doEmbed are requests; the spans without the last part sum them.
        Slot.AiSdkOperation => EndsWith(kind, ".doEmbed") ? SpanSort.Embedding
            : EndsWith(kind, ".doGenerate") || EndsWith(kind, ".doStream") ? SpanSort.Inference : SpanSort.Other,

        // Other programs than Claude Code use span.type too, with other words.
        Slot.ClaudeCodeKind => kind switch
        {
            "llm_request" or "claude_code.llm_request" => SpanSort.Inference,
            "interaction" or "claude_code.interaction" or "tool" or "claude_code.tool" => SpanSort.Other,
            _ => null,
        },
        Slot.SentryKind => kind is "agent" or "tool" or "handoff" or "other" ? SpanSort.Other : null,

        // What Logfire sends of a span that has not ended.
        Slot.LogfireKind => kind == "pending_span" ? SpanSort.Other : null,
        _ => null,
    };

    private static SpanSort Either(string kind, ReadOnlySpan<string> inference, ReadOnlySpan<string> embedding) =>
        Contains(inference, kind) ? SpanSort.Inference : Contains(embedding, kind) ? SpanSort.Embedding : SpanSort.Other;

    private static bool Contains(ReadOnlySpan<string> kinds, string kind)
    {
        foreach (var known in kinds)
        {
            if (known.Equals(kind, StringComparison.OrdinalIgnoreCase)) return true;
        }

        return false;
    }

    private static bool EndsWith(string operation, string end) => operation.EndsWith(end, StringComparison.Ordinal);
}
