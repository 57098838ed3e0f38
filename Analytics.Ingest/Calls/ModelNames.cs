using System.Collections.Frozen;

namespace Analytics.Ingest.Calls;

/// <summary>The many names of one model.</summary>
internal static class ModelNames
{
    private const string Bedrock = "aws";

    /// <summary>Beginnings of names that one maker gives its models, with the catalogue's name of the maker.</summary>
    private static readonly (string Start, string Maker)[] Families =
    [
        ("claude", "anthropic"), ("gpt-", "openai"), ("chatgpt-", "openai"), ("o1", "openai"), ("o3", "openai"), ("o4", "openai"),
        ("text-embedding-", "openai"), ("gemini-", "google"), ("mistral-", "mistral"), ("open-mistral", "mistral"),
        ("codestral", "mistral"), ("devstral", "mistral"), ("magistral", "mistral"), ("ministral", "mistral"), ("pixtral", "mistral"),
        ("deepseek-", "deepseek"), ("grok-", "x-ai"), ("command-", "cohere"), ("embed-v", "cohere"), ("sonar", "perplexity"),
        ("nova-", Bedrock),
    ];

    /// <summary>What stands before a model's name in a path and is nobody's name: <c>publishers/google/models/gemini-…</c>.</summary>
    private static readonly FrozenSet<string> Containers =
        new[] { "models", "publishers", "deployments" }.ToFrozenSet(StringComparer.Ordinal);

    // Bedrock's inference profiles: eu.anthropic.claude-….
    private static readonly FrozenSet<string> BedrockRegions =
        new[] { "us", "us-gov", "eu", "apac", "ap", "jp", "au", "ca", "sa", "global" }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    private static readonly FrozenSet<string> BedrockVendors =
        new[] { "anthropic", "amazon", "meta", "mistral", "cohere", "ai21", "deepseek", "openai",
            "qwen" }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    public static bool IsAnthropic(string provider, string model) =>
        ProviderNames.Canonical(provider) == "anthropic" || model.Contains("claude", StringComparison.OrdinalIgnoreCase);

    /// <summary>
    /// The provider whose model this is by its name alone, in the catalogue's words; null when the name tells nothing.
    /// </summary>
    public static string? ProviderOf(string model)
    {
        foreach (var (provider, bare) in Readings("", model))
        {
            if (provider.Length > 0) return provider;
            if (MakerOf(bare) is { } maker) return maker;
        }

        return null;
    }

    /// <summary>
    /// What a pair may stand for, the likeliest first: as given, then without a path such as <c>models/</c>, then under the seller or maker
    /// that a path names (<c>anthropic/…</c>, LiteLLM's <c>bedrock/…</c>), under Bedrock where the model has the form of its ids, and last
    /// under the maker whose model family it is, where the given provider sells at that maker's price. Names are lower case.
    /// </summary>
    public static IEnumerable<(string Provider, string Model)> Readings(string provider, string model)
    {
        var seller = ProviderNames.Canonical(provider);
        var bare = model.ToLowerInvariant();
        yield return (seller, bare);

        string? maker = null;
        if (bare.LastIndexOf('/') is var slash and > 0 && slash < bare.Length - 1)
        {
            var (whole, path) = (bare, bare[..slash]);
            bare = bare[(slash + 1)..];
            if (seller.Length > 0) yield return (seller, bare);
            if (ProviderNames.SaysNothing(seller) && SellerIn(path) is { } named)
            {
                seller = named;
                yield return (seller, whole[(whole.IndexOf('/', StringComparison.Ordinal) + 1)..]);
                yield return (seller, bare);
            }
            else if (path[(path.LastIndexOf('/') + 1)..] is var vendor && !Containers.Contains(vendor))
            {
                // Whose copy of a model it is, only its host knows: deepseek-ai/DeepSeek-R1 is anybody's.
                maker = ProviderNames.Canonical(vendor);
                if (!ProviderNames.IsKnown(vendor) || !ProviderNames.SellsAtListPrice(seller, maker)) yield break;
            }
        }

        if (WithoutBedrockPrefix(bare) is var (vendorOfId, inner) && (seller == Bedrock || ProviderNames.SaysNothing(seller)))
        {
            if (seller != Bedrock) yield return (Bedrock, bare);
            yield return (Bedrock, $"{vendorOfId}.{inner}");
            yield break;
        }

        if (seller == Bedrock && MakerOf(bare) is { } family) yield return (Bedrock, $"{(family == Bedrock ? "amazon" : family)}.{bare}");
        maker ??= MakerOf(bare);
        if (maker is not null && maker != seller && ProviderNames.SellsAtListPrice(seller, maker) && IsMakersOwn(bare, seller, maker))
            yield return (maker, bare);
    }

    /// <summary>
    /// Whether a name is not that of a variant which its maker does not sell: <c>deepseek-r1:14b</c> (Ollama), <c>deepseek-r1:free</c>
    /// (OpenRouter), a distilled model, OpenRouter's dearer <c>claude-…-fast</c>.
    /// </summary>
    private static bool IsMakersOwn(string model, string seller, string maker) =>
        !model.Contains(':', StringComparison.Ordinal) && !model.Contains("-distill", StringComparison.Ordinal)
        && !(seller == "openrouter" && maker == "anthropic" && model.EndsWith("-fast", StringComparison.Ordinal));

    private static string? MakerOf(string bare)
    {
        foreach (var (start, maker) in Families)
        {
            if (bare.StartsWith(start, StringComparison.OrdinalIgnoreCase)) return maker;
        }

        return null;
    }

    /// <summary>The provider that the beginning of a path names, in the catalogue's words; null when nobody known does.</summary>
    private static string? SellerIn(string path)
    {
        var slash = path.IndexOf('/', StringComparison.Ordinal);
        var first = slash < 0 ? path : path[..slash];
        return ProviderNames.IsKnown(first) && !ProviderNames.SaysNothing(first) ? ProviderNames.Canonical(first) : null;
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
