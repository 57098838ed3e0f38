using System.Collections.Frozen;
using System.Text;

namespace Analytics.Ingest.Calls;

/// <summary>Which provider answers under a server's address.</summary>
internal static class ProviderHosts
{
    /// <summary>Longest address that is looked at, in bytes: the longest host name is 253.</summary>
    private const int MaxAddress = 512;

    /// <summary>Hosts and the domains whose hosts are one provider's, with OpenTelemetry's name of the provider where it has one.</summary>
    private static readonly FrozenDictionary<string, string> Domains = new Dictionary<string, string>
    {
        ["api.openai.com"] = "openai",
        ["openai.azure.com"] = "azure.ai.openai",
        ["cognitiveservices.azure.com"] = "azure.ai.openai",
        ["services.ai.azure.com"] = "azure.ai.inference",
        ["models.ai.azure.com"] = "azure.ai.inference",
        ["api.anthropic.com"] = "anthropic",
        ["generativelanguage.googleapis.com"] = "gcp.gemini",
        ["aiplatform.googleapis.com"] = "gcp.vertex_ai",
        ["api.mistral.ai"] = "mistral_ai",
        ["codestral.mistral.ai"] = "mistral_ai",
        ["api.deepseek.com"] = "deepseek",
        ["api.x.ai"] = "x_ai",
        ["api.cohere.com"] = "cohere",
        ["api.cohere.ai"] = "cohere",
        ["api.groq.com"] = "groq",
        ["api.perplexity.ai"] = "perplexity",
        ["openrouter.ai"] = "openrouter",
        ["api.together.xyz"] = "together",
        ["api.together.ai"] = "together",
        ["api.fireworks.ai"] = "fireworks",
        ["api.cerebras.ai"] = "cerebras",
        ["api.deepinfra.com"] = "deepinfra",
        ["api.moonshot.ai"] = "moonshot_ai",
        ["api.moonshot.cn"] = "moonshot_ai",
        ["api.novita.ai"] = "novita",
        ["router.huggingface.co"] = "huggingface",
        ["api-inference.huggingface.co"] = "huggingface",
        ["api.sambanova.ai"] = "sambanova",
        ["api.voyageai.com"] = "voyageai",
    }.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);

    private static readonly FrozenDictionary<string, string>.AlternateLookup<ReadOnlySpan<char>> ByDomain =
        Domains.GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>The provider behind a host name or a URL; null for an address that is nobody's known.</summary>
    public static string? Find(ReadOnlySpan<byte> address)
    {
        if (address.Length > MaxAddress) return null;
        Span<char> chars = stackalloc char[MaxAddress];
        if (Ascii.ToUtf16(address, chars, out var length) != System.Buffers.OperationStatus.Done) return null;
        var host = HostOf(chars[..length]);

        // bedrock-runtime.eu-west-1.amazonaws.com and europe-west4-aiplatform.googleapis.com have the region in front.
        if (host.StartsWith("bedrock-runtime", StringComparison.OrdinalIgnoreCase)
            && host.Contains(".amazonaws.com", StringComparison.OrdinalIgnoreCase)) return "aws.bedrock";
        if (host.EndsWith("-aiplatform.googleapis.com", StringComparison.OrdinalIgnoreCase)) return "gcp.vertex_ai";
        for (var domain = host; ; domain = domain[(domain.IndexOf('.') + 1)..])
        {
            if (ByDomain.TryGetValue(domain, out var provider)) return provider;
            if (!domain.Contains('.')) return null;
        }
    }

    private static ReadOnlySpan<char> HostOf(ReadOnlySpan<char> address)
    {
        var scheme = address.IndexOf("://", StringComparison.Ordinal);
        if (scheme >= 0) address = address[(scheme + 3)..];
        var end = address.IndexOfAny('/', ':', '?');
        return (end < 0 ? address : address[..end]).TrimEnd('.');
    }
}
