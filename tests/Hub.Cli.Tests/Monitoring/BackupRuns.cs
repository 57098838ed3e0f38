using Analytics.Topology;

namespace Hub.Cli.Tests.Monitoring;

/// <summary>Runs of hub-backup in a test's cluster.</summary>
internal static class BackupRuns
{
    private static readonly TimeSpan Nudge = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Runs a job to its end. pgBackRest asks the standby for a restartpoint once, when it has replayed the place where the backup begins. One that is
    /// still catching up has then not replayed the checkpoint itself, which lies behind that place, and pgBackRest waits for the next restartpoint, up to
    /// checkpoint_timeout (15 min; seen with 2.55.1). Here the standbys make one every ten seconds.
    /// </summary>
    /// <param name="cluster">Where.</param>
    /// <param name="job">full, diff, retain, verify or drill.</param>
    /// <param name="cancel">Stops waiting.</param>
    public static async Task<CheckResult> RunAsync(HubCluster cluster, string job, CancellationToken cancel)
    {
        var run = cluster.RunAsync(cluster.Deployment.Container(ClusterNames.Backup), ["/app/hub-backup", job], cancel);
        while (await Task.WhenAny(run, Task.Delay(Nudge, cancel)) != run)
        {
            cancel.ThrowIfCancellationRequested();
            foreach (var member in cluster.Topology.Database.Hosts)
            {
                var result = await cluster[member].ExecAsync(["env", "PGPASSWORD=" + cluster.Deployment.Passwords[Secrets.Superuser], "sh", "-c",
                    $"echo \"SELECT 'CHECKPOINT' WHERE pg_is_in_recovery() \\gexec\" | psql -XAtq -v ON_ERROR_STOP=1 -h {Paths.SocketDirectory} -U {Roles.Superuser}"], cancel);
                Assert.True(result.ExitCode == 0, $"{member}: {result.Stderr}");
            }
        }

        return await run;
    }
}
