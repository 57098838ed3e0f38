using Analytics.Topology;
using Analytics.Topology.Helm;
using Analytics.Topology.Publishing;
using Aspire.Hosting.Pipelines;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

// The pipeline is an experimental API of Aspire 13; it is used here and in Deployment.
#pragma warning disable ASPIREPIPELINES001, ASPIREPIPELINES004

namespace AppHost.Publishing;

internal static partial class PublishingExtensions
{
    public const string Step = "publish-hub";

    /// <summary>Makes <c>publish</c> write the topology's Helm chart, file for file what is committed in aspire-manifest/helm.</summary>
    public static void PublishChart(this IDistributedApplicationBuilder builder, PublishSize size)
    {
        builder.Pipeline.AddStep(Step, context =>
        {
            var directory = context.Services.GetRequiredService<IPipelineOutputService>().GetOutputDirectory();
            var written = OutputFiles.Write(directory, HelmChart.Render(size));
            context.Logger.LogInformation("{Count} files written to {Directory}", written.Count, directory);
            return Task.CompletedTask;
        }, requiredBy: WellKnownPipelineSteps.Publish);
        AddEnvironment(builder, size);
    }

    /// <summary>In KubernetesEnvironment.cs, which is compiled where the registry has Aspire.Hosting.Kubernetes; otherwise
    /// nothing.</summary>
    static partial void AddEnvironment(IDistributedApplicationBuilder builder, PublishSize size);
}
