using Analytics.Topology;
using Analytics.Topology.Publishing;
using Aspire.Hosting.Pipelines;

#pragma warning disable ASPIREPIPELINES001

namespace AppHost.Publishing;

/// <summary>
/// With Aspire.Hosting.Kubernetes (HubAspireKubernetes): the cluster as a Kubernetes environment, whose own publisher names the chart
/// before the topology's files take the place of what it wrote. Its deploy step is left to <c>aspire do</c>: it takes no context, no values
/// and no existing namespace, and says nothing while it waits. <c>aspire deploy</c> stays deploy.sh's work with and without the package.
/// </summary>
internal static partial class PublishingExtensions
{
    private const string Environment = "kubernetes";

    static partial void AddEnvironment(IDistributedApplicationBuilder builder, PublishSize size)
    {
        var environment = builder.AddKubernetesEnvironment(Environment)
            .WithDashboard(false)
            .WithHelm(helm => helm.WithChartName("hub").WithChartVersion(HubVersion.Current).WithReleaseName(size.Topology.Name)
                .WithNamespace(size.Topology.Definition.Namespace));
        builder.Pipeline.AddPipelineConfiguration(context =>
        {
            context.Steps.Single(step => step.Name == Step).DependsOn($"publish-{Environment}");
            foreach (var step in context.GetSteps(environment.Resource))
                step.RequiredBySteps.Remove(WellKnownPipelineSteps.Deploy);
            return Task.CompletedTask;
        });
    }
}
