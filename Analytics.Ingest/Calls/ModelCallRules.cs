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

/// <summary>
/// Which spans are model calls. A span becomes a row when it names a model or reports usage, and none of these holds:
/// <list type="bullet">
/// <item>its <c>gen_ai.operation.name</c> is not an inference: tools, agents, workflows and retrievals surround model calls, and the usage
/// that agent spans repeat is the sum of their children's; <c>fetch_response</c> reads a response that was already counted when it was
/// made;</item>
/// <item>its <c>openinference.span.kind</c> is another than LLM or EMBEDDING;</item>
/// <item>its <c>traceloop.span.kind</c> says workflow, task, agent or tool, and it names no operation.</item>
/// </list>
/// The price of this rule: usage that only an agent span reports, because its model calls are not traced, is not stored; it is counted in
/// <c>hub_ingest_spans_ignored</c> with reason <c>not_inference</c>. Unknown operations count as model calls, so that new names lose
/// nothing.
/// </summary>
internal static class ModelCallRules
{
    private static readonly FrozenSet<string> NotInference = new[]
    {
        "execute_tool", "tool", "invoke_agent", "create_agent", "invoke_workflow", "invoke_task", "plan", "handoff", "fetch_response",
        "retrieval",
        "rerank", "search_memory", "create_memory", "update_memory", "upsert_memory", "delete_memory", "create_memory_store",
        "delete_memory_store",
        "agent", "workflow", "chain", "framework", "vectordb", "evaluate", "evaluation", "guardrail", "memory", "count_tokens",
    }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    /// <summary>Decides over one span. Null: it is a model call.</summary>
    public static IgnoredReason? WhyIgnored(string? operation, string? openInferenceKind, string? traceloopKind, bool namesModel,
        bool reportsUsage, bool isGenAi)
    {
        if (!isGenAi) return IgnoredReason.NotGenAi;
        if (operation is not null && NotInference.Contains(operation)) return IgnoredReason.NotInference;
        if (openInferenceKind is not null && !IsModelKind(openInferenceKind)) return IgnoredReason.NotInference;
        if (operation is null && traceloopKind is not null) return IgnoredReason.NotInference;
        return namesModel || reportsUsage ? null : IgnoredReason.NotGenAi;
    }

    private static bool IsModelKind(string kind) =>
        kind.Equals("LLM", StringComparison.OrdinalIgnoreCase) || kind.Equals("EMBEDDING", StringComparison.OrdinalIgnoreCase);
}
