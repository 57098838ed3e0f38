using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace AppHost.Operations;

/// <summary>Runs a resource that is started by hand to its end, and makes what it wrote the command's result.</summary>
internal static class Runs
{
    private const int LinesOfResult = 200;

    /// <summary>Starts it, waits until it ended, and tells how.</summary>
    /// <param name="context">The command.</param>
    /// <param name="resource">Started by hand, ends by itself.</param>
    /// <param name="done">What was done, when it ended with 0.</param>
    public static async Task<ExecuteCommandResult> RunAsync(this ExecuteCommandContext context, IResource resource, string done)
    {
        var notifications = context.Services.GetRequiredService<ResourceNotificationService>();
        if (notifications.TryGetCurrentState(resource.Name, out var before) && IsBusy(before.Snapshot))
            return Busy(resource);
        var earlier = before?.Snapshot.StartTimeStamp;
        var started = await context.Services.GetRequiredService<ResourceCommandService>()
            .ExecuteCommandAsync(resource, KnownResourceCommands.StartCommand, context.CancellationToken);
        if (!started.Success)
            return started;
        var end = await notifications.WaitForResourceAsync(resource.Name,
            update => IsOver(update.Snapshot)
                && (update.Snapshot.StartTimeStamp != earlier || update.Snapshot.State?.Text == KnownResourceStates.FailedToStart),
            context.CancellationToken);
        var lines = new List<string>();
        await foreach (var batch in context.Services.GetRequiredService<ResourceLoggerService>().GetAllAsync(end.ResourceId)
            .WithCancellation(context.CancellationToken))
            lines.AddRange(batch.Select(line => line.Content));
        var log = string.Join('\n', lines.TakeLast(LinesOfResult));
        return end.Snapshot.ExitCode == 0
            ? CommandResults.Success(done, log, CommandResultFormat.Text, displayImmediately: false)
            : CommandResults.Failure($"{resource.Name} ended with exit code "
                + $"{end.Snapshot.ExitCode?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "none"}: "
                    + $"{lines.LastOrDefault() ?? "its log is empty"}", log);
    }

    /// <summary>The result of a command whose resource does something else now.</summary>
    public static ExecuteCommandResult Busy(IResource resource) =>
        CommandResults.Failure($"{resource.Name} is at work already. Wait for its end; its log shows how far it is.");

    /// <summary>A command that is offered while the resource that carries it is healthy.</summary>
    public static ResourceCommandState WhileHealthy(UpdateCommandStateContext context) =>
        context.ResourceSnapshot.HealthStatus is HealthStatus.Healthy ? ResourceCommandState.Enabled : ResourceCommandState.Disabled;

    /// <summary>The id of a resource's container, which the orchestrator puts among its properties; null while it does not run.</summary>
    public static string? RunningContainer(string resource, IServiceProvider services) =>
        services.GetRequiredService<ResourceNotificationService>().TryGetCurrentState(resource, out var current)
            && current.Snapshot.State?.Text == KnownResourceStates.Running
            ? current.Snapshot.Properties.FirstOrDefault(property => property.Name == "container.id")?.Value as string
            : null;

    private static bool IsBusy(CustomResourceSnapshot snapshot) =>
        snapshot.State?.Text is { } state
            && (state == KnownResourceStates.Running || state == KnownResourceStates.Starting || state == KnownResourceStates.Waiting
                || state == KnownResourceStates.Stopping);

    private static bool IsOver(CustomResourceSnapshot snapshot) =>
        snapshot.State?.Text is { } state && KnownResourceStates.TerminalStates.Contains(state);
}
