using Analytics.Topology;
using Analytics.Topology.Compose;
using Analytics.Topology.Containers;

namespace AppHost.Publishing;

/// <summary>What <c>aspire publish</c> leaves in its output directory: the topology's own rendering, nothing of what runs under F5.</summary>
internal static class PublishedFiles
{
    /// <summary>The Compose file and the configuration it mounts. Secrets and certificates are made where the cluster is installed.</summary>
    public static IReadOnlyList<OutputFile> For(ClusterTopology topology)
    {
        var containers = ClusterContainers.For(topology);
        return [ComposeFile.Render(topology, containers), .. ComposeFile.Configuration(containers)];
    }
}
