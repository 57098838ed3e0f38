using Analytics.Ingest.Keys;
using Analytics.Ingest.Protos;
using Analytics.Ingest.Telemetry;

namespace Analytics.Ingest.Otlp;

/// <summary>What was counted of an export that is not stored.</summary>
internal sealed class UnstoredExport(long items, string warning) : IExport
{
    public Task<ExportResult> StoreAsync() => Task.FromResult(new ExportResult(null, 0, items == 0 ? null : warning));
}

/// <summary>Metrics: counted and not stored, which the answer says as a warning (partial success with nothing rejected).</summary>
internal sealed class MetricsSignal(IngestMetrics metrics) : ISignal<ExportMetricsServiceResponse>
{
    public const string Warning = "Hub does not store metrics, only spans of model calls (gen_ai.*). Nothing of this export was kept.";

    public string GrpcService => "opentelemetry.proto.collector.metrics.v1.MetricsService";

    public Task<bool> ReadyAsync() => Task.FromResult(true);

    public IExport Read(Caller caller, ReadOnlyMemory<byte> body, OtlpEncoding encoding)
    {
        var points = encoding == OtlpEncoding.Json ? OtlpJson.CountPoints(body.Span) : OtlpProtobuf.CountPoints(body.Span);
        metrics.NotStored("metrics", points);
        return new UnstoredExport(points, Warning);
    }

    public ExportMetricsServiceResponse Answer(ExportResult result) => result.Message is null
        ? new ExportMetricsServiceResponse()
        : new ExportMetricsServiceResponse { PartialSuccess = new ExportMetricsPartialSuccess { ErrorMessage = result.Message } };
}

/// <summary>Logs: counted and not stored, which the answer says as a warning (partial success with nothing rejected).</summary>
internal sealed class LogsSignal(IngestMetrics metrics) : ISignal<ExportLogsServiceResponse>
{
    public const string Warning = "Hub does not store log records, only spans of model calls (gen_ai.*). Nothing of this export was kept.";

    public string GrpcService => "opentelemetry.proto.collector.logs.v1.LogsService";

    public Task<bool> ReadyAsync() => Task.FromResult(true);

    public IExport Read(Caller caller, ReadOnlyMemory<byte> body, OtlpEncoding encoding)
    {
        var records = encoding == OtlpEncoding.Json ? OtlpJson.CountRecords(body.Span) : OtlpProtobuf.CountRecords(body.Span);
        metrics.NotStored("logs", records);
        return new UnstoredExport(records, Warning);
    }

    public ExportLogsServiceResponse Answer(ExportResult result) => result.Message is null
        ? new ExportLogsServiceResponse()
        : new ExportLogsServiceResponse { PartialSuccess = new ExportLogsPartialSuccess { ErrorMessage = result.Message } };
}
