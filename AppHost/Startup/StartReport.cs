using System.Collections.Concurrent;
using AppHost.Patroni;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace AppHost.Startup;

/// <summary>
/// Tells on the console what the dashboard shows: a resource that failed, with the end of its log, as soon as it failed; while the hub starts, what is
/// waited for and why; and once everything is well, that it is. Without it a console of F5 is silent while members fail.
/// </summary>
internal sealed class StartReport(
    DistributedApplicationModel model, ResourceNotificationService notifications, ResourceLoggerService logs, TimeProvider time, ILogger<StartReport> console) : BackgroundService
{
    /// <summary>How often a start that is under way says what it waits for.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    private const int LinesOfLog = 12;

    /// <summary>A failed program writes its reason, and the orchestrator brings its log, a moment apart.</summary>
    private static readonly TimeSpan LogDelay = TimeSpan.FromSeconds(2);

    private readonly ConcurrentDictionary<string, ResourceEvent> latest = new();
    private readonly ConcurrentDictionary<string, string> told = new();

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(WatchAsync(stoppingToken), ProgressAsync(stoppingToken));

    /// <summary>Why a resource counts as failed; null: it has not.</summary>
    internal static string? Failure(CustomResourceSnapshot snapshot)
    {
        var state = snapshot.State?.Text;
        if (state == KnownResourceStates.FailedToStart)
            return "did not start";
        if (state == KnownResourceStates.RuntimeUnhealthy)
            return "waits for the container engine, which does not answer";
        if (state == KnownResourceStates.ValueMissing)
            return "has no value";
        if ((state == KnownResourceStates.Exited || state == KnownResourceStates.Finished) && snapshot.ExitCode is { } code && code != 0)
            return $"ended with exit code {code}";
        return null;
    }

    /// <summary>What a resource that is not there yet waits for; null: it is there, or it is started by hand.</summary>
    internal static string? Waiting(IResource resource, CustomResourceSnapshot snapshot)
    {
        var state = snapshot.State?.Text;
        if (resource.Annotations.OfType<ExplicitStartupAnnotation>().Any() || Failure(snapshot) is not null)
            return null;
        if (state == KnownResourceStates.Running)
        {
            return snapshot.HealthStatus is null or HealthStatus.Healthy ? null
                : snapshot.HealthReports.FirstOrDefault(report => report.Status is not HealthStatus.Healthy)?.Description is { Length: > 0 } reason ? reason : "not healthy yet";
        }

        return state == KnownResourceStates.Finished || state == KnownResourceStates.Exited || state == KnownResourceStates.Active ? null : (state ?? "not started").ToLowerInvariant();
    }

    private async Task WatchAsync(CancellationToken stopping)
    {
        await foreach (var update in notifications.WatchAsync(stopping))
        {
            latest[update.ResourceId] = update;
            var failure = Failure(update.Snapshot);
            if (failure is null)
                told.TryRemove(update.ResourceId, out _);
            else if (told.TryAdd(update.ResourceId, failure))
                _ = TellAsync(update, failure, stopping);
        }
    }

    private async Task TellAsync(ResourceEvent update, string failure, CancellationToken stopping)
    {
        await Task.Delay(LogDelay, time, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (stopping.IsCancellationRequested)
            return;
        var lines = new List<string>();
        await foreach (var batch in logs.GetAllAsync(update.ResourceId).WithCancellation(stopping))
            lines.AddRange(batch.Select(line => line.Content));
        console.LogError("{Resource} {Failure}. The end of its log:\n  {Log}", update.Resource.Name, failure,
            lines.Count == 0 ? "(empty)" : string.Join("\n  ", lines.TakeLast(LinesOfLog)));
    }

    private async Task ProgressAsync(CancellationToken stopping)
    {
        var started = time.GetTimestamp();
        var (up, last) = (false, "");
        using var timer = new PeriodicTimer(Interval, time);
        while (await timer.WaitForNextTickAsync(stopping))
        {
            if (latest.IsEmpty)
                continue;
            var text = Missing();
            var seconds = (int)time.GetElapsedTime(started).TotalSeconds;
            if (text.Length == 0 && (!up || last.Length > 0))
                console.LogInformation("The hub is up: every resource runs and is healthy ({Seconds} s after the start)", seconds);

            // A start says every time what it waits for, so that nobody takes it for dead; a hub that was up says a change once.
            else if (text.Length > 0 && (!up || text != last))
                console.LogInformation("{Seconds} s: not there yet: {Text}", seconds, text);
            up |= text.Length == 0;
            last = text;
        }
    }

    /// <summary>What is not there, grouped by the reason; empty when everything is.</summary>
    private string Missing()
    {
        var resources = model.Resources.Where(resource => resource is ContainerResource or ProjectResource or DatabaseClusterResource or PostgresDatabaseResource);
        var reasons = from resource in resources
                      from update in latest.Values.Where(update => update.Resource == resource)
                      let reason = Failure(update.Snapshot) ?? Waiting(resource, update.Snapshot)
                      where reason is not null
                      group resource.Name by reason into same
                      select $"{string.Join(", ", same)} ({same.Key})";
        return string.Join("; ", reasons);
    }
}
