using Analytics.Ingest.Protos;
using Analytics.Ingest.Rows;
using Analytics.Ingest.Spans;
using Analytics.Ingest.Telemetry;
using Analytics.Ingest.Writing;

namespace Analytics.Ingest.Otlp;

/// <summary>Traces: spans that are model calls become rows, all others are counted.</summary>
internal sealed class TraceSignal(IngestPipeline pipeline, RowBuilder builder, IngestMetrics metrics) : ISignal<ExportTraceServiceResponse>
{
    public string GrpcService => "opentelemetry.proto.collector.trace.v1.TraceService";

    public Task<bool> ReadyAsync() => pipeline.ReadyAsync();

    public IExport Read(int projectId, ReadOnlyMemory<byte> body, OtlpEncoding encoding)
    {
        var export = new TraceExport(projectId, pipeline, builder, metrics);
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

    public ExportTraceServiceResponse Answer(Taken taken) => taken.Message is null
        ? new ExportTraceServiceResponse()
        : new ExportTraceServiceResponse { PartialSuccess = new ExportTracePartialSuccess { RejectedSpans = taken.Rejected, ErrorMessage = taken.Message } };
}

/// <summary>The rows of one export. Spans are numbered from 0 in the order of the export, over all resources and scopes.</summary>
internal sealed class TraceExport(int projectId, IngestPipeline pipeline, RowBuilder builder, IngestMetrics metrics)
    : IExport, ISpanReceiver
{
    private readonly NewRows rows = pipeline.NewRows();
    private readonly Rejections rejections = new();
    private readonly long[] ignored = new long[Enum.GetValues<Ignored>().Length];
    private int spans;

    public void Take(SpanDraft span, in ResourceFacts resource)
    {
        var index = spans++;
        var call = SpanMapper.Map(projectId, resource, span, out var reason, out var rule);
        RequestRow? row = null;
        if (call is not null) rule = builder.TryBuild(projectId, call, out row);
        if (row is not null)
        {
            rows.Add(row, index);
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
        foreach (var reason in Enum.GetValues<Ignored>()) metrics.Ignored(reason, ignored[(int)reason]);
    }

    /// <summary>Gives up the room of its rows.</summary>
    public void Abandon() => rows.Dispose();

    public async Task<Taken> StoreAsync()
    {
        var written = await pipeline.WriteAsync(rows);
        if (written.RetryAfter is { } later) return new Taken(later, 0, null);
        foreach (var row in written.Rows.Where(row => row.Outcome == RowOutcome.Rejected)) rejections.Add(row.Reason!, row.Index);
        return new Taken(null, rejections.Count, rejections.Describe(spans), CommitCopies.Of(written.Rows));
    }
}
