using Analytics.Topology;

namespace Hub.Cli.Tests.Monitoring;

/// <summary>Runs of hub-backup in a test's cluster.</summary>
internal static class BackupRuns
{
    /// <summary>Runs a job to its end.</summary>
    /// <param name="cluster">Where.</param>
    /// <param name="job">full, diff, retain, verify or drill.</param>
    /// <param name="cancel">Stops waiting.</param>
    public static Task<CheckResult> RunAsync(HubCluster cluster, string job, CancellationToken cancel) =>
        cluster.RunAsync(cluster.Deployment.Container(ClusterNames.Backup), ["/app/hub-backup", job], cancel);
}
