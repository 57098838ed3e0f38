using Analytics.Ingest;
using Analytics.Ingest.Calls;
using Analytics.Ingest.Otlp;
using Analytics.Ingest.Pricing;
using BenchmarkDotNet.Attributes;
using Google.Protobuf;
using Microsoft.Extensions.Options;

namespace Hub.Benchmarks;

/// <summary>From the bytes of an export to reported calls, and to calls with their prices. Results are per span.</summary>
[MemoryDiagnoser]
public class MappingBenchmarks
{
    private readonly CallCounter reported = new(null);
    private readonly CallCounter priced = new(
        new CallBuilder(Options.Create(new IngestOptions { MaxAge = TimeSpan.FromDays(36500) }), TimeProvider.System));

    private byte[] protobuf = [];

    [GlobalSetup]
    public void Setup() => protobuf = SampleExports.Make().ToByteArray();

    [Benchmark(Baseline = true, OperationsPerInvoke = SampleExports.Spans)]
    public int Mapped()
    {
        OtlpProtobuf.ReadSpans(new SpanDraft(new ExportText(protobuf)), reported);
        return reported.Count;
    }

    [Benchmark(OperationsPerInvoke = SampleExports.Spans)]
    public int Priced()
    {
        OtlpProtobuf.ReadSpans(new SpanDraft(new ExportText(protobuf)), priced);
        return priced.Count;
    }

    private sealed class CallCounter(CallBuilder? builder) : ISpanReceiver
    {
        private readonly CallPricer pricer = new(new Prices());

        public int Count { get; private set; }

        public void Take(SpanDraft span, in ResourceFacts resource)
        {
            if (SpanMapper.Map(1, resource, span, out _, out _) is not { } reported) return;
            if (builder is not null)
            {
                if (builder.TryBuild(1, reported, out var call) is not null) return;
                _ = pricer.Price(call!, reported.Usage);
            }

            Count++;
        }
    }

    private sealed class Prices : IPriceSource
    {
        public PriceBook Current { get; } =
            new([new ModelPrice(1, "openai", "gpt-4o", true, DateTime.MinValue, null, 2.5m, 10m, 1.25m, null)]);
    }
}
