namespace Analytics.Ingest.Calls;

/// <summary>What senders mean by names that they use otherwise than these are defined.</summary>
internal static class SenderHabits
{
    private const string OpenLit = "openlit";

    /// <summary>
    /// Whether the cached tokens come on top of the input tokens although their names define them as a part. OpenLIT sends the counts of
    /// Anthropic and of Bedrock as it got them, and its own prices add them (sdk/python/src/openlit/instrumentation/anthropic/utils.py,
    /// bedrock/utils.py). Its spans of LangChain for the same provider hold sums; only those of the client itself always have a top_k.
    /// </summary>
    /// <param name="sdk">The span's <c>telemetry.sdk.name</c>.</param>
    /// <param name="provider">The provider as reported.</param>
    /// <param name="hasTopK">Whether it has <c>gen_ai.request.top_k</c>.</param>
    public static bool AddsCached(string? sdk, string? provider, bool hasTopK) =>
        sdk == OpenLit && (provider == "aws.bedrock" || (provider == "anthropic" && hasTopK));

    /// <summary>
    /// Whether the reasoning tokens come on top of the output tokens: OpenLIT sends Gemini's counts as it got them
    /// (sdk/python/src/openlit/instrumentation/google_ai_studio/utils.py).
    /// </summary>
    /// <param name="sdk">The span's <c>telemetry.sdk.name</c>.</param>
    /// <param name="provider">The provider as reported.</param>
    public static bool AddsReasoning(string? sdk, string? provider) => sdk == OpenLit && provider == "gemini";

    /// <summary>
    /// The same of the AI SDK 5, which sends Gemini's counts as it got them (packages/google/src/google-generative-ai-language-model.ts of
    /// @ai-sdk/google 2), its total among them. The total proves nothing else: with Anthropic the SDK computes it itself, without the
    /// cached tokens.
    /// </summary>
    /// <param name="usage">The counts as reported.</param>
    /// <param name="aiSdkTotal">The SDK's total, if any.</param>
    public static bool AddsReasoning(ReportedUsage usage, long? aiSdkTotal) =>
        usage.Reasoning.Value > 0 && aiSdkTotal is not null
        && aiSdkTotal == usage.Input.Value + usage.Output.Value + usage.Reasoning.Value;
}
