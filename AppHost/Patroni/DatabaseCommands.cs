using System.Diagnostics;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace AppHost.Patroni;

/// <summary>The database's operations on the dashboard: to see a failover happen while traffic flows.</summary>
internal static class DatabaseCommands
{
    public const string SwitchOver = "switch-over";
    public const string KillPrimary = "kill-primary";

    public static IResourceBuilder<DatabaseClusterResource> WithDatabaseCommands(this IResourceBuilder<DatabaseClusterResource> cluster) => cluster
        .WithCommand(SwitchOver, "Switch over", SwitchOverAsync, new CommandOptions
        {
            Description = "Hands the leadership to a synchronous standby; writes wait for a few seconds.",
            IconName = "ArrowSwap",
            IsHighlighted = true,
            UpdateState = context => cluster.Resource.Members.Count < 2
                ? ResourceCommandState.Hidden
                : context.ResourceSnapshot.HealthStatus is HealthStatus.Healthy ? ResourceCommandState.Enabled : ResourceCommandState.Disabled,
        })
        .WithCommand(KillPrimary, "Kill the primary", context => KillPrimaryAsync(cluster.Resource, context), new CommandOptions
        {
            Description = "Kills the leader's container without warning, as a lost machine would. Start it again from its own row.",
            ConfirmationMessage = "Kill the primary's container? With three members a standby takes over within about 20 seconds; a single member stays down until it is started again.",
            IconName = "PlugDisconnected",
            UpdateState = context => context.ResourceSnapshot.HealthStatus is HealthStatus.Healthy ? ResourceCommandState.Enabled : ResourceCommandState.Disabled,
        });

    private static async Task<ExecuteCommandResult> SwitchOverAsync(ExecuteCommandContext context)
    {
        try
        {
            return CommandResults.Success(await context.Services.GetRequiredService<PatroniClient>().SwitchOverAsync(context.CancellationToken));
        }
        catch (PatroniException problem)
        {
            return CommandResults.Failure(problem.Message);
        }
    }

    private static async Task<ExecuteCommandResult> KillPrimaryAsync(DatabaseClusterResource cluster, ExecuteCommandContext context)
    {
        try
        {
            var leader = (await context.Services.GetRequiredService<PatroniClient>().ClusterAsync(context.CancellationToken)).Leader;
            if (leader is null)
                return CommandResults.Failure("The cluster has no leader now.");
            if (ContainerOf(leader.Name, cluster, context.Services) is not { } container)
                return CommandResults.Failure($"The container of {leader.Name} is not known yet.");
            return await KillAsync(context.Services, container, context.CancellationToken) is { } problem
                ? CommandResults.Failure(problem)
                : CommandResults.Success($"Killed {leader.Name}.");
        }
        catch (PatroniException problem)
        {
            return CommandResults.Failure(problem.Message);
        }
    }

    /// <summary>The container's id, which the orchestrator puts among the resource's properties.</summary>
    private static string? ContainerOf(string member, DatabaseClusterResource cluster, IServiceProvider services)
    {
        if (cluster.Members.All(resource => resource.Name != member)
            || !services.GetRequiredService<ResourceNotificationService>().TryGetCurrentState(member, out var current))
            return null;
        return current.Snapshot.Properties.FirstOrDefault(property => property.Name == "container.id")?.Value as string;
    }

    /// <returns>What went wrong; null when it is dead.</returns>
    private static async Task<string?> KillAsync(IServiceProvider services, string container, CancellationToken cancellation)
    {
        // The engine that Aspire itself was told to use.
        var engine = services.GetRequiredService<IConfiguration>()["ASPIRE_CONTAINER_RUNTIME"] is { Length: > 0 } chosen ? chosen : "docker";
        var start = new ProcessStartInfo(engine, ["kill", container]) { RedirectStandardError = true, RedirectStandardOutput = true };
        try
        {
            using var process = Process.Start(start)!;
            var output = process.StandardOutput.ReadToEndAsync(cancellation);
            var error = await process.StandardError.ReadToEndAsync(cancellation);
            await output;
            await process.WaitForExitAsync(cancellation);
            return process.ExitCode == 0 ? null : $"{engine} kill: {error.Trim()}";
        }
        catch (System.ComponentModel.Win32Exception problem)
        {
            return $"{engine} cannot be run: {problem.Message}";
        }
    }
}
