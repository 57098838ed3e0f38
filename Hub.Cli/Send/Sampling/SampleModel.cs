namespace Hub.Cli.Send.Sampling;

/// <summary>A model that sample traffic calls, and how it behaves.</summary>
/// <param name="Provider">As in <c>gen_ai.provider.name</c>.</param>
/// <param name="Name">The model asked for.</param>
/// <param name="Answering">The model that answers, often a dated version of the one asked for.</param>
/// <param name="Weight">Its share of the traffic.</param>
/// <param name="TokensPerSecond">How fast it generates.</param>
/// <param name="FirstTokenSeconds">How long a short prompt waits for the first token, typically.</param>
internal sealed record SampleModel(
    string Provider, string Name, string Answering, double Weight, double TokensPerSecond, double FirstTokenSeconds)
{
    public const string Chat = "chat";
    public const string TextCompletion = "text_completion";
    public const string Embeddings = "embeddings";

    /// <summary>As in <c>gen_ai.operation.name</c>.</summary>
    public string Operation { get; init; } = Chat;

    /// <summary>The share of its output that it spends on reasoning, typically; 0: it does not reason.</summary>
    public double Reasoning { get; init; }

    /// <summary>Whether it reads prompts from a cache and says so.</summary>
    public bool ReadsCache { get; init; } = true;

    /// <summary>Whether it says what it writes to the cache.</summary>
    public bool WritesCache { get; init; }

    /// <summary>
    /// Models in current use that the price table knows, and one that no table knows: a share of unpriced calls is what real traffic has,
    /// and what the answers must show.
    /// </summary>
    public static IReadOnlyList<SampleModel> Generating { get; } =
    [
        new("openai", "gpt-5.4-mini", "gpt-5.4-mini-2026-03-17", 18, 140, 0.45) { Reasoning = 0.35 },
        new("openai", "gpt-5.4", "gpt-5.4-2026-03-05", 8, 75, 0.9) { Reasoning = 0.5 },
        new("openai", "gpt-4.1-mini", "gpt-4.1-mini-2025-04-14", 9, 95, 0.4),
        new("azure.ai.openai", "gpt-4o", "gpt-4o-2024-08-06", 6, 80, 0.5),
        new("anthropic", "claude-sonnet-4-6", "claude-sonnet-4-6", 17, 70, 0.9) { WritesCache = true },
        new("anthropic", "claude-haiku-4-5", "claude-haiku-4-5-20251001", 11, 150, 0.4) { WritesCache = true },
        new("anthropic", "claude-opus-4-8", "claude-opus-4-8", 3, 50, 1.4) { WritesCache = true },
        new("gcp.gemini", "gemini-2.5-flash", "gemini-2.5-flash", 12, 190, 0.35) { Reasoning = 0.3 },
        new("gcp.gemini", "gemini-2.5-pro", "gemini-2.5-pro", 4, 90, 1.6) { Reasoning = 0.6 },
        new("mistral_ai", "mistral-large-2512", "mistral-large-2512", 4, 60, 0.6) { ReadsCache = false },
        new("mistral_ai", "codestral-2508", "codestral-2508", 4, 160, 0.3) { Operation = TextCompletion, ReadsCache = false },
        new("deepseek", "deepseek-chat", "deepseek-chat", 3, 45, 1.0),
        new("in_house", "support-tuned-7b", "support-tuned-7b", 1, 110, 0.2) { ReadsCache = false },
    ];

    /// <summary>What calls without any output are: embeddings.</summary>
    public static IReadOnlyList<SampleModel> Embedding { get; } =
    [
        new("openai", "text-embedding-3-small", "text-embedding-3-small", 4, 0, 0.12) { Operation = Embeddings, ReadsCache = false },
        new("mistral_ai", "mistral-embed", "mistral-embed", 1, 0, 0.15) { Operation = Embeddings, ReadsCache = false },
    ];
}

/// <summary>A program that calls models.</summary>
/// <param name="Conversations">The share of its calls that belong to a conversation.</param>
/// <param name="Streams">The share of its calls that stream the answer.</param>
internal sealed record SampleService(string Name, double Weight, double Conversations, double Streams)
{
    public static IReadOnlyList<SampleService> All { get; } =
    [
        new("support-assistant", 35, 0.9, 0.9), new("code-review", 25, 0.2, 0.1), new("document-search", 20, 0.3, 0.4),
        new("report-writer", 12, 0, 0.2), new("ticket-triage", 8, 0, 0),
    ];
}

/// <summary>A way to fail.</summary>
/// <param name="Type">As in <c>error.type</c>.</param>
/// <param name="Seconds">How long it takes, typically.</param>
internal sealed record SampleError(string Type, string Message, double Weight, double Seconds)
{
    public static IReadOnlyList<SampleError> All { get; } =
    [
        new("429", "Rate limit reached for requests", 45, 0.15),
        new("timeout", "The request timed out", 25, 30),
        new("503", "The model is overloaded", 15, 1.2),
        new("500", "Internal server error", 10, 2.5),
        new("529", "Overloaded", 5, 0.8),
    ];
}
