using System.Collections.Concurrent;
using Analytics.Topology;
using Analytics.Topology.Security;
using AppHost.Cluster;
using AppHost.Patroni;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace AppHost.Startup;

/// <summary>
/// Tells on the console what the dashboard shows: a resource that failed, with the end of its log, as soon as it failed; while the hub
/// starts, what is waited for and why; and once everything is well, that it is. Without it a console of F5 is silent while members fail.
/// </summary>
internal sealed class StartReport(DevelopmentHub hub, DistributedApplicationModel model, ResourceNotificationService notifications,
    ResourceLoggerService logs, TimeProvider time, ILogger<StartReport> console) : IHostedLifecycleService, IDisposable
{
    /// <summary>How often a start that is under way says what it waits for.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan Tick = TimeSpan.FromSeconds(1);

    private const int LinesOfLog = 12;

    private const int LongestList = 6;

    /// <summary>The exit code of a process that SIGKILL ended.</summary>
    private const int Killed = 137;

    /// <summary>A failed program writes its reason, and the orchestrator brings its log, a moment apart.</summary>
    private static readonly TimeSpan LogDelay = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan EngineTimeout = TimeSpan.FromSeconds(3);

    private readonly ConcurrentDictionary<string, ResourceEvent> latest = new();
    private readonly ConcurrentDictionary<string, string> told = new();

    private readonly CancellationTokenSource stop = new();
    private Task report = Task.CompletedTask;

    /// <summary>
    /// Begins before other services start: Aspire's own returns only when the resources that nothing holds back were created.
    /// </summary>
    public Task StartingAsync(CancellationToken cancellationToken)
    {
        report = Task.WhenAll(WatchAsync(stop.Token), ProgressAsync(stop.Token));
        return Task.CompletedTask;
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>A resource that ends from now on has not failed.</summary>
    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        await stop.CancelAsync();
        await report.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (report.Exception is { } failure)
            console.LogError(failure, "The report of this start ended early");
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => stop.Dispose();

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

    /// <summary>What to do about a failure whose log cannot tell it; empty: the log does.</summary>
    internal static string Advice(string resource, CustomResourceSnapshot snapshot) => snapshot.ExitCode is not Killed ? ""
        : " Somebody or something killed it, such as this machine for want of memory. Start it again from its row on the dashboard or with "
            + $"`dotnet aspire resource {resource} start`.";

    /// <summary>What a resource that is not there yet waits for; null: it is there, or it is started by hand.</summary>
    /// <param name="resource">The resource.</param>
    /// <param name="snapshot">Its last news; null: none came yet.</param>
    /// <param name="endsByItself">Whether its end is what others wait for.</param>
    internal static string? Waiting(IResource resource, CustomResourceSnapshot? snapshot, bool endsByItself)
    {
        if (IsStartedByHand(resource))
            return null;
        var state = snapshot?.State?.Text;
        if (state == KnownResourceStates.Running && endsByItself)
            return "at work";
        if (state == KnownResourceStates.Running)
        {
            return snapshot!.HealthStatus is null or HealthStatus.Healthy ? null
                : Unhealthy(snapshot.HealthReports.FirstOrDefault(report => report.Status is not HealthStatus.Healthy)?.Description);
        }

        if (state == KnownResourceStates.Active)
            return null;
        if (state == KnownResourceStates.Finished || state == KnownResourceStates.Exited)
            return endsByItself ? null : "ended";
        return (state ?? "not started").ToLowerInvariant();
    }

    /// <summary>
    /// Whether the hub is not well without it. When what is started by hand fails, such as a backup, that is told, and the hub is as well
    /// as before.
    /// </summary>
    internal static bool IsPart(IResource resource) =>
        resource is ContainerResource or ProjectResource or DatabaseClusterResource or PostgresDatabaseResource
        && !IsStartedByHand(resource);

    private static bool IsStartedByHand(IResource resource) => resource.Annotations.OfType<ExplicitStartupAnnotation>().Any();

    /// <summary>Why a resource is not healthy, in words that say it.</summary>
    /// <param name="reason">Its health check's.</param>
    internal static string Unhealthy(string? reason)
    {
        if (string.IsNullOrEmpty(reason))
            return "not healthy yet";

        // Two ways to say that the limit of a check has passed: the first of the health check service, the second of Aspire's HTTP checks.
        if (reason == "A timeout occurred while running check." || reason.EndsWith(" was canceled", StringComparison.Ordinal))
            return $"it does not answer within {HealthWatch.Limit.TotalSeconds:0} s";

        // PostgreSQL's code for a wrong password.
        return reason.StartsWith("28P01", StringComparison.Ordinal)
            ? $"{reason}. If that stays, the data were made with other passwords than {SecretValues.FileName} has: "
                + "bring that file back, or begin anew (AppHost/README.md)"
            : reason;
    }

    private async Task WatchAsync(CancellationToken stopping)
    {
        var tellings = new List<Task>();
        await foreach (var update in notifications.WatchAsync(stopping))
        {
            foreach (var told in tellings.Where(telling => telling.IsCompleted).ToList())
            {
                await told;
                tellings.Remove(told);
            }

            // Not a state of the resource: the next one comes at once.
            if (update.Snapshot.State?.Text == HealthWatch.Checking)
                continue;
            latest[update.ResourceId] = update;
            var failure = Failure(update.Snapshot);
            if (failure is null)
                told.TryRemove(update.ResourceId, out _);
            else if (told.TryAdd(update.ResourceId, failure))
                tellings.Add(TellAsync(update, failure, stopping));
        }
    }

    private async Task TellAsync(ResourceEvent update, string failure, CancellationToken stopping)
    {
        await Task.Delay(LogDelay, time, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (stopping.IsCancellationRequested)
            return;
        var lines = await LogAsync(update.ResourceId, stopping);
        console.LogError("{Resource} {Failure}.{Advice} The end of its log:\n  {Log}",
            update.Resource.Name, failure, Advice(update.Resource.Name, update.Snapshot),
            lines.Count == 0 ? "(empty)" : string.Join("\n  ", lines.TakeLast(LinesOfLog)));
    }

    /// <summary>
    /// Where in Aspire an exception came from, and how the orchestrator began, tell a user of Hub nothing; the dashboard's log has it.
    /// </summary>
    private static bool IsNoise(string line) =>
        line.Contains(" [sys] ", StringComparison.Ordinal) || line.TrimStart().StartsWith("at ", StringComparison.Ordinal)
        || line.TrimStart().StartsWith("--- End of stack", StringComparison.Ordinal);

    private async Task ProgressAsync(CancellationToken stopping)
    {
        var started = time.GetTimestamp();
        var said = TimeSpan.Zero;
        var (up, last) = (false, "");
        using var timer = new PeriodicTimer(Tick, time);
        while (await timer.WaitForNextTickAsync(stopping))
        {
            var elapsed = time.GetElapsedTime(started);
            var text = Missing();
            if (text.Length == 0)
            {
                if (!up)
                {
                    console.LogInformation("The hub is up: every resource runs and is healthy ({Seconds} s after the start). {Next}",
                        (int)elapsed.TotalSeconds, Next(hub.Profile.PortOffset, hub.State.Directory));
                }
                else if (last.Length > 0)
                    console.LogInformation("The hub is up again: every resource runs and is healthy");
                (up, last) = (true, "");
                continue;
            }

            // A start reports every interval what it waits for, so that it does not look hung. A hub that was up, and a start that cannot
            // go on before somebody mends what failed, report changes only; the first change of a hub that was up is reported at once.
            var isStuck = up || latest.Values.Any(update => Failure(update.Snapshot) is not null);
            var isFirst = up && last.Length == 0;
            if ((isStuck && text == last) || (!isFirst && elapsed - said < Interval))
                continue;
            if (up)
                console.LogWarning("No longer healthy: {Text}{Engine}", text, await EngineAsync(hub.Engine, stopping));
            else
                console.LogInformation("{Seconds} s: not there yet: {Text}{Work}",
                    (int)elapsed.TotalSeconds, text, await WorkAsync(stopping));
            (said, last) = (elapsed, text);
        }
    }

    /// <summary>What somebody needs who starts the hub for the first time: where to send, with what, and where the answers are.</summary>
    internal static string Next(int portOffset, string state) =>
        $"Send OTLP to http://127.0.0.1:{Ports.OtlpHttp + portOffset} (gRPC: {Ports.OtlpGrpc + portOffset}) with the header "
        + $"\"Authorization: Bearer KEY\"; the key is in {Path.Combine(state, HubState.ApiKeyFile)}. "
        + $"The API that answers: http://127.0.0.1:{Ports.Rest + portOffset}/reference";

    /// <summary>Everything is unhealthy when the engine has stopped, and no check knows why.</summary>
    internal static async Task<string> EngineAsync(string engine, CancellationToken stopping)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        limit.CancelAfter(EngineTimeout);
        try
        {
            var (exit, output) = await Engine.RunAsync(engine, ["version", "--format", "{{.Server.Version}}"], limit.Token);
            return exit == 0 ? "" : EngineProblem(output);
        }
        catch (OperationCanceledException) when (!stopping.IsCancellationRequested)
        {
            return EngineProblem($"`{engine} version` took longer than {EngineTimeout.TotalSeconds:0} s");
        }
    }

    private static string EngineProblem(string why) =>
        $"\n  The container engine does not answer: {why}\n  "
        + "Start it again, then end this run with Ctrl-C and start anew: the containers ended with the engine.";

    /// <summary>What is not there, grouped by the reason; empty when everything is.</summary>
    private string Missing()
    {
        var once = EndByThemselves();
        var reasons = from resource in model.Resources
                      where IsPart(resource)
                      let updates = latest.Values.Where(update => update.Resource == resource).ToList()
                      let reason = updates.Count == 0 ? Waiting(resource, snapshot: null, once.Contains(resource))
                          : updates.Select(update => Failure(update.Snapshot) ?? Waiting(resource, update.Snapshot, once.Contains(resource))).FirstOrDefault(reason => reason is not null)
                      where reason is not null
                      group resource.Name by reason into same
                      select $"{Names([.. same])} ({same.Key})";
        return string.Join("; ", reasons);
    }

    /// <summary>How far those are that others wait for to end, as their logs tell it: making images takes minutes.</summary>
    private async Task<string> WorkAsync(CancellationToken stopping)
    {
        var once = EndByThemselves();
        var work = new System.Text.StringBuilder();
        foreach (var update in latest.Values
            .Where(update => once.Contains(update.Resource) && update.Snapshot.State?.Text == KnownResourceStates.Running))
        {
            if ((await LogAsync(update.ResourceId, stopping)).LastOrDefault(line => line.Length > 0) is { } line)
                work.Append("\n  ").Append(update.Resource.Name).Append(": ").Append(line);
        }

        return work.ToString();
    }

    private HashSet<IResource> EndByThemselves() =>
        [.. model.Resources.SelectMany(resource => resource.Annotations.OfType<WaitAnnotation>())
        .Where(wait => wait.WaitType is WaitType.WaitForCompletion).Select(wait => wait.Resource)];

    private async Task<IReadOnlyList<string>> LogAsync(string resource, CancellationToken stopping)
    {
        var lines = new List<string>();
        await foreach (var batch in logs.GetAllAsync(resource).WithCancellation(stopping))
            lines.AddRange(batch.SelectMany(line => line.Content.Split('\n')).Where(line => !IsNoise(line)));
        return lines;
    }

    /// <summary>At the beginning nearly every resource waits for the same: a list of all of them would hide what they wait for.</summary>
    private static string Names(IReadOnlyList<string> resources) =>
        resources.Count > LongestList ? $"{resources.Count} resources" : string.Join(", ", resources);
}
