using System.ComponentModel.DataAnnotations;

namespace Analytics.Ingest;

/// <summary>Settings of the service, section <c>Ingest</c> (environment: <c>Ingest__QueueRows=50000</c>). Validated at start.</summary>
public sealed class IngestOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Ingest";

    /// <summary>
    /// The addresses of this machine on which all ports listen, separated by commas, such as <c>127.0.0.1</c>. Default empty: every
    /// address, as a container needs it.
    /// </summary>
    [IPAddresses]
    public string ListenAddresses { get; set; } = "";

    /// <summary>Port of REST, health and metrics. Default 8080; 0 lets the system choose.</summary>
    [Range(0, 65535)]
    public int RestPort { get; set; } = 8080;

    /// <summary>Port of OTLP over HTTP. Default 4318; 0 lets the system choose.</summary>
    [Range(0, 65535)]
    public int OtlpHttpPort { get; set; } = 4318;

    /// <summary>Port of OTLP over gRPC (HTTP/2 without TLS). Default 4317; 0 lets the system choose.</summary>
    [Range(0, 65535)]
    public int OtlpGrpcPort { get; set; } = 4317;

    /// <summary>
    /// Largest body in bytes, as sent and after decompression. 1 KiB to 1 GiB, default 64 MiB (what OTLP recommends), less where the
    /// container has less than 768 MiB of memory.
    /// </summary>
    [Range(1024, 1 << 30)]
    public int MaxBodyBytes { get; set; } = 64 << 20;

    /// <summary>
    /// Bodies held in memory at one time, in bytes over all requests; beyond it requests are refused with 503. Default a sixth of the
    /// container's memory, at most 256 MiB. It must hold the largest body 12/7 times.
    /// </summary>
    [Range(1L << 20, 1L << 36)]
    public long MaxBufferedBytes { get; set; } = 256L << 20;

    /// <summary>
    /// Rows that may wait for a writer. 1 to 10 million, default 100 000, shared by the projects; beyond it requests are refused with 503.
    /// One request that brings more is refused with 413.
    /// </summary>
    [Range(1, 10_000_000)]
    public int QueueRows { get; set; } = 100_000;

    /// <summary>
    /// Bytes of rows that are made or wait for a writer, estimated. Default a twelfth of the container's memory, at most 128 MiB. One
    /// request that brings more is refused with 413.
    /// </summary>
    [Range(1L << 16, 1L << 36)]
    public long QueueBytes { get; set; } = 128L << 20;

    /// <summary>Most rows in one transaction. 1 to 100 000, default 5000.</summary>
    [Range(1, 100_000)]
    public int BatchRows { get; set; } = 5000;

    /// <summary>
    /// Writers, each with one connection. 1 to 32, default 2. There is one more, for projects with few calls in the queue.
    /// </summary>
    [Range(1, 32)]
    public int WriterLanes { get; set; } = 2;

    /// <summary>How long one attempt at a transaction may take before its outcome counts as unknown. Default 15 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.5", "00:05:00")]
    public TimeSpan AttemptTimeout { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>How long a request waits for its commit before its sender is told to retry. Default 30 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.5", "00:10:00")]
    public TimeSpan RequestDeadline { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a stopping service goes on with the requests and rows that it has accepted. Default 25 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan DrainTimeout { get; set; } = TimeSpan.FromSeconds(25);

    /// <summary>How far in the future a call may have started. Default 10 minutes, for clocks that run ahead.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan MaxFuture { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>How old a call may be: the retention of <c>analytics.llm_requests</c>. Default 365 days.</summary>
    [Range(typeof(TimeSpan), "1.00:00:00", "36500.00:00:00")]
    public TimeSpan MaxAge { get; set; } = TimeSpan.FromDays(365);

    /// <summary>
    /// How late a revocation is noticed while the database answers. Known keys are looked up again three times in it. 1 s to 1 hour,
    /// default 30 s.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan KeyCache { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long an unknown key is refused without asking the database. Default 5 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:10:00")]
    public TimeSpan UnknownKeyCache { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// How long a known key is still trusted while it cannot be looked up, since it last was. 0 to 1 day, default 5 minutes; with 0, it is
    /// trusted for <see cref="KeyCache"/>.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan KeyCacheInOutage { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>Longest time of one usage query in the database. Default 10 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:05:00")]
    public TimeSpan QueryTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How often prices are read again. Default one minute.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan PriceRefresh { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Whether this instance runs retention and roll-ups. Default true; instances take turns by an advisory lock.</summary>
    public bool Maintenance { get; set; } = true;

    /// <summary>
    /// Servers whose certificates are watched, comma-separated: <c>tls://host:port</c>, or <c>postgres://host:port</c> where TLS begins
    /// after PostgreSQL's SSLRequest. Default none.
    /// </summary>
    public string WatchedCertificates { get; set; } = "";

    /// <summary>File with the CA (PEM) that the watched certificates must come from. Default empty: the system's CAs.</summary>
    public string CertificateAuthority { get; set; } = "";

    /// <summary>How often they are looked at. 1 s to 1 day, default 10 minutes.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan CertificateInterval { get; set; } = TimeSpan.FromMinutes(10);
}
