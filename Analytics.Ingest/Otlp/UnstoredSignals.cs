using Analytics.Ingest.Protos;
using Analytics.Ingest.Telemetry;
using Google.Protobuf;

namespace Analytics.Ingest.Otlp;

/// <summary>Metrics: decoded, counted and not stored, which the answer says as a warning (partial success with nothing rejected).</summary>
internal sealed class MetricsSignal(IngestMetrics metrics) : ISignal<ExportMetricsServiceRequest, ExportMetricsServiceResponse>
{
    public const string Warning = "Hub does not store metrics, only spans of model calls (gen_ai.*). Nothing of this export was kept.";

    public string GrpcService => "opentelemetry.proto.collector.metrics.v1.MetricsService";

    public MessageParser<ExportMetricsServiceRequest> Parser { get; } = ExportMetricsServiceRequest.Parser.WithDiscardUnknownFields(true);

    public ExportMetricsServiceRequest ReadJson(ReadOnlySpan<byte> utf8) => OtlpJson.ReadMetrics(utf8);

    public Task<Taken> TakeAsync(int projectId, ExportMetricsServiceRequest request)
    {
        var points = request.ResourceMetrics.SelectMany(resource => resource.ScopeMetrics).SelectMany(scope => scope.Metrics).Sum(CountPoints);
        metrics.NotStored("metrics", points);
        return Task.FromResult(new Taken(null, 0, points == 0 ? null : Warning));
    }

    public ExportMetricsServiceResponse Answer(Taken taken) => taken.Message is null
        ? new ExportMetricsServiceResponse()
        : new ExportMetricsServiceResponse { PartialSuccess = new ExportMetricsPartialSuccess { ErrorMessage = taken.Message } };

    private static long CountPoints(Metric metric) => metric.DataCase switch
    {
        Metric.DataOneofCase.Gauge => metric.Gauge.DataPoints.Count,
        Metric.DataOneofCase.Sum => metric.Sum.DataPoints.Count,
        Metric.DataOneofCase.Histogram => metric.Histogram.DataPoints.Count,
        Metric.DataOneofCase.ExponentialHistogram => metric.ExponentialHistogram.DataPoints.Count,
        Metric.DataOneofCase.Summary => metric.Summary.DataPoints.Count,
        _ => 0,
    };
}

/// <summary>Logs: decoded, counted and not stored, which the answer says as a warning (partial success with nothing rejected).</summary>
internal sealed class LogsSignal(IngestMetrics metrics) : ISignal<ExportLogsServiceRequest, ExportLogsServiceResponse>
{
    public const string Warning = "Hub does not store log records, only spans of model calls (gen_ai.*). Nothing of this export was kept.";

    public string GrpcService => "opentelemetry.proto.collector.logs.v1.LogsService";

    public MessageParser<ExportLogsServiceRequest> Parser { get; } = ExportLogsServiceRequest.Parser.WithDiscardUnknownFields(true);

    public ExportLogsServiceRequest ReadJson(ReadOnlySpan<byte> utf8) => OtlpJson.ReadLogs(utf8);

    public Task<Taken> TakeAsync(int projectId, ExportLogsServiceRequest request)
    {
        var records = request.ResourceLogs.SelectMany(resource => resource.ScopeLogs).Sum(scope => (long)scope.LogRecords.Count);
        metrics.NotStored("logs", records);
        return Task.FromResult(new Taken(null, 0, records == 0 ? null : Warning));
    }

    public ExportLogsServiceResponse Answer(Taken taken) => taken.Message is null
        ? new ExportLogsServiceResponse()
        : new ExportLogsServiceResponse { PartialSuccess = new ExportLogsPartialSuccess { ErrorMessage = taken.Message } };
}
