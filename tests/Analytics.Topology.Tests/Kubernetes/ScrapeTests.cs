using Analytics.Topology.Config;
using Analytics.Topology.Kubernetes;
using Analytics.Topology.Monitoring;
using k8s.Models;
using Map = System.Collections.Generic.Dictionary<string, object>;

namespace Analytics.Topology.Tests.Kubernetes;

/// <summary>How a Prometheus finds Hub: by prometheus-operator's objects or by annotations, under the same labels either way.</summary>
public class ScrapeTests
{
    private static readonly Published Objects = Published.Of("recommended");

    [Fact]
    public void Annotated_services_lead_to_the_ports_that_the_monitors_name()
    {
        var monitored = Objects.All<CustomObject>().Where(item => item.Kind is "ServiceMonitor" or "PodMonitor")
            .SelectMany(item => ((object[])((Map)item.Spec)[item.Kind == "PodMonitor" ? "podMetricsEndpoints" : "endpoints"]).Cast<Map>())
            .Select(endpoint => $"{Replacement(endpoint, "job")} {endpoint["port"]} {endpoint.GetValueOrDefault("scheme", "http")} "
                + $"{ServerName(endpoint, "tlsConfig", "serverName")}");
        var annotated = ScrapeAnnotations.Jobs.Select(job =>
        {
            var service = Objects.One<V1Service>($"scrape-{job.Job}");
            var port = Assert.Single(service.Spec.Ports);
            Assert.Equal("true", service.Metadata.Annotations["prometheus.io/scrape"]);
            Assert.Equal(port.Port.ToString(System.Globalization.CultureInfo.InvariantCulture),
                service.Metadata.Annotations["prometheus.io/port"]);
            var target =
                Objects.Pods.Where(pod => service.Spec.Selector.All(label => pod.Template.Metadata.Labels[label.Key] == label.Value))
                    .SelectMany(pod => pod.Template.Spec.Containers)
                .SelectMany(container => container.Ports ?? []).First(candidate => candidate.Name == port.TargetPort.Value);
            Assert.Equal(target.ContainerPort, port.Port);
            return $"{job.Job} {port.TargetPort.Value} {service.Metadata.Annotations["prometheus.io/scheme"]} {job.ServerName}";
        });
        Assert.Equal(monitored.Order(), annotated.Order());
    }

    [Fact]
    public void Either_way_the_series_carry_what_the_rules_select()
    {
        var cluster = RuleScope.Kubernetes(Objects.Size.Topology).Cluster;
        var jobs = ((object[])YamlDocuments.Read(
            Objects.One<V1ConfigMap>(ScrapeAnnotations.ConfigMapName).Data[ScrapeAnnotations.ScrapeFileName])["scrape_configs"]).Cast<Map>()
            .ToList();
        Assert.All(jobs, job =>
        {
            var labels = ((object[])job["relabel_configs"]).Cast<Map>().Where(rule => rule.ContainsKey("target_label"))
                .ToDictionary(rule => (string)rule["target_label"]);
            Assert.Equal(cluster, labels["cluster"]["replacement"]);
            Assert.Contains("member", labels.Keys);
            Assert.EndsWith($"/{labels["job"]["replacement"]}", (string)job["job_name"], StringComparison.Ordinal);
        });
        Assert.Equal(jobs.Count, jobs.Select(job => job["job_name"]).Distinct().Count());
        Assert.All(Objects.All<CustomObject>().Where(item => item.Kind == "PodMonitor")
            .SelectMany(item => ((object[])((Map)item.Spec)["podMetricsEndpoints"]).Cast<Map>()),
            endpoint => Assert.Equal(cluster, Replacement(endpoint, "cluster")));
        Assert.Contains($"cluster=\"{cluster}\"", Objects.One<V1ConfigMap>(ScrapeAnnotations.ConfigMapName).Data[RuleFile.FileName],
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(MonitoringBy.Operator, "monitoring.yaml")]
    [InlineData(MonitoringBy.Annotations, "scrape-annotations.yaml")]
    [InlineData(MonitoringBy.None, null)]
    public void What_is_chosen_is_applied_and_the_rest_is_not(MonitoringBy by, string? applied) =>
        Assert.Equal(applied is null ? [] : [applied],
            KubernetesManifests.For(Objects.Size.Topology, Objects.Size.Options with { Monitoring = by })
            .Where(file => !file.Optional && file.Name is "monitoring.yaml" or "scrape-annotations.yaml" && !file.Optional)
            .Select(file => file.Name));

    /// <summary>
    /// Programs read their configuration when they start. Only the first start of a new cluster reads the scripts; three files change with
    /// a release only.
    /// </summary>
    [Fact]
    public void A_changed_ConfigMap_rolls_every_pod_that_mounts_it()
    {
        foreach (var (workload, template) in Objects.Pods.Where(pod => pod.Workload.StartsWith("StatefulSet", StringComparison.Ordinal)
            || pod.Workload.StartsWith("Deployment", StringComparison.Ordinal)))
        {
            var mounted =
                template.Spec.Volumes.SelectMany(
                    volume => volume.Projected?.Sources.Where(source => source.ConfigMap is { Optional: not true })
                        .Select(source => source.ConfigMap.Name) ?? [volume.ConfigMap?.Name!])
                .Where(name => name is not null and not KubernetesNames.InitScripts
                    && name != KubernetesNames.ConfigMap(ClusterNames.BackupServer));
            var text = string.Concat(mounted.SelectMany(name => Objects.One<V1ConfigMap>(name).Data)
                .Where(file => file.Key is not (WebConfig.FileName or PodContainers.Script)).Select(file => file.Value));
            Assert.Equal(text.Length == 0 ? null : Pods.Checksum(text), template.Metadata.Annotations?[KubernetesNames.ChecksumAnnotation]);
            Assert.True(text.Length > 0 || !workload.Contains(ClusterNames.TimescaleDb, StringComparison.Ordinal));
        }
    }

    private static string? Replacement(Map endpoint, string label) =>
        (string?)((object[])endpoint["relabelings"]).Cast<Map>().Single(rule => (string)rule["targetLabel"] == label)
            .GetValueOrDefault("replacement");

    private static string? ServerName(Map endpoint, string key, string name) =>
        endpoint.TryGetValue(key, out var tls) ? (string)((Map)tls)[name] : null;
}
