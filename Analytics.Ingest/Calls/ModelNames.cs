using System.Collections.Frozen;

namespace Analytics.Ingest.Calls;

/// <summary>The many names of one provider and of one model.</summary>
internal static class ModelNames
{
    /// <summary>
    /// Provider names in use (OTel's <c>gen_ai.provider.name</c>, its older <c>gen_ai.system</c>, LiteLLM's and OpenInference's) to the one
    /// that the catalogue uses. Azure's own OpenAI models cost what OpenAI's cost.
    /// </summary>
    private static readonly FrozenDictionary<string, string> Providers = new Dictionary<string, string>
    {
        ["azure.ai.openai"] = "openai",
        ["az.ai.openai"] = "openai",
        ["azure_openai"] = "openai",
        ["azure.openai"] = "openai",
        ["azure-openai"] = "openai",
        ["azure"] = "openai",
        ["azure.ai.inference"] = "openai",
        ["az.ai.inference"] = "openai",
        ["openai_responses"] = "openai",
        ["openai.chat"] = "openai",
        ["claude"] = "anthropic",
        ["aws.bedrock"] = "aws",
        ["aws_bedrock"] = "aws",
        ["bedrock"] = "aws",
        ["bedrock_converse"] = "aws",
        ["amazon"] = "aws",
        ["amazon_bedrock"] = "aws",
        ["gcp.gemini"] = "google",
        ["gcp.vertex_ai"] = "google",
        ["gcp.gen_ai"] = "google",
        ["vertex_ai"] = "google",
        ["vertexai"] = "google",
        ["gemini"] = "google",
        ["google_genai"] = "google",
        ["google-genai"] = "google",
        ["mistral_ai"] = "mistral",
        ["mistralai"] = "mistral",
        ["x_ai"] = "x-ai",
        ["xai"] = "x-ai",
        ["grok"] = "x-ai",
        ["meta-llama"] = "meta",
        ["together_ai"] = "together",
        ["together"] = "together",
        ["fireworks_ai"] = "fireworks",
        ["perplexity-ai"] = "perplexity",
    }.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);

    private static readonly (string Start, string Provider)[] Families =
    [
        ("claude", "anthropic"), ("gpt-", "openai"), ("chatgpt-", "openai"), ("o1", "openai"), ("o3", "openai"), ("o4", "openai"),
        ("text-embedding-", "openai"), ("gemini-", "google"), ("mistral-", "mistral"), ("codestral", "mistral"), ("magistral", "mistral"),
        ("ministral", "mistral"), ("deepseek-", "deepseek"), ("grok-", "x-ai"), ("command-", "cohere"), ("sonar", "perplexity"), ("nova-",
            "aws"),
    ];

    // A host with prices of its own (Groq, DeepInfra, Together …) must not be charged at the price of the model's maker.
    private static readonly FrozenSet<string> ResellersAtListPrice =
        new[] { "", "unknown", "openai", "aws", "google", "litellm", "openrouter" }.ToFrozenSet(StringComparer.Ordinal);

    // Bedrock's inference profiles: eu.anthropic.claude-….
    private static readonly FrozenSet<string> BedrockRegions =
        new[] { "us", "us-gov", "eu", "apac", "ap", "jp", "au", "ca", "sa", "global" }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    private static readonly FrozenSet<string> BedrockVendors =
        new[] { "anthropic", "amazon", "meta", "mistral", "cohere", "ai21", "deepseek", "openai",
            "qwen" }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    /// <summary>The catalogue's name of a provider, lower case.</summary>
    public static string Canonical(string provider) => Providers.TryGetValue(provider, out var name) ? name : provider.ToLowerInvariant();

    public static bool IsAnthropic(string provider, string model) =>
        Canonical(provider) == "anthropic" || model.Contains("claude", StringComparison.OrdinalIgnoreCase);

    /// <summary>The provider whose model this is by its name alone; null when the name tells nothing.</summary>
    public static string? ProviderOf(string model)
    {
        foreach (var (provider, bare) in Readings("", model))
        {
            if (provider.Length > 0) return provider;
            foreach (var (start, family) in Families)
            {
                if (bare.StartsWith(start, StringComparison.OrdinalIgnoreCase)) return family;
            }
        }

        return null;
    }

    /// <summary>
    /// What a pair may stand for, the likeliest first: as given, then without a prefix such as <c>anthropic/</c>, <c>models/</c> or
    /// <c>eu.anthropic.</c>, then under the provider whose model family it is, where the given one sells at that provider's price. Names
    /// are lower case.
    /// </summary>
    public static IEnumerable<(string Provider, string Model)> Readings(string provider, string model)
    {
        var canonical = Canonical(provider);
        var bare = model.ToLowerInvariant();
        yield return (canonical, bare);

        var slash = bare.LastIndexOf('/');
        if (slash > 0 && slash < bare.Length - 1)
        {
            var path = bare[..slash];
            var vendor = Canonical(path[(path.LastIndexOf('/') + 1)..]);
            bare = bare[(slash + 1)..];
            if (canonical.Length > 0) yield return (canonical, bare);
            if (vendor is not ("models" or "publishers" or "deployments")) yield return (vendor, bare);
        }

        if (WithoutBedrockPrefix(bare) is var (maker, inner))
        {
            if (canonical == "aws") yield return ("aws", $"{maker}.{inner}");
            yield return (Canonical(maker), inner);
            bare = inner;
        }

        if (!ResellersAtListPrice.Contains(canonical)) yield break;
        foreach (var (start, family) in Families)
        {
            if (family != canonical && bare.StartsWith(start, StringComparison.Ordinal)) yield return (family, bare);
        }
    }

    private static (string Maker, string Model)? WithoutBedrockPrefix(string model)
    {
        var dot = model.IndexOf('.', StringComparison.Ordinal);
        if (dot > 0 && BedrockRegions.Contains(model[..dot]))
        {
            model = model[(dot + 1)..];
            dot = model.IndexOf('.', StringComparison.Ordinal);
        }

        return dot > 0 && dot < model.Length - 1 && BedrockVendors.Contains(model[..dot]) ? (model[..dot], model[(dot + 1)..]) : null;
    }
}
