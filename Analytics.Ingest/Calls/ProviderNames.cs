using System.Collections.Frozen;

namespace Analytics.Ingest.Calls;

/// <summary>The many names of one provider, and names that are a framework's instead of a provider's.</summary>
internal static class ProviderNames
{
    public const string Unknown = "unknown";

    /// <summary>OpenAI's client library speaks to many servers; its instrumentations name OpenAI all the same.</summary>
    private const string OpenAi = "openai";
    private const string AzureOpenAi = "azure.ai.openai";
    private const string AzureInference = "azure.ai.inference";
    private const string Bedrock = "aws.bedrock";
    private const string Gemini = "gcp.gemini";
    private const string Vertex = "gcp.vertex_ai";

    /// <summary>
    /// Provider names in use (OpenTelemetry's older <c>gen_ai.system</c>, those of LiteLLM, OpenInference, OpenLIT, Spring AI, LangChain,
    /// the AI SDK and genai-prices) to OpenTelemetry's of today, where it has one.
    /// </summary>
    private static readonly FrozenDictionary<string, string> WellKnown = new Dictionary<string, string>
    {
        [OpenAi] = OpenAi,
        ["oai"] = OpenAi,
        ["openai_responses"] = OpenAi,
        ["openai_chat"] = OpenAi,
        ["text-completion-openai"] = OpenAi,
        [AzureOpenAi] = AzureOpenAi,
        ["az.ai.openai"] = AzureOpenAi,
        ["azure_openai"] = AzureOpenAi,
        ["azure.openai"] = AzureOpenAi,
        ["azure-openai"] = AzureOpenAi,
        ["azure"] = AzureOpenAi,
        [AzureInference] = AzureInference,
        ["az.ai.inference"] = AzureInference,
        ["azure_ai"] = AzureInference,
        ["anthropic"] = "anthropic",
        ["claude"] = "anthropic",
        [Bedrock] = Bedrock,
        ["aws"] = Bedrock,
        ["aws_bedrock"] = Bedrock,
        ["bedrock"] = Bedrock,
        ["bedrock_converse"] = Bedrock,
        ["amazon"] = Bedrock,
        ["amazon_bedrock"] = Bedrock,
        ["amazon-bedrock"] = Bedrock,
        [Gemini] = Gemini,
        ["google"] = Gemini,
        ["gemini"] = Gemini,
        ["google_genai"] = Gemini,
        ["google-genai"] = Gemini,
        ["google-gla"] = Gemini,
        ["google.generative-ai"] = Gemini,
        ["google.ai.studio"] = Gemini,
        ["googleai"] = Gemini,
        [Vertex] = Vertex,
        ["vertex_ai"] = Vertex,
        ["vertex_ai_beta"] = Vertex,
        ["vertexai"] = Vertex,
        ["vertex"] = Vertex,
        ["vertex.anthropic"] = Vertex,
        ["google_vertexai"] = Vertex,
        ["google-vertex"] = Vertex,
        ["google.vertex"] = Vertex,
        ["mistral_ai"] = "mistral_ai",
        ["mistral"] = "mistral_ai",
        ["mistralai"] = "mistral_ai",
        ["x_ai"] = "x_ai",
        ["x-ai"] = "x_ai",
        ["xai"] = "x_ai",
        ["grok"] = "x_ai",
        ["cohere"] = "cohere",
        ["cohere_chat"] = "cohere",
        ["deepseek"] = "deepseek",
        ["groq"] = "groq",
        ["perplexity"] = "perplexity",
        ["perplexity-ai"] = "perplexity",
        ["together_ai"] = "together",
        ["togetherai"] = "together",
        ["fireworks_ai"] = "fireworks",
        ["meta-llama"] = "meta",
    }.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);

    /// <summary>OpenTelemetry's names to the catalogue's, where they differ. Azure's own OpenAI models cost what OpenAI's cost.</summary>
    private static readonly FrozenDictionary<string, string> Catalogue = new Dictionary<string, string>
    {
        [AzureOpenAi] = OpenAi,
        [AzureInference] = OpenAi,
        [Bedrock] = "aws",
        [Gemini] = "google",
        [Vertex] = "google",
        ["gcp.gen_ai"] = "google",
        ["mistral_ai"] = "mistral",
        ["x_ai"] = "x-ai",
    }.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);

    /// <summary>The AI SDK adds the API that was called: <c>openai.responses</c>, <c>google.vertex.chat</c>.</summary>
    private static readonly FrozenSet<string> Apis = new[]
    {
        "chat", "responses", "completion", "completions", "messages", "embedding", "embeddings", "textembedding", "image", "speech",
        "transcription",
    }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    private static readonly FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> ApisBySpan =
        Apis.GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>
    /// Names of frameworks, gateways and instrumentations that stand where a provider's name belongs: who served the model, the model's
    /// name or the server's address must tell.
    /// </summary>
    private static readonly FrozenSet<string> Frameworks = new[]
    {
        "", Unknown, "_other", "other", "custom", "llm", "litellm", "litellm_proxy", "langchain", "langchain_core", "langgraph",
        "langsmith",
        "llama_index", "llamaindex", "llama-index", "haystack", "spring_ai", "spring-ai", "dspy", "crewai", "autogen", "ag2", "agno",
        "phidata", "pydantic_ai", "pydantic-ai", "smolagents", "semantic_kernel", "semantic-kernel", "microsoft.semantickernel",
        "microsoft.agent_framework", "agent_framework", "strands", "strands-agents", "mastra", "genkit", "vercel", "vercel_ai", "vercel-ai",
        "gateway", "ai_gateway", "openai_agents", "openai-agents", "gcp.vertex.agent", "google_adk", "google-adk", "claude_code",
        "claude-code", "embedchain", "mem0", "letta", "julep", "dynamiq", "controlflow", "camel", "instructor", "promptflow", "mlflow",
        "traceloop", "openllmetry", "openlit", "portkey", "helicone", "logfire",
    }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    /// <summary>Hosts that LiteLLM names before a model (<c>together_ai/…</c>) and that have no name in <see cref="WellKnown"/>.</summary>
    private static readonly FrozenSet<string> Hosts = new[]
    {
        "together", "fireworks", "deepinfra", "cerebras", "sambanova", "novita", "nebius", "hyperbolic", "huggingface", "ollama",
        "ollama_chat", "hosted_vllm", "vllm", "lm_studio", "replicate", "baseten", "anyscale", "databricks", "watsonx", "sagemaker",
        "cloudflare", "github", "openrouter", "voyage", "moonshot", "friendliai", "featherless_ai", "nscale", "ovhcloud", "lambda_ai",
    }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    /// <summary>The catalogue's name of a provider, lower case.</summary>
    public static string Canonical(string provider)
    {
        var name = OpenTelemetryName(provider);
        return Catalogue.TryGetValue(name, out var known) ? known : name.ToLowerInvariant();
    }

    /// <summary>Whether it is a provider's name, or nobody's that has a meaning of its own.</summary>
    public static bool IsKnown(string provider) => WellKnown.ContainsKey(provider) || Hosts.Contains(provider);

    /// <summary>Whether the name says nothing of who served a model.</summary>
    public static bool SaysNothing(string provider) => Frameworks.Contains(provider);

    /// <summary>
    /// Whether a seller asks what the maker of a model asks. A host with prices of its own (Bedrock, Groq, Together …) must not be charged
    /// at the maker's.
    /// </summary>
    /// <param name="seller">A name that <see cref="Canonical"/> gave.</param>
    /// <param name="maker">Another such name.</param>
    public static bool SellsAtListPrice(string seller, string maker) => seller switch
    {
        // OpenAI's name is also that of its client library, which speaks to any server.
        OpenAi => true,
        "google" => maker == "anthropic",
        "openrouter" => maker is OpenAi or "anthropic" or "x-ai",
        _ => SaysNothing(seller),
    };

    /// <summary>
    /// The provider that is stored: OpenTelemetry's name of the reported one, without the API that the AI SDK adds. A framework's name
    /// gives way to the provider of the server's address, then to that of the model's name; OpenAI's name, which its client library reports
    /// for every server, to the address alone (https://github.com/open-telemetry/semantic-conventions-genai, note on
    /// <c>gen_ai.provider.name</c>).
    /// </summary>
    /// <param name="reported">What the sender said; null when nothing.</param>
    /// <param name="model">The model that answered, else the one asked for.</param>
    /// <param name="server">The provider of the server's address; null when it is not known.</param>
    public static string Resolve(string? reported, string model, string? server)
    {
        if (reported is null || Frameworks.Contains(reported))
            return server ?? (ModelNames.ProviderOf(model) is { } maker ? OpenTelemetryName(maker) : null) ?? reported ?? Unknown;
        var name = OpenTelemetryName(reported);
        return name == OpenAi ? server ?? name : name;
    }

    private static string OpenTelemetryName(string provider)
    {
        var name = WithoutApi(provider);
        return WellKnown.GetValueOrDefault(name, name);
    }

    private static string WithoutApi(string provider)
    {
        var dot = provider.LastIndexOf('.');
        return dot > 0 && ApisBySpan.Contains(provider.AsSpan(dot + 1)) ? provider[..dot] : provider;
    }
}
