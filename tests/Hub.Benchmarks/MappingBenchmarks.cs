using Analytics.Ingest;
using Analytics.Ingest.Pricing;
using Analytics.Ingest.Protos;
using Analytics.Ingest.Rows;
using Analytics.Ingest.Spans;
using BenchmarkDotNet.Attributes;
using Microsoft.Extensions.Options;

namespace Hub.Benchmarks;

/// <summary>From spans to rows: attributes, usage, price. Results are per span.</summary>
[MemoryDiagnoser]
public class MappingBenchmarks
{
    private ExportTraceServiceRequest export = new();
    private RowBuilder builder = null!;

    [GlobalSetup]
    public void Setup()
    {
        export = SampleExports.Make();
        builder = new RowBuilder(Options.Create(new IngestOptions { MaxAge = TimeSpan.FromDays(36500) }), TimeProvider.System, new Prices());
    }

    [Benchmark(Baseline = true, OperationsPerInvoke = SampleExports.Spans)]
    public int Attributes()
    {
        var calls = 0;
        foreach (var span in export.ResourceSpans[0].ScopeSpans[0].Spans)
        {
            if (SpanMapper.Map(1, default, span, out _, out _) is not null) calls++;
        }

        return calls;
    }

    [Benchmark(OperationsPerInvoke = SampleExports.Spans)]
    public int Rows()
    {
        var rows = 0;
        foreach (var span in export.ResourceSpans[0].ScopeSpans[0].Spans)
        {
            if (builder.TryBuild(1, SpanMapper.Map(1, default, span, out _, out _)!, out _) is null) rows++;
        }

        return rows;
    }

    private sealed class Prices : IPriceSource
    {
        public PriceBook Current { get; } = new([new ModelPrice(1, "openai", "gpt-4o", true, DateTime.MinValue, null, 2.5m, 10m, 1.25m, null)]);
    }
}
