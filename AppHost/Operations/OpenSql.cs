using Analytics.Topology;
using Analytics.Topology.Containers;
using AppHost.Cluster;
using AppHost.Startup;
using Microsoft.Extensions.DependencyInjection;

// Terminals are an experimental part of Aspire 13.
#pragma warning disable ASPIRETERMINAL001

namespace AppHost.Operations;

/// <summary>A SQL prompt in the dashboard: psql of a member, at the primary, as <c>./hub psql</c> opens it.</summary>
internal static class OpenSql
{
    public const string Command = "open-sql";

    /// <summary>Adds the command to a database. The prompt reads and cannot write.</summary>
    /// <param name="database">The resource that offers it.</param>
    /// <param name="hub">The hub.</param>
    /// <param name="members">Any of them that runs lends its psql.</param>
    public static IResourceBuilder<T> WithOpenSql<T>(this IResourceBuilder<T> database, DevelopmentHub hub,
        IReadOnlyList<IResourceBuilder<ContainerResource>> members)
        where T : IResource => database.WithCommand(Command, "Open SQL", async context =>
        {
            if (members.Select(member => Runs.RunningContainer(member.Resource.Name, context.Services))
                .FirstOrDefault(id => id is not null) is not { } container)
                return CommandResults.Failure("No member of the database runs. Start one from its row.");
            var terminal = context.Services.GetRequiredService<TerminalService>().CreateTerminal(new TerminalLaunchOptions
            {
                Title = $"SQL: {ClusterNames.Database}",
                Executable = hub.Engine,
                Arguments = ["exec", "--interactive", "--tty", "--env", "PGPASSWORD", container, "psql",
                    PsqlTarget.Primary(Roles.ReadOnly)],
                EnvironmentVariables = { ["PGPASSWORD"] = hub.State.Files.Secrets[Secrets.ReadOnly] },
                Columns = 140,
                Rows = 30,
            });
            terminal.Show();
            return CommandResults.Success("The prompt is open at the bottom of the dashboard. \\q ends it.", terminal.Id,
                CommandResultFormat.Text, displayImmediately: false);
        }, new CommandOptions
        {
            Description = "Opens psql at the primary in a terminal of the dashboard, as the role that only reads.",
            IconName = "WindowConsole",
            UpdateState = Runs.WhileHealthy,
        });
}
