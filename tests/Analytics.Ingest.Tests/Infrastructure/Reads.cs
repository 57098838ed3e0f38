using System.Text.Json;
using Analytics.Ingest.Calls;
using Analytics.Ingest.Otlp;
using Analytics.Ingest.Protos;
using Google.Protobuf;

namespace Analytics.Ingest.Tests.Infrastructure;

/// <summary>What is read of one span: a call, or why it is none.</summary>
internal sealed record SpanRead(ReportedCall? Call, IgnoredReason? IgnoredReason, string? Rejected)
{
    private static readonly JsonSerializerOptions WithFields = new() { IncludeFields = true };

    /// <summary>Everything in it, for comparison.</summary>
    public override string ToString() => JsonSerializer.Serialize(new { Call, IgnoredReason, Rejected }, WithFields);
}

/// <summary>Reads exports as the service does, as project 1.</summary>
internal static class Reads
{
    public static SpanRead Of(Span span) => Assert.Single(Protobuf(new ExportTraceServiceRequest
    {
        ResourceSpans = { new ResourceSpans { ScopeSpans = { new ScopeSpans { Spans = { span } } } } },
    }.ToByteArray()));

    public static IReadOnlyList<SpanRead> Protobuf(ReadOnlyMemory<byte> bytes)
    {
        var receiver = new Receiver();
        OtlpProtobuf.ReadSpans(new SpanDraft(new ExportText(bytes)), receiver);
        return receiver.Spans;
    }

    public static IReadOnlyList<SpanRead> Json(ReadOnlySpan<byte> utf8)
    {
        var receiver = new Receiver();
        OtlpJson.ReadSpans(new SpanDraft(new ExportText(utf8.ToArray())), receiver);
        return receiver.Spans;
    }

    private sealed class Receiver : ISpanReceiver
    {
        public List<SpanRead> Spans { get; } = [];

        public void Take(SpanDraft span, in ResourceFacts resource) =>
            Spans.Add(new SpanRead(SpanMapper.Map(1, resource, span, out var ignored, out var rejected), ignored, rejected));
    }
}
