using Analytics.Ingest;
using Analytics.Ingest.Otlp;
using Analytics.Ingest.Pricing;
using Analytics.Ingest.Rows;
using Analytics.Ingest.Spans;
using BenchmarkDotNet.Attributes;
using Google.Protobuf;
using Microsoft.Extensions.Options;

namespace Hub.Benchmarks;

/// <summary>From the bytes of an export to calls, and to rows with their prices. Results are per span.</summary>
[MemoryDiagnoser]
public class MappingBenchmarks
{
    private readonly Calls calls = new(null);
    private readonly Calls rows = new(
        new RowBuilder(Options.Create(new IngestOptions { MaxAge = TimeSpan.FromDays(36500) }), TimeProvider.System, new Prices()));

    private byte[] protobuf = [];

    [GlobalSetup]
    public void Setup() => protobuf = SampleExports.Make().ToByteArray();

    [Benchmark(Baseline = true, OperationsPerInvoke = SampleExports.Spans)]
    public int Mapped()
    {
        OtlpProtobuf.ReadSpans(new SpanDraft(new ExportText(protobuf)), calls);
        return calls.Count;
    }

    [Benchmark(OperationsPerInvoke = SampleExports.Spans)]
    public int Rows()
    {
        OtlpProtobuf.ReadSpans(new SpanDraft(new ExportText(protobuf)), rows);
        return rows.Count;
    }

    private sealed class Calls(RowBuilder? builder) : ISpanReceiver
    {
        public int Count { get; private set; }

        public void Take(SpanDraft span, in ResourceFacts resource)
        {
            if (SpanMapper.Map(1, resource, span, out _, out _) is { } call && (builder is null || builder.TryBuild(1, call, out _) is null)) Count++;
        }
    }

    private sealed class Prices : IPriceSource
    {
        public PriceBook Current { get; } = new([new ModelPrice(1, "openai", "gpt-4o", true, DateTime.MinValue, null, 2.5m, 10m, 1.25m, null)]);
    }
}
