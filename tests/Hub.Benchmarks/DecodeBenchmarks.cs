using Analytics.Ingest.Calls;
using Analytics.Ingest.Otlp;
using BenchmarkDotNet.Attributes;
using Google.Protobuf;

namespace Hub.Benchmarks;

/// <summary>
/// From bytes to the facts of each span. Per span: divide by <see cref="SampleExports.Spans"/>, which the results already do.
/// </summary>
[MemoryDiagnoser]
public class DecodeBenchmarks
{
    private readonly Counter counter = new();
    private byte[] protobuf = [], json = [];

    [GlobalSetup]
    public void Setup()
    {
        var export = SampleExports.Make();
        (protobuf, json) = (export.ToByteArray(), SampleExports.Json(export));
    }

    [Benchmark(Baseline = true, OperationsPerInvoke = SampleExports.Spans)]
    public int Protobuf()
    {
        OtlpProtobuf.ReadSpans(new SpanDraft(new ExportText(protobuf)), counter);
        return counter.Spans;
    }

    [Benchmark(OperationsPerInvoke = SampleExports.Spans)]
    public int Json()
    {
        OtlpJson.ReadSpans(new SpanDraft(new ExportText(json)), counter);
        return counter.Spans;
    }

    private sealed class Counter : ISpanReceiver
    {
        public int Spans { get; private set; }

        public void Take(SpanDraft span, in ResourceFacts resource) => Spans++;
    }
}
