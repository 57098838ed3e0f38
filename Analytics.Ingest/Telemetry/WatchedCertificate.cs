namespace Analytics.Ingest.Telemetry;

/// <summary>What a look at a server's certificate has shown.</summary>
/// <param name="Endpoint">Host and port.</param>
/// <param name="Expires">When the first certificate of its chain expires; null until one was seen.</param>
/// <param name="Trusted">It comes from the CA and is for that host.</param>
internal sealed record WatchedCertificate(string Endpoint, DateTimeOffset? Expires, bool Trusted);
