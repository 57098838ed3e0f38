using System.Diagnostics.Metrics;
using Analytics.Ingest.Pricing;
using Analytics.Ingest.Spans;
using Analytics.Ingest.Writing;

namespace Analytics.Ingest.Telemetry;

/// <summary>
/// What ingest counts. Prometheus shows <c>hub.ingest.spans.received</c> as <c>hub_ingest_spans_received_total</c>. No label takes a value from outside.
/// </summary>
internal sealed class IngestMetrics : IDisposable
{
    public const string MeterName = "Hub.Ingest";

    private readonly Meter meter;
    private readonly Counter<long> spansReceived, spansIgnored, rowsStored, rowsDuplicate, rowsRejected, rowsDropped;
    private readonly Counter<long> unpriced, contradictions, notStored, refused, failures;
    private readonly Histogram<double> commitSeconds;
    private readonly Histogram<int> batchRows;

    public IngestMetrics(IMeterFactory factory)
    {
        meter = factory.Create(MeterName);
        spansReceived = meter.CreateCounter<long>("hub.ingest.spans.received", description: "Spans decoded");
        spansIgnored = meter.CreateCounter<long>("hub.ingest.spans.ignored", description: "Spans that are no model calls, by reason");
        rowsStored = meter.CreateCounter<long>("hub.ingest.rows.stored", description: "Requests committed");
        rowsDuplicate = meter.CreateCounter<long>("hub.ingest.rows.duplicate", description: "Requests that were there already");
        rowsRejected = meter.CreateCounter<long>("hub.ingest.rows.rejected", description: "Requests rejected, by rule");
        rowsDropped = meter.CreateCounter<long>("hub.ingest.rows.dropped", description: "Rows dropped after their request was told to come again");
        unpriced = meter.CreateCounter<long>("hub.ingest.unpriced", description: "Requests stored without a cost, by reason");
        contradictions = meter.CreateCounter<long>("hub.ingest.contradictions", description: "Requests stored whose usage contradicts itself");
        notStored = meter.CreateCounter<long>("hub.ingest.not_stored", description: "Metric data points and log records decoded and not stored, by signal");
        refused = meter.CreateCounter<long>("hub.ingest.requests.refused", description: "Requests answered with an error, by status");
        failures = meter.CreateCounter<long>("hub.ingest.write.failures", description: "Failed attempts at a transaction, by kind");
        commitSeconds = meter.CreateHistogram("hub.ingest.commit.duration", "s", "From connection to commit of one batch",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10] });
        batchRows = meter.CreateHistogram("hub.ingest.batch.rows", "{row}", "Rows in one committed batch",
            advice: new InstrumentAdvice<int> { HistogramBucketBoundaries = [1, 10, 50, 100, 500, 1000, 2500, 5000, 10000] });
    }

    public void Received(int spans) => spansReceived.Add(spans);

    public void Ignored(Ignored reason, long spans = 1) => spansIgnored.Add(spans, new KeyValuePair<string, object?>("reason", reason switch
    {
        Spans.Ignored.NotInference => "not_inference",
        Spans.Ignored.OwnTelemetry => "own_telemetry",
        _ => "not_gen_ai",
    }));

    public void Rejected(string rule) => rowsRejected.Add(1, new KeyValuePair<string, object?>("rule", rule));

    public void NotStored(string signal, long count) => notStored.Add(count, new KeyValuePair<string, object?>("signal", signal));

    public void Refused(int status) => refused.Add(1, new KeyValuePair<string, object?>("status", status));

    public void Dropped(int rows) => rowsDropped.Add(rows);

    public void Stored(int rows) => rowsStored.Add(rows);

    public void WriteFailed(Failure kind) => failures.Add(1, new KeyValuePair<string, object?>("kind", kind.ToString()));

    public void Committed(int rows, TimeSpan duration, bool byStaging)
    {
        commitSeconds.Record(duration.TotalSeconds, new KeyValuePair<string, object?>("path", byStaging ? "staging" : "copy"));
        batchRows.Record(rows);
    }

    /// <summary>Counts what a written row says about its data.</summary>
    public void Written(QueuedRow written)
    {
        if (written.Outcome == RowOutcome.Duplicate) rowsDuplicate.Add(1);
        if (written.Outcome != RowOutcome.Stored) return;
        if (written.Row.Usage.Contradictions is not null) contradictions.Add(1);
        if (written.Row.Cost.Source != CallCost.Unpriced) return;
        var reason = written.Row.Cost.PriceId is not null || written.Row.Usage.Total is null ? "no_usage" : "no_price";
        unpriced.Add(1, new KeyValuePair<string, object?>("reason", reason));
    }

    public void ObserveQueue(Func<long> rows, Func<long> bytes)
    {
        meter.CreateObservableGauge("hub.ingest.queue.rows", rows, description: "Rows queued or being written");
        meter.CreateObservableGauge("hub.ingest.queue.bytes", bytes, "By", "Bytes of those rows, estimated");
    }

    public void Dispose() => meter.Dispose();
}
