using System.Globalization;
using System.Text;
using Analytics.Ingest.Protos;
using Analytics.Ingest.Rows;
using Analytics.Ingest.Spans;
using Analytics.Ingest.Telemetry;
using Analytics.Ingest.Writing;
using Google.Protobuf;

namespace Analytics.Ingest.Otlp;

/// <summary>Traces: spans that are model calls become rows, all others are counted.</summary>
internal sealed class TraceSignal(IngestPipeline pipeline, RowBuilder builder, IngestMetrics metrics)
    : ISignal<ExportTraceServiceRequest, ExportTraceServiceResponse>
{
    private const int ReasonsShown = 5;

    public string GrpcService => "opentelemetry.proto.collector.trace.v1.TraceService";

    public MessageParser<ExportTraceServiceRequest> Parser { get; } = ExportTraceServiceRequest.Parser.WithDiscardUnknownFields(true);

    public ExportTraceServiceRequest ReadJson(ReadOnlySpan<byte> utf8) => OtlpJson.ReadTraces(utf8);

    public async Task<Taken> TakeAsync(int projectId, ExportTraceServiceRequest request)
    {
        if (!await pipeline.ReadyAsync()) return new Taken(DrainRate.WaitWhenStalled, 0, null);
        var rejected = new List<(int Index, string Reason)>();
        var rows = Map(projectId, request, rejected, out var spans);
        var written = await pipeline.WriteAsync(rows);
        if (written.RetryAfter is { } later) return new Taken(later, 0, null);
        rejected.AddRange(written.Rows.Where(row => row.Outcome == RowOutcome.Rejected).Select(row => (row.Index, row.Reason!)));
        return new Taken(null, rejected.Count, rejected.Count == 0 ? null : Describe(rejected, spans), CommitCopies.Of(written.Rows));
    }

    public ExportTraceServiceResponse Answer(Taken taken) => taken.Message is null
        ? new ExportTraceServiceResponse()
        : new ExportTraceServiceResponse { PartialSuccess = new ExportTracePartialSuccess { RejectedSpans = taken.Rejected, ErrorMessage = taken.Message } };

    /// <summary>The rows of an export. Spans are numbered from 0 in the order of the export, over all resources and scopes.</summary>
    internal List<(RequestRow Row, int Index)> Map(
        int projectId, ExportTraceServiceRequest request, List<(int Index, string Reason)> rejected, out int spans)
    {
        var rows = new List<(RequestRow, int)>();
        spans = 0;
        foreach (var resourceSpans in request.ResourceSpans)
        {
            var resource = ResourceFacts.Of(resourceSpans.Resource);
            foreach (var span in resourceSpans.ScopeSpans.SelectMany(scope => scope.Spans))
            {
                var index = spans++;
                var call = SpanMapper.Map(projectId, resource, span, out var ignored, out var rule);
                RequestRow? row = null;
                if (call is not null) rule = builder.TryBuild(projectId, call, out row);
                if (row is not null)
                {
                    rows.Add((row, index));
                }
                else if (rule is not null)
                {
                    metrics.Rejected(rule);
                    rejected.Add((index, builder.Explain(rule)));
                }
                else if (ignored is { } reason)
                {
                    metrics.Ignored(reason);
                }
            }
        }

        metrics.Received(spans);
        return rows;
    }

    private static string Describe(List<(int Index, string Reason)> rejected, int spans)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{rejected.Count} of {spans} spans rejected, do not send them again");
        foreach (var group in rejected.GroupBy(item => item.Reason).OrderByDescending(group => group.Count()).Take(ReasonsShown))
        {
            text.Append(CultureInfo.InvariantCulture, $"; {group.Count()} because {group.Key} (the first: span {group.First().Index})");
        }

        return text.ToString();
    }
}
