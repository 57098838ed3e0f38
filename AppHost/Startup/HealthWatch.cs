using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;

namespace AppHost.Startup;

/// <summary>
/// Shows within seconds that a running resource became unhealthy, or healthy again. Aspire asks a healthy resource only every thirty
/// seconds and has no setting for that, but it asks at once when the resource's state changes. So the watch asks the resource's own checks,
/// and when their answer differs from what the dashboard shows, it changes the state for a moment.
/// </summary>
internal sealed class HealthWatch(
    DistributedApplicationModel model, HealthCheckService checks, ResourceNotificationService notifications, TimeProvider time)
    : BackgroundService
{
    /// <summary>The state that the dashboard shows for that moment.</summary>
    public const string Checking = "Checking";

    /// <summary>How long a check may take. One that takes longer has found its resource unhealthy.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(
        from resource in model.Resources
        let keys = resource.Annotations.OfType<HealthCheckAnnotation>().Select(check => check.Key).ToHashSet()
        where keys.Count > 0
        select WatchAsync(resource, keys, stoppingToken));

    private async Task WatchAsync(IResource resource, HashSet<string> keys, CancellationToken stopping)
    {
        using var timer = new PeriodicTimer(Interval, time);
        while (await timer.WaitForNextTickAsync(stopping))
        {
            if (ShownAs(resource) is not { } shown)
                continue;
            var now = await checks.CheckHealthAsync(check => keys.Contains(check.Name), stopping);

            // The dashboard may have heard of it while the checks ran.
            if (now.Status is HealthStatus.Healthy == shown || ShownAs(resource) != shown)
                continue;
            await notifications.PublishUpdateAsync(resource,
                snapshot => IsRunning(snapshot) ? snapshot with { State = Checking } : snapshot);
            await notifications.PublishUpdateAsync(resource,
                snapshot => snapshot.State?.Text == Checking ? snapshot with { State = KnownResourceStates.Running } : snapshot);
        }
    }

    /// <summary>Whether the dashboard shows the resource as healthy; null: it does not run, or Aspire has not asked it yet.</summary>
    private bool? ShownAs(IResource resource) =>
        notifications.TryGetCurrentState(resource.Name, out var shown)
        && IsRunning(shown.Snapshot) && shown.Snapshot.HealthStatus is { } status
            ? status is HealthStatus.Healthy
            : null;

    private static bool IsRunning(CustomResourceSnapshot snapshot) => snapshot.State?.Text == KnownResourceStates.Running;
}
