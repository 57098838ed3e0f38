using Analytics.Ingest.Calls;
using Analytics.Ingest.Keys;
using Analytics.Ingest.Pricing;
using Analytics.Ingest.Protos;
using Analytics.Ingest.Telemetry;
using Analytics.Ingest.Writing;

namespace Analytics.Ingest.Otlp;

/// <summary>Traces: spans that are model calls are stored, all others are counted.</summary>
internal sealed class TraceSignal(IngestPipeline pipeline, CallBuilder builder, CallPricer pricer, IngestMetrics metrics)
    : ISignal<ExportTraceServiceResponse>
{
    public string GrpcService => "opentelemetry.proto.collector.trace.v1.TraceService";

    public Task<bool> ReadyAsync() => pipeline.ReadyAsync();

    public IExport Read(Caller caller, ReadOnlyMemory<byte> body, OtlpEncoding encoding)
    {
        var export = new TraceExport(caller, pipeline, builder, pricer, metrics);
        try
        {
            var span = new SpanDraft(new ExportText(body));
            if (encoding == OtlpEncoding.Json) OtlpJson.ReadSpans(span, export);
            else OtlpProtobuf.ReadSpans(span, export);
            export.Count();
            return export;
        }
        catch
        {
            export.Abandon();
            throw;
        }
    }

    public ExportTraceServiceResponse Answer(ExportResult result) => result.Message is null
        ? new ExportTraceServiceResponse()
        : new ExportTraceServiceResponse
        { PartialSuccess = new ExportTracePartialSuccess { RejectedSpans = result.Rejected, ErrorMessage = result.Message } };
}

/// <summary>The calls of one export. Spans are numbered from 0 in the order of the export, over all resources and scopes.</summary>
internal sealed class TraceExport(Caller caller, IngestPipeline pipeline, CallBuilder builder, CallPricer pricer, IngestMetrics metrics)
    : IExport, ISpanReceiver
{
    private readonly NewCalls calls = pipeline.NewCalls(caller);
    private readonly Rejections rejections = new();
    private readonly long[] ignored = new long[Enum.GetValues<IgnoredReason>().Length];
    private int spans;

    public void Take(SpanDraft span, in ResourceFacts resource)
    {
        var index = spans++;
        var reported = SpanMapper.Map(caller.ProjectId, resource, span, out var reason, out var rule);
        Call? call = null;
        if (reported is not null) rule = builder.TryBuild(caller.ProjectId, reported, out call);
        if (call is not null)
        {
            calls.Add(pricer.Price(call, reported!.Usage), index);
        }
        else if (rule is not null)
        {
            metrics.Rejected(rule);
            rejections.Add(builder.Explain(rule), index);
        }
        else if (reason is { } known)
        {
            ignored[(int)known]++;
        }
    }

    /// <summary>Counts what it brought, once it was read to its end.</summary>
    public void Count()
    {
        metrics.Received(spans);
        foreach (var reason in Enum.GetValues<IgnoredReason>()) metrics.Ignored(reason, ignored[(int)reason]);
    }

    /// <summary>Gives up the room of its calls.</summary>
    public void Abandon() => calls.Dispose();

    public async Task<ExportResult> StoreAsync()
    {
        var written = await pipeline.WriteAsync(calls);
        if (written.RetryAfter is { } later) return new ExportResult(later, 0, written.Reason);
        foreach (var call in written.Calls.Where(call => call.Outcome == CallOutcome.Rejected)) rejections.Add(call.Reason!, call.Index);
        return new ExportResult(null, rejections.Count, rejections.Describe(spans), CommitCopies.Of(written.Calls));
    }
}
