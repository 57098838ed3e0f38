using System.Diagnostics.Metrics;
using Analytics.Ingest.Calls;
using Analytics.Ingest.Database;
using Analytics.Ingest.Pricing;
using Hub.Shared;

namespace Analytics.Ingest.Telemetry;

/// <summary>
/// What ingest counts. Prometheus shows <c>hub.ingest.spans.received</c> as <c>hub_ingest_spans_received_total</c>. No label takes a value
/// from outside; the number of projects that have a series of their own is bounded.
/// </summary>
internal sealed class IngestMetrics : IDisposable
{
    public const string MeterName = "Hub.Ingest";

    /// <summary>Projects with a series of their own; the others share one.</summary>
    public const int MaxProjects = 50;

    private readonly Meter meter;
    private readonly Counter<long> spansReceived, spansIgnored, rowsStored, rowsDuplicate, rowsRejected, rowsDropped, rowsDeferred;
    private readonly Counter<long> unpriced, contradictions, notStored, refused, limited, failures;
    private readonly Counter<long> requests, projectRows;
    private readonly Histogram<double> commitSeconds, commitLag, requestSeconds;
    private readonly Histogram<int> batchRows;
    private readonly BoundedLabels projects = new(MaxProjects);

    public IngestMetrics(IMeterFactory factory)
    {
        meter = factory.Create(MeterName);
        spansReceived = meter.CreateCounter<long>("hub.ingest.spans.received", description: "Spans decoded");
        spansIgnored = meter.CreateCounter<long>("hub.ingest.spans.ignored", description: "Spans that are not model calls, by reason");
        rowsStored = meter.CreateCounter<long>("hub.ingest.rows.stored", description: "Requests committed");
        rowsDuplicate = meter.CreateCounter<long>("hub.ingest.rows.duplicate", description: "Requests that were stored already");
        rowsRejected = meter.CreateCounter<long>("hub.ingest.rows.rejected", description: "Requests rejected, by rule");
        rowsDropped = meter.CreateCounter<long>("hub.ingest.rows.dropped",
            description: "Rows dropped after their sender was told to retry");
        rowsDeferred = meter.CreateCounter<long>("hub.ingest.rows.deferred",
            description: "Requests that the database refuses for a reason that may be repaired; their sender was told to retry");
        unpriced = meter.CreateCounter<long>("hub.ingest.unpriced", description: "Requests stored without a cost, by reason");
        contradictions = meter.CreateCounter<long>("hub.ingest.contradictions",
            description: "Requests stored whose usage contradicts itself");
        notStored = meter.CreateCounter<long>("hub.ingest.not_stored",
            description: "Metric data points and log records decoded and not stored, by signal");
        refused = meter.CreateCounter<long>("hub.ingest.requests.refused", description: "Requests answered with an error, by status");
        limited = meter.CreateCounter<long>("hub.ingest.requests.limited", description: "Requests over a limit of their key, by limit");
        failures = meter.CreateCounter<long>("hub.ingest.write.failures", description: "Failed attempts at a transaction, by kind");
        requests = meter.CreateCounter<long>("hub.ingest.requests", description: "Requests with rows, by protocol and outcome");
        projectRows = meter.CreateCounter<long>("hub.ingest.project.rows", description: "Requests committed, by number of the project");

        requestSeconds = meter.CreateHistogram("hub.ingest.request.duration", "s",
            "From the first byte to the answer of an accepted request, by protocol",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = LatencyBuckets.Requests });
        commitLag = meter.CreateHistogram("hub.ingest.commit.lag", "s", "From the queue to the commit of a request's rows",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = LatencyBuckets.Requests });
        commitSeconds = meter.CreateHistogram("hub.ingest.commit.duration", "s", "From connection to commit of one batch",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = LatencyBuckets.Commits });
        batchRows = meter.CreateHistogram("hub.ingest.batch.rows", "{row}", "Rows in one committed batch",
            advice: new InstrumentAdvice<int> { HistogramBucketBoundaries = [1, 10, 50, 100, 500, 1000, 2500, 5000, 10000] });
    }

    /// <summary>
    /// Shows every counter that an alert reads as 0, once somebody listens: a rate over a series that begins with its first fault would
    /// miss it.
    /// </summary>
    public void Start()
    {
        foreach (var counter in new[] { spansReceived, rowsStored, rowsDuplicate, rowsRejected, rowsDropped, rowsDeferred, contradictions })
            counter.Add(0);
        foreach (var reason in new[] { "no_usage", "no_price" }) unpriced.Add(0, new KeyValuePair<string, object?>("reason", reason));
        foreach (var kind in Enum.GetNames<Failure>()) failures.Add(0, new KeyValuePair<string, object?>("kind", kind));
        foreach (var status in new[] { 400, 401, 413, 415, 429, 503 }) refused.Add(0, new KeyValuePair<string, object?>("status", status));
        foreach (var protocol in RequestMeter.Protocols)
        {
            foreach (var outcome in RequestMeter.Outcomes) requests.Add(0, new("protocol", protocol), new("outcome", outcome));
        }
    }

    public void Answered(string protocol, string outcome, TimeSpan duration)
    {
        requests.Add(1, new("protocol", protocol), new("outcome", outcome));
        if (outcome == RequestMeter.Accepted)
            requestSeconds.Record(duration.TotalSeconds, new KeyValuePair<string, object?>("protocol", protocol));
    }

    public void CommitLag(TimeSpan lag) => commitLag.Record(lag.TotalSeconds);

    public void Received(int spans) => spansReceived.Add(spans);

    public void Ignored(IgnoredReason reason, long spans) =>
        spansIgnored.Add(spans, new KeyValuePair<string, object?>("reason", reason switch
        {
            IgnoredReason.NotInference => "not_inference",
            IgnoredReason.OwnTelemetry => "own_telemetry",
            _ => "not_gen_ai",
        }));

    public void Rejected(string rule) => rowsRejected.Add(1, new KeyValuePair<string, object?>("rule", rule));

    public void NotStored(string signal, long count) => notStored.Add(count, new KeyValuePair<string, object?>("signal", signal));

    public void Refused(int status) => refused.Add(1, new KeyValuePair<string, object?>("status", status));

    /// <summary>Counts a request over a limit of its key: <c>requests</c>, <c>bytes</c> or <c>calls</c>.</summary>
    public void Limited(string limit) => limited.Add(1, new KeyValuePair<string, object?>("limit", limit));

    public void Dropped(int rows) => rowsDropped.Add(rows);

    public void WriteFailed(Failure kind) => failures.Add(1, new KeyValuePair<string, object?>("kind", kind.ToString()));

    public void Committed(int rows, TimeSpan duration, bool byStaging)
    {
        commitSeconds.Record(duration.TotalSeconds, new KeyValuePair<string, object?>("path", byStaging ? "staging" : "copy"));
        batchRows.Record(rows);
    }

    /// <summary>Counts a call that was there already.</summary>
    public void Duplicate() => rowsDuplicate.Add(1);

    /// <summary>Counts a call that the database refuses for now.</summary>
    public void Deferred() => rowsDeferred.Add(1);

    /// <summary>Counts what a stored call says about its data.</summary>
    public void Stored(Call call, CallCost cost)
    {
        rowsStored.Add(1);
        projectRows.Add(1, new KeyValuePair<string, object?>("project", projects.Of(call.ProjectId)));
        if (call.Usage.Contradictions is not null) contradictions.Add(1);
        if (cost.Source != CallCost.Unpriced) return;
        var reason = cost.PriceId is not null || call.Usage.Total is null ? "no_usage" : "no_price";
        unpriced.Add(1, new KeyValuePair<string, object?>("reason", reason));
    }

    public void ObserveQueue(Func<long> rows, Func<long> bytes, Func<TimeSpan> age, IngestOptions limits)
    {
        meter.CreateObservableGauge("hub.ingest.queue.age", () => age().TotalSeconds, "s",
            "Age of the oldest rows queued or being written");
        meter.CreateObservableGauge("hub.ingest.queue.limit.rows", () => limits.QueueRows, description: "Rows that may wait");
        meter.CreateObservableGauge("hub.ingest.queue.limit", () => limits.QueueBytes, "By", "Bytes that may wait");
        meter.CreateObservableGauge("hub.ingest.queue.rows", rows, description: "Rows queued or being written");
        meter.CreateObservableGauge("hub.ingest.queue.bytes", bytes, "By", "Bytes of those rows, estimated");
    }

    /// <summary>When each task of maintenance last succeeded; the start of the process where it has not yet.</summary>
    public void ObserveMaintenance(Func<IEnumerable<KeyValuePair<string, DateTimeOffset>>> tasks) =>
        meter.CreateObservableGauge("hub.ingest.maintenance.success.timestamp", () => tasks().Select(task =>
            new Measurement<double>(task.Value.ToUnixTimeSeconds(), new KeyValuePair<string, object?>("task", task.Key))), "s",
            "When a task of maintenance last succeeded");

    /// <summary>What servers show to whoever connects.</summary>
    public void ObserveCertificates(Func<IEnumerable<WatchedCertificate>> certificates)
    {
        meter.CreateObservableGauge("hub.certificate.expiry.timestamp",
            () => certificates().Where(item => item.Expires is not null).Select(item =>
            new Measurement<double>(item.Expires!.Value.ToUnixTimeSeconds(), new KeyValuePair<string, object?>("endpoint", item.Endpoint))),
            "s", "When the certificate of an endpoint expires");
        meter.CreateObservableGauge("hub.certificate.trusted", () => certificates().Select(item =>
            new Measurement<int>(item.Trusted ? 1 : 0, new KeyValuePair<string, object?>("endpoint", item.Endpoint))),
            description: "1 when it is of Hub's CA and for that name");
    }

    public void Dispose() => meter.Dispose();
}
