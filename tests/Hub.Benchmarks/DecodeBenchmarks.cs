using Analytics.Ingest.Otlp;
using Analytics.Ingest.Protos;
using BenchmarkDotNet.Attributes;
using Google.Protobuf;

namespace Hub.Benchmarks;

/// <summary>From bytes to messages. Per span: divide by <see cref="SampleExports.Spans"/>, which the results already do.</summary>
[MemoryDiagnoser]
public class DecodeBenchmarks
{
    private readonly MessageParser<ExportTraceServiceRequest> discarding = ExportTraceServiceRequest.Parser.WithDiscardUnknownFields(true);
    private byte[] protobuf = [], json = [];

    [GlobalSetup]
    public void Setup()
    {
        var export = SampleExports.Make();
        (protobuf, json) = (export.ToByteArray(), SampleExports.Json(export));
    }

    [Benchmark(Baseline = true, OperationsPerInvoke = SampleExports.Spans)]
    public int Protobuf() => OtlpProtobuf.Read(discarding, protobuf).ResourceSpans.Count;

    [Benchmark(OperationsPerInvoke = SampleExports.Spans)]
    public int Json() => OtlpJson.ReadTraces(json).ResourceSpans.Count;
}
