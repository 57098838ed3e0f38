using Analytics.Ingest.Calls;
using Analytics.Ingest.Pricing;

namespace Analytics.Ingest.Tests.Pricing;

/// <summary>Prices under the provider names that instrumentations send, against the price file that the catalogue was made of.</summary>
public sealed class ProviderNamesInUseTests(ITestOutputHelper output)
{
    private static readonly DateTime Then = new(2026, 11, 22, 12, 0, 0, DateTimeKind.Utc);

    /// <summary>
    /// Names of one provider of the file: OpenTelemetry's (<c>gen_ai.provider.name</c> and the older <c>gen_ai.system</c>), the AI SDK's
    /// (packages/*/src/*-provider.ts), LiteLLM's (litellm/integrations/otel/model/semconv.py), Spring AI's (AiProvider.java), OpenLIT's
    /// (semcov/__init__.py), LangChain's (<c>ls_provider</c>) and pydantic-ai's (<c>Model.system</c>).
    /// </summary>
    private static readonly Dictionary<string, string[]> Names = new()
    {
        ["openai"] =
        [
            "openai", "OpenAI", "azure.ai.openai", "az.ai.openai", "azure.ai.inference", "az.ai.inference", "azure", "azure_openai",
            "azure-openai", "azure_ai", "openai.responses", "openai.chat", "openai.embedding", "azure.responses", "azure.chat",
            "azure-openai.chat", "text-completion-openai",
        ],
        ["anthropic"] = ["anthropic", "Anthropic", "anthropic.messages", "claude"],
        ["google"] =
        [
            "gcp.gemini", "gcp.vertex_ai", "gcp.gen_ai", "gemini", "vertex_ai", "vertex_ai_beta", "google", "google.generative-ai",
            "google.vertex.chat", "google-vertex", "google_genai", "google_vertexai", "google-gla", "google.ai.studio",
        ],
        ["aws"] = ["aws.bedrock", "bedrock", "bedrock_converse", "amazon-bedrock", "amazon_bedrock", "aws_bedrock"],
        ["mistral"] = ["mistral_ai", "mistral", "mistral.chat", "mistralai"],
        ["deepseek"] = ["deepseek", "deepseek.chat"],
        ["x-ai"] = ["x_ai", "xai", "xai.chat"],
        ["cohere"] = ["cohere", "cohere_chat", "cohere.chat"],
        ["groq"] = ["groq", "groq.chat"],
        ["azure"] = ["azure.ai.inference", "azure_ai"],
        ["openrouter"] = ["openrouter"],
    };

    /// <summary>Names of frameworks and gateways, under which the model's name decides.</summary>
    private static readonly string[] Frameworks =
    [
        "langchain", "spring_ai", "llama_index", "litellm", "gcp.vertex.agent", "strands-agents", "pydantic_ai", "haystack", "dspy",
        "crewai", "semantic_kernel", "mastra", "genkit", "vercel", "gateway", "openai_agents", "claude_code", "_OTHER", "unknown", "custom",
    ];

    /// <summary>Makers whose models are known by name. A host's (Groq's) need its address.</summary>
    private static readonly string[] Makers = ["openai", "anthropic", "google", "aws", "mistral", "deepseek", "x-ai", "cohere"];

    public static TheoryData<string, string> Pairs() =>
    [
        .. Names.SelectMany(pair => pair.Value.Select(name => (pair.Key, name))),
        .. Makers.SelectMany(maker => Frameworks.Select(name => (maker, name))),
    ];

    [Theory]
    [MemberData(nameof(Pairs))]
    public void Priced_models_are_found_under_every_name_of_their_provider_and_at_their_price(string provider, string name)
    {
        var (oracle, book) = (PriceOracle.Read(), ShippedCatalogue.Read());
        var models = oracle.NamesOf(provider).Where(model => book.Find(provider, model, null, Then) is not null)
            .Where(model => provider != "aws" || !Frameworks.Contains(name) || IsBedrockId(model)).ToArray();
        Assert.NotEmpty(models);
        var (missed, wrong) = (new List<string>(), new List<string>());
        foreach (var model in models)
        {
            if (book.Find(name, model, null, Then) is not { } found) missed.Add(model);
            else if (Of(oracle.PriceOf(provider, model, Then), provider) is var price && Of(found, provider) != price)
                wrong.Add($"{model}: {Of(found, provider)}, {price}");
        }

        output.WriteLine($"{models.Length - missed.Count} of {models.Length}; missed: {string.Join(' ', missed)}");
        Assert.True(wrong.Count == 0, string.Join(Environment.NewLine, wrong));
        Assert.InRange(missed.Count, 0, models.Length * 3 / 100);
    }

    /// <summary>Other names of Bedrock's models are also those of their makers, who ask less.</summary>
    private static bool IsBedrockId(string model) => model.Split('.') is [.., _, _] parts && parts.Any(part =>
        part is "amazon" or "anthropic" or "meta" or "mistral" or "cohere" or "deepseek" or "openai" or "qwen");

    private static OraclePrice? Of(ModelPrice price, string provider) =>
        Of(new OraclePrice(price.Input, price.Output, price.CacheRead, price.CacheWrite), provider);

    // The file rounds cache prices of Azure and OpenRouter to cents and has them for a part of the models only.
    private static OraclePrice? Of(OraclePrice? price, string provider) =>
        provider is "azure" or "openrouter" && price is not null ? price with { CacheRead = null, CacheWrite = null } : price;
}
