using System.Collections.Frozen;

namespace Analytics.Ingest.Calls;

/// <summary>Why a span made no row although nothing is wrong with it.</summary>
internal enum IgnoredReason
{
    /// <summary>It says nothing about a model call.</summary>
    NotGenAi,

    /// <summary>It wraps or surrounds model calls, whose own spans carry the usage.</summary>
    NotInference,

    /// <summary>It is Hub's own telemetry.</summary>
    OwnTelemetry,
}

/// <summary>What decides whether a span is a model call.</summary>
internal readonly record struct SpanShape
{
    /// <summary>Whether it has an attribute of a GenAI convention, or a dialect's kind says that it is a call.</summary>
    public bool IsGenAi { get; init; }
    public string? Operation { get; init; }
    public string? TraceloopKind { get; init; }
    public SpanSort? Sort { get; init; }
    public bool NamesModel { get; init; }
    public bool NamesAgent { get; init; }
    public bool ReportsUsage { get; init; }

    /// <summary>Whether it holds the template of a prompt.</summary>
    public bool HasTemplate { get; init; }

    /// <summary>Whether it belongs to a run of Google's ADK.</summary>
    public bool IsAdk { get; init; }

    /// <summary>Whether it is Logfire's of a request, and not of the end of its answer.</summary>
    public bool OpensStream { get; init; }

    /// <summary>Whether it says anything beyond operation, provider and requested model.</summary>
    public bool SaysMore { get; init; }
    public bool IsError { get; init; }
}

/// <summary>
/// Which spans are model calls. A span becomes a row when it names a model or reports usage, and none of these holds:
/// <list type="bullet">
/// <item>its <c>gen_ai.operation.name</c> is not an inference: tools, agents, their steps, workflows and retrievals surround model calls,
/// and the usage that agent spans repeat is the sum of their children's; <c>fetch_response</c> reads a response that was already counted
/// when it was made;</item>
/// <item>its kind in its dialect's words (<see cref="SpanKinds"/>) is another than a model call;</item>
/// <item>its <c>traceloop.span.kind</c> says workflow, task, agent or tool, and it names no operation;</item>
/// <item>it reports usage and names an agent, but neither operation nor model: pydantic-ai's <c>agent run</c>;</item>
/// <item>it reports no usage and its name is that of a method which calls another (<see cref="Wrappers"/>), or it holds a prompt's
/// template: LlamaIndex's <c>predict</c>, DSPy's <c>LM.__call__</c>;</item>
/// <item>it is an embedding and says nothing but operation, provider and model: the outer span of the AI SDK 7, whose inner ones report the
/// usage. A failed one is kept;</item>
/// <item>it is Logfire's of a request whose answer is streamed: an entry written at the end reports the call. A failed one is kept;</item>
/// <item>its operation is <c>model_request</c> and it reports no usage: OpenLIT's node of pydantic-ai's graph, around the request. A failed
/// one is kept;</item>
/// <item>its operation is <c>generate_content</c> and it belongs to a run of Google's ADK: the span <c>call_llm</c> around it reports the
/// same usage. A failed one is kept, because then the outer span says nothing of a model.</item>
/// </list>
/// The price of these rules: usage that only an agent span reports, because its model calls are not traced, is not stored; it is counted in
/// <c>hub_ingest_spans_ignored</c> with reason <c>not_inference</c>. Unknown operations count as model calls, so that new names lose
/// nothing.
/// </summary>
internal static class ModelCallRules
{
    private const string GenerateContent = "generate_content";
    private const string ModelRequest = "model_request";

    private static readonly FrozenSet<string> NotInference = new[]
    {
        "execute_tool", "tool", "invoke_agent", "create_agent", "invoke_workflow", "invoke_task", "execute_task", "plan", "handoff",
        "fetch_response", "agent_step", "execute_event_loop_cycle", "conversation",
        "retrieval",
        "rerank", "search_memory", "create_memory", "update_memory", "upsert_memory", "delete_memory", "create_memory_store",
        "delete_memory_store",
        "agent", "workflow", "chain", "framework", "vectordb", "evaluate", "evaluation", "guardrail", "memory", "count_tokens",

        // OpenLIT's, around the requests of pydantic-ai, Browser Use and CrewAI.
        "user_prompt_processing", "tool_coordination", "task", "execution",

        // LiteLLM's, of responses and stores that exist already.
        "get_responses", "aget_responses", "delete_responses", "adelete_responses", "cancel_responses", "acancel_responses",
        "list_input_items", "alist_input_items", "litellm.responses_management", "litellm.vector_store_management",
        "litellm.vector_store_file_management", "call_mcp_tool",
    }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    /// <summary>
    /// Endings of the names of OpenInference spans that call a model through another span of their own: LlamaIndex's class LLM
    /// (https://github.com/Arize-ai/openinference/tree/main/python/instrumentation/openinference-instrumentation-llama-index) and DSPy's
    /// LM.
    /// </summary>
    private static readonly byte[][] Wrappers =
    [
        [.. ".predict"u8], [.. ".apredict"u8], [.. ".structured_predict"u8], [.. ".astructured_predict"u8], [.. ".predict_and_call"u8],
        [.. ".apredict_and_call"u8], [.. ".__call__"u8], [.. ".acall"u8],
    ];

    /// <summary>Decides over one span. Null: it is a model call.</summary>
    /// <param name="span">What is known of it.</param>
    /// <param name="spanName">Its name, UTF-8.</param>
    public static IgnoredReason? WhyIgnored(in SpanShape span, ReadOnlySpan<byte> spanName)
    {
        if (!span.IsGenAi) return IgnoredReason.NotGenAi;
        if (span.Operation is not null && NotInference.Contains(span.Operation)) return IgnoredReason.NotInference;
        if (span.Sort == SpanSort.Other) return IgnoredReason.NotInference;
        if (span.Operation is null && span.TraceloopKind is not null) return IgnoredReason.NotInference;
        if (span is { Operation: null, NamesAgent: true, NamesModel: false, ReportsUsage: true }) return IgnoredReason.NotInference;
        if (!span.ReportsUsage && span.Sort is not null && (span.HasTemplate || IsWrapper(spanName))) return IgnoredReason.NotInference;
        if (span is { OpensStream: true, ReportsUsage: false, IsError: false }) return IgnoredReason.NotInference;
        if (span is { Operation: ModelRequest, ReportsUsage: false, IsError: false }) return IgnoredReason.NotInference;
        if (span is { Operation: GenerateContent, IsAdk: true, IsError: false }) return IgnoredReason.NotInference;
        if (IsEmptyEmbedding(span)) return IgnoredReason.NotInference;
        return span.NamesModel || span.ReportsUsage ? null : IgnoredReason.NotGenAi;
    }

    private static bool IsEmptyEmbedding(in SpanShape span) =>
        !span.ReportsUsage && !span.SaysMore && !span.IsError && span.Operation == Operations.Embeddings;

    private static bool IsWrapper(ReadOnlySpan<byte> spanName)
    {
        foreach (var ending in Wrappers)
        {
            if (spanName.EndsWith(ending)) return true;
        }

        return false;
    }
}
