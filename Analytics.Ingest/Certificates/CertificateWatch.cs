using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography.X509Certificates;
using Analytics.Ingest.Telemetry;
using Microsoft.Extensions.Options;

namespace Analytics.Ingest.Certificates;

/// <summary>
/// Looks at the certificates of the configured servers now and then, because no component tells when its own expires, and blackbox_exporter
/// cannot ask PostgreSQL or PgBouncer for TLS. What was seen last stays, so that a server that is away does not hide an expiry.
/// </summary>
internal sealed class CertificateWatch(IOptions<IngestOptions> options, IngestMetrics metrics, TimeProvider time, ILogger<CertificateWatch> log) : BackgroundService
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<string, WatchedCertificate> seen = new();

    /// <exception cref="UriFormatException">An endpoint of the setting is no URI.</exception>
    /// <exception cref="InvalidOperationException">An endpoint is neither tls:// nor postgres://, or has no port.</exception>
    internal static IReadOnlyList<Uri> Endpoints(string setting) =>
    [
        .. setting.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(text => new Uri(text, UriKind.Absolute) is
        { Scheme: "tls" or "postgres", Port: > 0 } endpoint
            ? endpoint
            : throw new InvalidOperationException($"Ingest:WatchedCertificates: '{text}' is neither tls://host:port nor postgres://host:port.")),
    ];

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var endpoints = Endpoints(options.Value.WatchedCertificates);
        if (endpoints.Count == 0) return;
        metrics.ObserveCertificates(() => seen.Values);
        while (!stoppingToken.IsCancellationRequested)
        {
            await Task.WhenAll(endpoints.Select(endpoint => LookAsync(endpoint, stoppingToken)));
            await Task.Delay(options.Value.CertificateInterval, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "What a server sends in the middle of its death may fail in any way; an exception here would stop the host, and with it ingest.")]
    private async Task LookAsync(Uri endpoint, CancellationToken stoppingToken)
    {
        var name = CertificateProbe.Name(endpoint);

        // The source's own timer: one that calls Cancel may do so when the source is disposed of already, and an exception on a timer ends the process.
        using var timeout = new CancellationTokenSource(Timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken, timeout.Token);
        try
        {
            seen[name] = await CertificateProbe.LookAsync(endpoint, Authority(), either.Token);
        }
        catch (Exception failure)
        {
            if (stoppingToken.IsCancellationRequested) return;
            seen[name] = new WatchedCertificate(name, seen.GetValueOrDefault(name)?.Expires, Trusted: false);
            log.LogWarning("The certificate of {Endpoint} could not be checked: {Reason}", name, failure.Message);
        }
    }

    /// <summary>Read each time: the CA may be renewed while this runs.</summary>
    private X509Certificate2Collection? Authority()
    {
        if (options.Value.CertificateAuthority.Length == 0) return null;
        var authority = new X509Certificate2Collection();
        authority.ImportFromPemFile(options.Value.CertificateAuthority);
        return authority;
    }
}
