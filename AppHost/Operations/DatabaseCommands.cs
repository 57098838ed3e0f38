using AppHost.Cluster;
using AppHost.Patroni;
using AppHost.Startup;
using Hub.Operations.Patroni;
using Microsoft.Extensions.DependencyInjection;

namespace AppHost.Operations;

/// <summary>The database's operations on the dashboard: to see a failover happen while traffic flows.</summary>
internal static class DatabaseCommands
{
    public const string SwitchOver = "switch-over";
    public const string KillPrimary = "kill-primary";

    public static IResourceBuilder<DatabaseClusterResource> WithDatabaseCommands(this IResourceBuilder<DatabaseClusterResource> cluster, DevelopmentHub hub) => cluster
        .WithCommand(SwitchOver, "Switch over", SwitchOverAsync, new CommandOptions
        {
            Description = "Hands the leadership to a synchronous standby; writes wait for a few seconds.",
            IconName = "ArrowSwap",
            IsHighlighted = true,
            UpdateState = context => cluster.Resource.Members.Count < 2
                ? ResourceCommandState.Hidden
                : Runs.WhileHealthy(context),
        })
        .WithCommand(KillPrimary, "Kill the primary", context => KillPrimaryAsync(hub, cluster.Resource, context), new CommandOptions
        {
            Description = "Kills the leader's container without warning, as a lost machine would. Start it again from its own row.",
            ConfirmationMessage = "Kill the primary's container? With three members a standby takes over within about 20 seconds; "
                + "a single member stays down until it is started again.",
            IconName = "PlugDisconnected",
            UpdateState = Runs.WhileHealthy,
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

    private static async Task<ExecuteCommandResult> KillPrimaryAsync(DevelopmentHub hub, DatabaseClusterResource cluster, ExecuteCommandContext context)
    {
        try
        {
            var leader = (await context.Services.GetRequiredService<PatroniClient>().ClusterAsync(context.CancellationToken)).Leader;
            if (leader is null)
                return CommandResults.Failure("The cluster has no leader now.");
            if (cluster.Members.All(member => member.Name != leader.Name) || Runs.RunningContainer(leader.Name, context.Services) is not { } container)
                return CommandResults.Failure($"The container of {leader.Name} does not run.");
            var (exit, output) = await Engine.RunAsync(hub.Engine, ["kill", container], context.CancellationToken);
            return exit == 0 ? CommandResults.Success($"Killed {leader.Name}.") : CommandResults.Failure($"{hub.Engine} kill: {output}");
        }
        catch (PatroniException problem)
        {
            return CommandResults.Failure(problem.Message);
        }
    }
}
