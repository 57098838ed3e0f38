using System.Collections.Frozen;

namespace Analytics.Ingest.Calls;

/// <summary>One name for one operation: OpenTelemetry's, where a dialect has a word of its own.</summary>
internal static class Operations
{
    public const string Chat = "chat";
    public const string Embeddings = "embeddings";
    private const string TextCompletion = "text_completion";

    // LiteLLM's call types (litellm/integrations/otel/model/semconv.py, _OPERATION_BY_CALL_TYPE), Semantic Kernel's before 1.38, Spring
    // AI's.
    private static readonly FrozenDictionary<string, string> Names = new Dictionary<string, string>
    {
        ["completion"] = Chat,
        ["acompletion"] = Chat,
        ["completion_with_retries"] = Chat,
        ["responses"] = Chat,
        ["aresponses"] = Chat,
        ["chat.completions"] = Chat,
        ["atext_completion"] = TextCompletion,
        ["text.completions"] = TextCompletion,
        ["embedding"] = Embeddings,
        ["aembedding"] = Embeddings,
    }.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);

    /// <summary>
    /// The operation of a call: by its name, else by OpenLLMetry's request type, else by its kind; null when nobody says.
    /// </summary>
    /// <param name="operation">Its name.</param>
    /// <param name="requestType">OpenLLMetry's request type.</param>
    /// <param name="sort">The kind of its span.</param>
    /// <param name="spanName">The name of its span, UTF-8.</param>
    public static string? Of(string? operation, string? requestType, SpanSort? sort, ReadOnlySpan<byte> spanName)
    {
        if (operation is not null) return Names.GetValueOrDefault(operation, operation);

        // OpenLLMetry calls both a completion: one of text in the span openai.completion, and Anthropic's messages in anthropic.chat
        // (opentelemetry-instrumentation-anthropic). LiteLLM does so for every chat whose content it may not log.
        return requestType switch
        {
            null => sort == SpanSort.Embedding ? Embeddings : null,
            "completion" => spanName.EndsWith(".completion"u8) ? TextCompletion : Chat,
            _ => Names.GetValueOrDefault(requestType, requestType),
        };
    }
}
