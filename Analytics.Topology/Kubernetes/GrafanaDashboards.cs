using Analytics.Topology.Dashboards;
using k8s.Models;

namespace Analytics.Topology.Kubernetes;

/// <summary>
/// The dashboards for Grafana's sidecar, which loads every ConfigMap with this label. One for each: an object may hold 1 MiB, and what
/// `kubectl apply` notes beside it a quarter of that. On one line, because the files to read are in aspire-manifest/grafana.
/// </summary>
internal static class GrafanaDashboards
{
    /// <summary>The label and the annotation that the chart of Grafana looks for unless it is told another.</summary>
    public const string SidecarLabel = "grafana_dashboard";
    private const string FolderAnnotation = "grafana_folder";

    public static IEnumerable<V1ConfigMap> All(ManifestContext context) => HubDashboards.For(context.Topology).Select(dashboard =>
    {
        var metadata = context.Meta($"dashboard-{dashboard.Uid}", ClusterNames.Prometheus);
        metadata.Labels[SidecarLabel] = "1";
        metadata.Annotations = new Dictionary<string, string> { [FolderAnnotation] = "Hub" };
        return new V1ConfigMap
        {
            ApiVersion = "v1",
            Kind = "ConfigMap",
            Metadata = metadata,
            Data = new Dictionary<string, string> { [dashboard.FileName] = DashboardJson.Render(dashboard, indented: false) },
        };
    });
}
