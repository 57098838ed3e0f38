using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;

namespace AppHost.Patroni;

/// <summary>
/// Shows within seconds that the cluster lost its leader or has one again. Aspire asks a healthy resource every thirty seconds only, but at once
/// when its state changes: so the state changes for a moment when the answer is no longer the one that the dashboard shows.
/// </summary>
internal sealed class ClusterWatch(DatabaseClusterResource cluster, PatroniClient patroni, ResourceNotificationService notifications, TimeProvider time) : BackgroundService
{
    public const string Checking = "Checking";

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var check = new ClusterHealthCheck(patroni, cluster.Members.Count);
        using var timer = new PeriodicTimer(Interval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            if (!notifications.TryGetCurrentState(cluster.Name, out var shown) || shown.Snapshot.HealthStatus is not { } status)
                continue;
            var now = await check.CheckHealthAsync(new HealthCheckContext(), stoppingToken);
            if ((now.Status is HealthStatus.Healthy) == (status is HealthStatus.Healthy))
                continue;
            await notifications.PublishUpdateAsync(cluster, snapshot => snapshot with { State = Checking });
            await notifications.PublishUpdateAsync(cluster, snapshot => snapshot with { State = KnownResourceStates.Running });
        }
    }
}
