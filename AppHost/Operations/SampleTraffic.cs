using Analytics.Topology;
using AppHost.Cluster;

namespace AppHost.Operations;

/// <summary>Made-up LLM traffic, sent by <c>hub send</c> when somebody asks for it.</summary>
internal static class SampleTraffic
{
    public const string Command = "send-sample-traffic";

    /// <summary>
    /// Adds the sender, which starts on demand only, as often as wanted: each run sends the last 24 hours again, new. The command that
    /// starts it is ingest's.
    /// </summary>
    public static IResourceBuilder<ProjectResource> AddSampleTraffic<TProject>(this DevelopmentHub hub, string name,
        IResourceBuilder<ProjectResource> ingest)
        where TProject : IProjectMetadata, new()
    {
        var sender = hub.Builder.AddProject<TProject>(name, project => project.ExcludeLaunchProfile = true)
            .WithArgs(context =>
            {
                context.Args.Add("send");
                context.Args.Add("--endpoint");
                context.Args.Add(hub.Endpoint(ClusterNames.Ingest, Ports.OtlpHttp));
            })

            // There it finds the development key; a key among the arguments would be in every list of processes.
            .WithEnvironment(HubState.Variable, hub.State.Directory)
            .WithEnvironment("HUB_HOME", hub.Repository)
            .WithParentRelationship(ingest)
            .WithExplicitStart();
        ingest.WithCommand(Command, "Send sample traffic",
            context => context.RunAsync(sender.Resource, "The sample traffic was sent."),
            new CommandOptions
            {
                Description = "Sends 200 made-up LLM calls of the last 24 hours; the result says what was acknowledged.",
                IconName = "Send",
                IsHighlighted = true,
                UpdateState = Runs.WhileHealthy,
            });
        return sender;
    }
}
