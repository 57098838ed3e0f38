using Analytics.Ingest.Calls;
using Analytics.Ingest.Pricing;
using Analytics.Ingest.Tests.Calls;
using CsCheck;

namespace Analytics.Ingest.Tests.Pricing;

public sealed class PricingTests
{
    private static readonly DateTime Then = new(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    private static readonly PriceBook Book = new(
    [
        Price(1, "openai", "gpt-4o", prefix: true, 2.5m, 10m, 1.25m),
        Price(2, "openai", "gpt-4o-mini", prefix: true, 0.15m, 0.6m),
        Price(3, "openai", "gpt-4o-2024-05-13", prefix: false, 5m, 15m),
        Price(4, "anthropic", "claude-sonnet-4", prefix: true, 3m, 15m, 0.3m, 3.75m),
        Price(5, "aws.bedrock", "anthropic.claude-haiku-4-5", prefix: true, 1.1m, 5.5m),
        Price(6, "openai", "text-embedding-3-small", prefix: false, 0.02m, 0m),
        Price(7, "openai", "gpt-old", prefix: true, 1m, 1m) with { ValidTo = Then.AddDays(-1) },
        Price(8, "openai", "gpt-old", prefix: true, 2m, 2m) with { ValidFrom = Then.AddDays(-1) },
    ]);

    [Theory]
    [InlineData("openai", "gpt-4o", 1)]
    [InlineData("OpenAI", "GPT-4o-2024-08-06", 1)]
    [InlineData("openai", "gpt-4o-2024-05-13", 3)]
    [InlineData("openai", "gpt-4o-mini-2024-07-18", 2)]
    [InlineData("azure.ai.openai", "gpt-4o-mini", 2)]
    [InlineData("az.ai.openai", "gpt-4o", 1)]
    [InlineData("openai", "gpt-4omni", null)]
    [InlineData("openai", "gpt-4o.1", null)]
    [InlineData("openai", "unheard-of", null)]
    [InlineData("unknown", "anthropic/claude-sonnet-4-5", 4)]
    [InlineData("openrouter", "anthropic/claude-sonnet-4-5", 4)]
    // Bedrock's prices are its own: what it does not list there is unknown.
    [InlineData("aws.bedrock", "eu.anthropic.claude-sonnet-4-5-20250929-v1:0", null)]
    [InlineData("aws.bedrock", "us.anthropic.claude-haiku-4-5-20251001-v1:0", 5)]
    [InlineData("gcp.vertex_ai", "claude-sonnet-4@20250514", 4)]
    [InlineData("openai.responses", "gpt-4o", 1)]
    [InlineData("azure.responses", "gpt-4o", 1)]
    [InlineData("anthropic.messages", "claude-sonnet-4-5", 4)]
    [InlineData("google.vertex.chat", "claude-sonnet-4@20250514", 4)]
    // Where the provider's name is a framework's, the model's decides: its family, the form of Bedrock's ids, LiteLLM's path.
    [InlineData("langchain", "gpt-4o", 1)]
    [InlineData("spring_ai", "claude-sonnet-4-5", 4)]
    [InlineData("gcp.vertex.agent", "anthropic/claude-sonnet-4-5", 4)]
    [InlineData("langchain", "us.anthropic.claude-haiku-4-5-20251001-v1:0", 5)]
    [InlineData("litellm", "bedrock/us.anthropic.claude-haiku-4-5-20251001-v1:0", 5)]
    [InlineData("litellm", "azure/gpt-4o", 1)]
    [InlineData("litellm", "vertex_ai/claude-sonnet-4-5", 4)]
    // A host with prices of its own is not charged at the maker's.
    [InlineData("groq", "gpt-4o", null)]
    [InlineData("litellm", "together_ai/openai/gpt-4o", null)]
    [InlineData("litellm", "ollama/gpt-4o", null)]
    [InlineData("langchain", "someone/gpt-4o", null)]
    // Nor are variants that the maker does not sell.
    [InlineData("openrouter", "openai/gpt-4o:free", null)]
    [InlineData("openai", "claude-sonnet-4:14b", null)]
    [InlineData("langchain", "my-deployment", null)]
    public void A_price_is_found_under_the_names_in_use(string provider, string model, int? priceId) =>
        Assert.Equal(priceId, Book.Find(provider, model, null, Then)?.PriceId);

    [Fact]
    public void The_price_at_the_time_of_the_call_counts()
    {
        Assert.Equal(7, Book.Find("openai", "gpt-old", null, Then.AddDays(-2))?.PriceId);
        Assert.Equal(8, Book.Find("openai", "gpt-old", null, Then)?.PriceId);
    }

    [Fact]
    public void Known_model_without_a_price_at_that_time_does_not_get_a_similar_models_price()
    {
        var book = new PriceBook([Price(1, "openai", "gpt-5", true, 1, 1),
            Price(2, "openai", "gpt-5-mini", true, 1, 1) with { ValidFrom = Then }]);
        Assert.Null(book.Find("openai", "gpt-5-mini", null, Then.AddDays(-1)));
    }

    [Fact]
    public void Requested_model_is_the_fallback_for_the_price() =>
    Assert.Equal(1, Book.Find("openai", "my-deployment", "gpt-4o", Then)?.PriceId);

    [Fact]
    public void A_call_costs_the_exact_sum_of_its_parts()
    {
        var reported = UsageVectorTests.Reported(1000, 200, 300, 100);
        var cost = CallCost.Of(reported, UsageVector.From(reported, anthropic: false),
            Book.Find("anthropic", "claude-sonnet-4", null, Then), isEmbedding: false);

        Assert.Equal((0.0018m, 0.00009m, 0.000375m, 0.003m), (cost.Input, cost.CacheRead, cost.CacheWrite, cost.Output));
        Assert.Equal((0.005265m, 4, "catalogue"), (cost.Total, cost.PriceId, cost.Source));
    }

    [Fact]
    public void An_unknown_price_or_count_is_no_cost_and_never_zero()
    {
        var reported = UsageVectorTests.Reported(1000, 200);
        Assert.Equal((null, "unpriced"), (Cost(reported, null).Total, Cost(reported, null).Source));
        var broken = Cost(UsageVectorTests.Reported(1000, null), Book.Find("openai", "gpt-4o", null, Then));
        Assert.Equal((null, "unpriced"), (broken.Total, broken.Source));
        Assert.Null(broken.Input);
    }

    [Fact]
    public void An_embedding_needs_no_output()
    {
        var cost = Cost(UsageVectorTests.Reported(1_000_000, null), Book.Find("openai", "text-embedding-3-small", null, Then));
        Assert.Equal(0.02m, cost.Total);

        // mistral-embed: the catalogue carries a price of output that there is none of.
        var price = new ModelPrice(9, "mistral_ai", "mistral-embed", false, DateTime.MinValue, null, 0.1m, 0.1m, null, null);
        Assert.Equal(0.1m, Cost(UsageVectorTests.Reported(1_000_000, null), price, isEmbedding: true).Total);
        Assert.Null(Cost(UsageVectorTests.Reported(1_000_000, null), price).Total);
    }

    [Fact]
    public void A_reported_cost_counts_unless_it_is_a_zero_that_means_unknown()
    {
        var reported = UsageVectorTests.Reported(1000, 200);
        reported.ReportCost(0.5m);
        Assert.Equal((0.5m, "provider", null),
            (Cost(reported, Book.Find("openai", "gpt-4o", null, Then)).Total, Cost(reported, null).Source, Cost(reported, null).PriceId));

        var zero = UsageVectorTests.Reported(1000, 200);
        zero.ReportCost(0m);
        Assert.Equal((null, "unpriced"), (Cost(zero, null).Total, Cost(zero, null).Source));
    }

    [Fact]
    public void Cost_in_another_currency_is_not_stored_as_dollars()
    {
        var reported = UsageVectorTests.Reported(1000, 200);
        reported.ReportCost(0.5m);
        reported.Currency = "EUR";
        Assert.Null(Cost(reported, null).Total);
    }

    [Fact]
    public void Any_text_may_be_a_model_name() =>
    Gen.String.Select(Gen.String).Sample((provider, model) => Book.Find(provider, model, null, Then));

    private static CallCost Cost(ReportedUsage reported, ModelPrice? price, bool isEmbedding = false) =>
        CallCost.Of(reported, UsageVector.From(reported, anthropic: false), price, isEmbedding);

    private static ModelPrice Price(int id, string provider, string model, bool prefix, decimal input, decimal output, decimal? read = null,
        decimal? write = null) =>
        new(id, provider, model, prefix, DateTime.MinValue, null, input, output, read, write);
}
