using System.Collections.Frozen;

namespace Analytics.Ingest.Calls;

/// <summary>The many names of one model.</summary>
internal static class ModelNames
{
    private static readonly (string Start, string Provider)[] Families =
    [
        ("claude", "anthropic"), ("gpt-", "openai"), ("chatgpt-", "openai"), ("o1", "openai"), ("o3", "openai"), ("o4", "openai"),
        ("text-embedding-", "openai"), ("gemini-", "google"), ("mistral-", "mistral"), ("codestral", "mistral"), ("magistral", "mistral"),
        ("ministral", "mistral"), ("deepseek-", "deepseek"), ("grok-", "x-ai"), ("command-", "cohere"), ("sonar", "perplexity"), ("nova-",
            "aws"),
    ];

    // Bedrock's inference profiles: eu.anthropic.claude-….
    private static readonly FrozenSet<string> BedrockRegions =
        new[] { "us", "us-gov", "eu", "apac", "ap", "jp", "au", "ca", "sa", "global" }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    private static readonly FrozenSet<string> BedrockVendors =
        new[] { "anthropic", "amazon", "meta", "mistral", "cohere", "ai21", "deepseek", "openai",
            "qwen" }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    public static bool IsAnthropic(string provider, string model) =>
        ProviderNames.Canonical(provider) == "anthropic" || model.Contains("claude", StringComparison.OrdinalIgnoreCase);

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
        var canonical = ProviderNames.Canonical(provider);
        var bare = model.ToLowerInvariant();
        yield return (canonical, bare);

        var slash = bare.LastIndexOf('/');
        if (slash > 0 && slash < bare.Length - 1)
        {
            var path = bare[..slash];
            var vendor = ProviderNames.Canonical(path[(path.LastIndexOf('/') + 1)..]);
            bare = bare[(slash + 1)..];
            if (canonical.Length > 0) yield return (canonical, bare);
            if (vendor is not ("models" or "publishers" or "deployments")) yield return (vendor, bare);
        }

        if (WithoutBedrockPrefix(bare) is var (maker, inner))
        {
            if (canonical == "aws") yield return ("aws", $"{maker}.{inner}");
            yield return (ProviderNames.Canonical(maker), inner);
            bare = inner;
        }

        if (!ProviderNames.SellsAtListPrice(canonical)) yield break;
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
