using Analytics.Ingest.Calls;
using Analytics.Ingest.Protos;
using Analytics.Ingest.Tests.Infrastructure;
using Analytics.Ingest.Tests.Otlp;
using Google.Protobuf;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace Analytics.Ingest.Tests.Calls.Dialects;

/// <summary>Today's instrumentations, each by payloads that follow its cited source.</summary>
public sealed class DialectPayloadTests
{
    private static readonly Dictionary<string, DialectCase> Cases = new DialectCase[][]
    {
        OpenTelemetryCases.All, OpenInferenceCases.All, TraceloopCases.All, GatewayCases.All, AiSdkCases.All, JavaScriptCases.All,
        PythonCases.All, ManagedCases.All,
    }.SelectMany(cases => cases).ToDictionary(known => known.Name);

    private readonly CallBuilder builder = new(Options.Create(new IngestOptions()), new FakeTimeProvider(Exports.Now));

    public static TheoryData<string> Names() => [.. Cases.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Calls_are_stored_as_their_sender_means_them(string name)
    {
        var known = Cases[name];
        var export = Exports.Of([.. known.Spans.Select(Of)]);
        Assert.Equal(known.Calls, Stored(Reads.Protobuf(export.ToByteArray())));
        Assert.Equal(known.Calls, Stored(Reads.Json(OtlpJsonTests.JsonOf(export, upper: false, numbers: true))));
    }

    [Fact]
    public void Every_instrumentation_is_there_and_cites_its_source()
    {
        Assert.InRange(Cases.Count, 60, int.MaxValue);
        Assert.All(Cases.Values, known => Assert.Matches(@"^\S+/\S+ \S", known.Source));
        Assert.All(
            new[]
            {
                "OpenTelemetry", "OpenInference", "OpenLLMetry", "OpenLIT", "LiteLLM", "AI SDK 5", "AI SDK 6", "AI SDK 7", "pydantic-ai",
                "logfire", "Semantic Kernel", "Microsoft.Extensions.AI", "ADK", "google-genai", "Strands", "LangChain", "LangSmith",
                "LlamaIndex", "DSPy", "Mastra", "Genkit", "MLflow", "Spring AI", "Haystack", "smolagents", "Sentry", "OpenRouter",
                "Claude Code",
            },
            sender => Assert.Contains(Cases.Keys, name => name.StartsWith(sender, StringComparison.Ordinal)));
    }

    private static Span Of(SentSpan sent, int index)
    {
        var span = Exports.Bare(index + 1, null, sent.Attributes);
        span.Name = Exports.Utf8(sent.Name);
        span.EndTimeUnixNano = span.StartTimeUnixNano + (ulong)(SentSpan.Seconds * 1e9);
        span.Status = new SpanStatus { Code = sent.Failed ? 2 : 0 };
        return span;
    }

    private StoredCall[] Stored(IReadOnlyList<SpanRead> spans)
    {
        Assert.All(spans, span => Assert.Null(span.Rejected));
        return [.. spans.Where(span => span.Call is not null).Select(span =>
        {
            Assert.Null(builder.TryBuild(1, span.Call!, out var call));
            return StoredCall.Of(call!, span.Call!.Usage.Cost);
        })];
    }
}
