using Analytics.Ingest.Calls;
using Analytics.Ingest.Tests.Infrastructure;
using CsCheck;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace Analytics.Ingest.Tests.Calls;

public sealed class ProviderResolutionTests
{
    private readonly CallBuilder builder = new(Options.Create(new IngestOptions()), new FakeTimeProvider(Exports.Now));

    [Theory]
    // OpenTelemetry's name, whatever the instrumentation's.
    [InlineData("openai.responses", "gpt-4o", null, "openai")]
    [InlineData("OpenAI", "gpt-4o", null, "openai")]
    [InlineData("az.ai.openai", "gpt-4o", null, "azure.ai.openai")]
    [InlineData("azure.chat", "gpt-4o", null, "azure.ai.openai")]
    [InlineData("google.generative-ai", "gemini-2.5-pro", null, "gcp.gemini")]
    [InlineData("google.vertex.chat", "gemini-2.5-pro", null, "gcp.vertex_ai")]
    [InlineData("vertex.anthropic.messages", "claude-sonnet-4-5", null, "gcp.vertex_ai")]
    [InlineData("amazon-bedrock", "amazon.nova-lite-v1:0", null, "aws.bedrock")]
    [InlineData("xai.chat", "grok-4", null, "x_ai")]
    // A name that nobody knows stays as it is.
    [InlineData("Our.Models", "gpt-4o", null, "Our.Models")]
    // A framework's name: the server's address, else the model's name, else nothing is known.
    [InlineData("langchain", "gpt-4o", "https://our.openai.azure.com/openai/deployments/x", "azure.ai.openai")]
    [InlineData("langchain", "gpt-4o", "gateway.internal", "openai")]
    [InlineData("gcp.vertex.agent", "gemini-2.5-flash", null, "gcp.gemini")]
    [InlineData("spring_ai", "mistral-large-2512", null, "mistral_ai")]
    [InlineData("litellm", "groq/llama-3.3-70b-versatile", null, "groq")]
    [InlineData("langchain", "us.amazon.nova-pro-v1:0", null, "aws.bedrock")]
    [InlineData("langchain", "our-model", null, "langchain")]
    [InlineData(null, "our-model", null, "unknown")]
    // OpenAI's client library speaks to any server.
    [InlineData("openai", "llama-3.3-70b-versatile", "api.groq.com", "groq")]
    [InlineData("openai", "deepseek-chat", "api.deepseek.com:443", "deepseek")]
    [InlineData("openai", "gpt-4o", "localhost", "openai")]
    // Another provider's name is believed.
    [InlineData("anthropic", "claude-sonnet-4-5", "api.openai.com", "anthropic")]
    public void Provider_is_stored_under_one_name(string? provider, string model, string? server, string stored)
    {
        var span = Exports.Bare(1, null, ("gen_ai.request.model", model));
        if (provider is not null) span.Attributes.Add(Exports.Attribute("gen_ai.system", provider));
        if (server is not null) span.Attributes.Add(Exports.Attribute("server.address", server));
        Assert.Null(builder.TryBuild(1, Reads.Of(span).Call!, out var call));
        Assert.Equal(stored, call!.Provider);
    }

    [Theory]
    [InlineData("api.openai.com", "openai")]
    [InlineData("https://api.openai.com/v1/", "openai")]
    [InlineData("bedrock-runtime.eu-west-1.amazonaws.com", "aws.bedrock")]
    [InlineData("europe-west4-aiplatform.googleapis.com", "gcp.vertex_ai")]
    [InlineData("https://our.openai.azure.com:443/", "azure.ai.openai")]
    [InlineData("API.GROQ.COM.", "groq")]
    [InlineData("api.openai.com.evil.example", null)]
    [InlineData("notapi.openai.com", null)]
    [InlineData("s3.amazonaws.com", null)]
    [InlineData("localhost:11434", null)]
    [InlineData("", null)]
    public void Address_of_a_known_host_names_its_provider(string address, string? provider) =>
        Assert.Equal(provider, ProviderHosts.Find(System.Text.Encoding.UTF8.GetBytes(address)));

    [Fact]
    public void Any_bytes_may_be_an_address() => Gen.Byte.Array[0, 600].Sample(bytes => ProviderHosts.Find(bytes));

    [Fact]
    public void Any_text_may_be_a_provider() => Gen.String.Select(Gen.String).Sample((provider, model) =>
        Assert.NotNull(ProviderNames.Resolve(provider, model, null)));
}
