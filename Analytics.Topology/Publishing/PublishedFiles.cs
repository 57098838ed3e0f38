using Analytics.Topology.Compose;
using Analytics.Topology.Containers;
using Analytics.Topology.Helm;
using Analytics.Topology.Kubernetes;

namespace Analytics.Topology.Publishing;

/// <summary>Every file that is published, as paths and text: one source, several forms.</summary>
public static class PublishedFiles
{
    public const string Directory = "aspire-manifest";

    /// <summary>The directories whose whole content is generated: what else lies there is a leftover.</summary>
    public static IReadOnlyList<string> Owned { get; } = [KubernetesDirectory, HelmDirectory, HelmValuesDirectory, ComposeDirectory,
        GrafanaDirectory];

    private const string KubernetesDirectory = "kubernetes";
    private const string HelmDirectory = "helm";
    private const string HelmValuesDirectory = "helm-values";
    private const string ComposeDirectory = "compose";
    private const string GrafanaDirectory = "grafana";

    /// <summary>Paths are relative to the output directory.</summary>
    public static IReadOnlyList<OutputFile> For(PublishSize size)
    {
        ArgumentNullException.ThrowIfNull(size);
        return
        [
            .. Kubernetes(size),
            .. HelmChart.Render(size).Select(file => file with { Path = $"{HelmDirectory}/{file.Path}" }),
            new OutputFile($"{HelmValuesDirectory}/{TimescaleSingleValues.FileName}", TimescaleSingleValues.Render(size)),
            .. Compose(size),
            .. GrafanaFiles.Render(size.Topology).Select(file => file with { Path = $"{GrafanaDirectory}/{file.Path}" }),
        ];
    }

    private static IEnumerable<OutputFile> Kubernetes(PublishSize size)
    {
        var files = KubernetesManifests.For(size.Topology, size.Options);
        foreach (var file in files)
            yield return new OutputFile($"{KubernetesDirectory}/{file.Name}", ManifestYaml.Write(file));
        var script = DeployScript.Render(size, files);
        yield return script with { Path = $"{KubernetesDirectory}/{script.Path}" };
        yield return new OutputFile($"{KubernetesDirectory}/{Kustomization.FileName}", Kustomization.Render(files));
    }

    private static IEnumerable<OutputFile> Compose(PublishSize size)
    {
        var containers = ClusterContainers.For(size.Topology);
        return ComposeFile.Configuration(containers).Append(ComposeFile.Render(size.Topology, containers))
            .Select(file => file with { Path = $"{ComposeDirectory}/{file.Path}" });
    }
}
