using static Analytics.Topology.Dashboards.Panels;

namespace Analytics.Topology.Dashboards;

/// <summary>The way of a call from its request to its commit.</summary>
internal static class IngestDashboard
{
    private const string Telemetry = "job=\"ingest\",http_route=~\"/v1/.*|/api/v1/requests|/opentelemetry.*\"";

    public static Dashboard Dashboard { get; } = new()
    {
        Uid = DashboardUids.Ingest,
        Title = "Hub / Ingest",
        Description = "What arrives, what happens to it, how long that takes, and which resources the process uses.",
        From = "now-3h",
        Rows = [Calls, Requests, Writing, Quality, Process],
    };

    private static Row Calls => new("Calls",
        Lines("Received", Units.RowsPerSecond, "Decoded spans, and spans that are not model calls, by reason.",
            new Prometheus("sum(rate(hub_ingest_spans_received_total{@}[$__rate_interval]))", "received"),
            new Prometheus("sum by (reason) (rate(hub_ingest_spans_ignored_total{@}[$__rate_interval]))", "ignored: {{reason}}")),
        Lines("Stored", Units.RowsPerSecond, "Committed, and recognised as duplicates.",
            new Prometheus("sum(rate(hub_ingest_rows_stored_total{@}[$__rate_interval]))", "stored"),
            new Prometheus("sum(rate(hub_ingest_rows_duplicate_total{@}[$__rate_interval]))", "duplicate")),
        Lines("Stored by project", Units.RowsPerSecond, "By the number of the project; the projects with the fewest calls are summed.",
            new Prometheus("sum by (project) (rate(hub_ingest_project_rows_total{@}[$__rate_interval]))", "{{project}}")),
        Lines("Rejected", Units.RowsPerSecond, "Because of their content, by rule; the sender was told.",
            new Prometheus("sum by (rule) (rate(hub_ingest_rows_rejected_total{@}[$__rate_interval])) or vector(0)", "{{rule}}")));

    private static Row Requests => new("Requests",
        Lines("Requests", Units.RequestsPerSecond, "By protocol and outcome.",
            new Prometheus($"sum by (http_route, http_response_status_code) (rate(http_server_request_duration_seconds_count{{@,{Telemetry}}}[$__rate_interval]))", "{{http_route}} {{http_response_status_code}}")),
        Lines("Refused", Units.RequestsPerSecond, "By status: 401 no key, 400 not understood, 413 too large, 503 retry later.",
            new Prometheus("sum by (status) (rate(hub_ingest_requests_refused_total{@}[$__rate_interval])) or vector(0)", "{{status}}")),
        Lines("Duration (p99)", Units.Seconds, "Of a request including its commit, by protocol.",
            new Prometheus($"histogram_quantile(0.99, sum by (le, http_route) (rate(http_server_request_duration_seconds_bucket{{@,{Telemetry}}}[$__rate_interval])))", "{{http_route}}")).Until(1, 5),
        Lines("Requests under way", Units.Count, "On each instance.", new Prometheus("sum by (member) (http_server_active_requests{@,job=\"ingest\"})", "{{member}}")),
        Lines("Connections", Units.Count, "Open connections of clients.", new Prometheus("sum by (member) (kestrel_active_connections{@})", "{{member}}")),
        Lines("Answers with 5xx", Units.Share, "Of all answers to telemetry.",
            new Prometheus($"(sum(rate(http_server_request_duration_seconds_count{{@,{Telemetry},http_response_status_code=~\"5..\"}}[$__rate_interval])) or vector(0)) / sum(rate(http_server_request_duration_seconds_count{{@,{Telemetry}}}[$__rate_interval]))", "5xx")).Until(0.001, 0.01));

