namespace Hub.Cli.Tests.Monitoring;

/// <summary>
/// What analytics.system_health_check() and the alerts both speak of: whoever reads the one must not be told otherwise by the other. A
/// critical check is always HealthCheckCritical too; those below have alerts of their own besides, of the same thresholds.
/// </summary>
internal static class HealthAgreement
{
    public const string Critical = "HealthCheckCritical";

    /// <summary>
    /// By check: the alerts of which one fires while it is no longer ok, and those of which one fires while it is critical.
    /// </summary>
    public static IReadOnlyDictionary<string, (string[] NotOk, string[] Critical)> Alerts { get; } =
        new Dictionary<string, (string[] NotOk, string[] Critical)>
        {
            ["schema_version"] = ([], []),
            ["edition"] = ([], []),
            ["server_role"] = (["ReplicationLag", "ReplicaNotStreaming"], ["ReplicationLagCritical"]),
            ["replication"] = (["ReplicationBytesBehind", "NoStandby"], ["ReplicationBytesBehindCritical"]),
            ["synchronous_standby"] = (["NoSyncStandby", "CommitsOnOneMember"], ["NoSyncStandby", "CommitsOnOneMember"]),

            // The alert counts attempts, and PostgreSQL makes none for a minute after three: WalArchiveFailing comes and goes, the check
            // stays.
            ["wal_archiving"] = ([], []),
            ["background_jobs"] = (["TimescaleJobFailed", "TimescaleJobStuck", "TimescaleJobOverdue"],
            ["TimescaleJobStuck", "TimescaleJobOverdue"]),
            ["retention"] = (["RetentionBehind"], ["RetentionFarBehind"]),
            ["compression"] = (["CompressionBehind"], ["CompressionFarBehind"]),

            // Never critical: no data are lost by it.
            ["unpriced_requests"] = (["UnpricedRequests"], []),
            // Slow at most, and answers are right meanwhile.
            ["calls_upgrade"] = ([], []),
            ["connections"] = (["ConnectionsHigh"], ["ConnectionsExhausted"]),
            ["transaction_age"] = (["TransactionIdAge"], ["TransactionIdAgeCritical"]),
        };

    /// <summary>
    /// What the two say differently about one member; empty when they agree, or when nobody looks at it: its exporter is gone.
    /// </summary>
    /// <param name="member">Whose checks.</param>
    /// <param name="primary">
    /// Whether it is the primary. Alerts about the whole cluster carry its name, while the replicas' checks see the same data.
    /// </param>
    /// <param name="checks">Status by check, as this member answered.</param>
    /// <param name="firing">All alerts that fire.</param>
    /// <exception cref="InvalidOperationException">A check that <see cref="Alerts"/> does not know.</exception>
    public static IReadOnlyList<string> Differences(string member, bool primary, IReadOnlyDictionary<string, string> checks,
        IReadOnlyList<FiringAlert> firing)
    {
        List<string> differences = [];
        var heard = firing.Where(alert => !alert.Labels.TryGetValue("member", out var of) || of == member).ToList();
        if (heard.Any(alert => alert.Name is "DatabaseExporterDown" or "DatabaseDown"))
            return differences;
        foreach (var (check, status) in checks)
        {
            var (notOk, critical) = Alerts.TryGetValue(check, out var known)
                ? known : throw new InvalidOperationException($"Check {check} is new: say which alerts speak of it.");
            if (primary || check is "server_role" or "connections")
            {
                Compare(check, status, status != "ok", notOk);
                Compare(check, status, status == "critical", critical);
            }

            if (status == "critical" != heard.Any(alert => alert.Name == Critical && alert.Labels["check_name"] == check))
                differences.Add($"{member}: {check} is {status}, and {Critical} says otherwise");
        }

        return differences;

        void Compare(string check, string status, bool expected, string[] names)
        {
            if (names.Length > 0 && expected != heard.Any(alert => names.Contains(alert.Name)))
                differences.Add($"{member}: {check} is {status}, and of {string.Join(", ", names)} fires {(expected ? "none" : "one")}");
        }
    }
}
