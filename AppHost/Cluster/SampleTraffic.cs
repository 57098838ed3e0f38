using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace AppHost.Cluster;

/// <summary>Made-up LLM traffic, sent by <c>hub send</c> when somebody asks for it.</summary>
internal static class SampleTraffic
{
    public const string Command = "send-sample-traffic";

    /// <summary>Adds the sender, which starts on demand only, as often as wanted: each run sends the last 24 hours again, new.</summary>
    public static IResourceBuilder<ProjectResource> AddSampleTraffic<TProject>(this DevelopmentHub hub, string name) where TProject : IProjectMetadata, new() =>
        hub.Builder.AddProject<TProject>(name, project => project.ExcludeLaunchProfile = true)
            .WithArgs("send")

            // There it finds the development key; a key among the arguments would be in every list of processes.
            .WithEnvironment(HubState.Variable, hub.State.Directory)
            .WithEnvironment("HUB_HOME", hub.Repository)
            .WithExplicitStart();

    /// <summary>Adds the command that starts the sender.</summary>
    public static IResourceBuilder<ProjectResource> WithSampleTraffic(this IResourceBuilder<ProjectResource> ingest, IResourceBuilder<ProjectResource> sender) =>
        ingest.WithCommand(Command, "Send sample traffic",
            context => context.Services.GetRequiredService<ResourceCommandService>().ExecuteCommandAsync(sender.Resource, KnownResourceCommands.StartCommand, context.CancellationToken),
            new CommandOptions
            {
                Description = "Sends 200 made-up LLM calls of the last 24 hours; the sender's log says what was acknowledged.",
                IconName = "Send",
                IsHighlighted = true,
                UpdateState = context => context.ResourceSnapshot.HealthStatus is HealthStatus.Healthy ? ResourceCommandState.Enabled : ResourceCommandState.Disabled,
            });
}