    private static Row Writing => new("Writing",
        Lines("Queue", Units.Count, "Calls that wait for a writer or are being written.", new Prometheus("sum by (member) (hub_ingest_queue_rows{@})", "{{member}}")),
        Lines("Oldest in the queue", Units.Seconds, "How long the oldest calls have waited for their commit.",
            new Prometheus("max by (member) (hub_ingest_queue_age_seconds{@})", "{{member}}")).Until(5, 20),
        Lines("Queue in memory", Units.Bytes, "Of the same calls, estimated. When the queue is full, ingest answers 503 with the time to wait.",
            new Prometheus("sum by (member) (hub_ingest_queue_bytes{@})", "{{member}}"),
            new Prometheus("sum by (member) (hub_ingest_queue_limit_bytes{@})", "{{member}} full")),
        Lines("Time to commit", Units.Seconds, "Of one batch, including its connection.",
            new Prometheus("histogram_quantile(0.5, sum by (le) (rate(hub_ingest_commit_duration_seconds_bucket{@}[$__rate_interval])))", "p50"),
            new Prometheus("histogram_quantile(0.95, sum by (le) (rate(hub_ingest_commit_duration_seconds_bucket{@}[$__rate_interval])))", "p95"),
            new Prometheus("histogram_quantile(0.99, sum by (le) (rate(hub_ingest_commit_duration_seconds_bucket{@}[$__rate_interval])))", "p99")).Until(1, 5),
        Lines("Batches", Units.OperationsPerSecond, "Committed, by path: copy writes directly, staging also looks for duplicates.",
            new Prometheus("sum by (path) (rate(hub_ingest_commit_duration_seconds_count{@}[$__rate_interval]))", "{{path}}")),
        Lines("Calls in a batch", Units.Count, "Mean. Grows by itself under load.",
            new Prometheus("sum(rate(hub_ingest_batch_rows_sum{@}[$__rate_interval])) / (sum(rate(hub_ingest_batch_rows_count{@}[$__rate_interval])) > 0)", "mean")),
        Lines("Attempts that failed", Units.OperationsPerSecond, "By kind; each is retried until its request's deadline. Dropped: the sender had already been told to retry.",
            new Prometheus("sum by (kind) (rate(hub_ingest_write_failures_total{@}[$__rate_interval])) or vector(0)", "{{kind}}"),
            new Prometheus("sum(rate(hub_ingest_rows_dropped_total{@}[$__rate_interval])) or vector(0)", "rows dropped")).Until(0.1, 1),
        Lines("Database connections", Units.Count, "Of ingest to the pool, by state.",
            new Prometheus("sum by (member, db_client_connection_state) (db_client_connection_count{@,job=\"ingest\"})", "{{member}} {{db_client_connection_state}}")).Wide(24));

    private static Row Quality => new("What the data are worth",
        Lines("Without a price", Units.Share, "Calls stored without a cost, of all stored, by reason.",
            new Prometheus("sum by (reason) (rate(hub_ingest_unpriced_total{@}[$__rate_interval])) / on () group_left () (sum(rate(hub_ingest_rows_stored_total{@}[$__rate_interval])) > 0)", "{{reason}}")).Until(0.05, 0.5).To(DashboardUids.Usage),
        Lines("Contradictions", Units.RowsPerSecond, "Calls whose token counts contradict each other; stored, flagged, not summed.",
            new Prometheus("sum(rate(hub_ingest_contradictions_total{@}[$__rate_interval])) or vector(0)", "contradictions")),
        Lines("Decoded and not stored", Units.RowsPerSecond, "Metric points and log records, by signal: Hub accepts them and stores none.",
            new Prometheus("sum by (signal) (rate(hub_ingest_not_stored_total{@}[$__rate_interval])) or vector(0)", "{{signal}}")));

    private static Row Process => new("Process",
        Lines("CPU", Units.Cores, "Cores in use.", new Prometheus("sum by (member) (rate(dotnet_process_cpu_time_seconds_total{@,job=\"ingest\"}[$__rate_interval]))", "{{member}}")),
        Lines("Memory", Units.Bytes, "Working set, and the heap of the garbage collector.",
            new Prometheus("sum by (member) (dotnet_process_memory_working_set_bytes{@,job=\"ingest\"})", "{{member}} working set"),
            new Prometheus("sum by (member) (dotnet_gc_last_collection_memory_committed_size_bytes{@,job=\"ingest\"})", "{{member}} committed by the GC")),
        Lines("Pauses", Units.Share, "Share of time in which the garbage collector stopped all threads.",
            new Prometheus("sum by (member) (rate(dotnet_gc_pause_time_seconds_total{@,job=\"ingest\"}[$__rate_interval]))", "{{member}}")).Until(0.05, 0.2),
        Lines("Allocations", Units.BytesPerSecond, "On the heap.", new Prometheus("sum by (member) (rate(dotnet_gc_heap_total_allocated_bytes_total{@,job=\"ingest\"}[$__rate_interval]))", "{{member}}")),
        Lines("Work that waits for a thread", Units.Count, "If more than a few wait for long, something blocks.",
            new Prometheus("sum by (member) (dotnet_thread_pool_queue_length_total{@,job=\"ingest\"})", "{{member}}")).Until(100, 1000),
        Lines("Exceptions", Units.OperationsPerSecond, "Thrown, by kind. Some are part of refusing a request.",
            new Prometheus("sum by (error_type) (rate(dotnet_exceptions_total{@,job=\"ingest\"}[$__rate_interval]))", "{{error_type}}")));
}
