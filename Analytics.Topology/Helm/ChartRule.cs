using Analytics.Topology.Containers;
using static Analytics.Topology.Kubernetes.KubernetesNames;

namespace Analytics.Topology.Helm;

/// <summary>A place in the plain manifests that the chart takes from its values.</summary>
/// <param name="Kind">Kind of the object.</param>
/// <param name="Name">Its name; "*" for every object of the kind.</param>
/// <param name="Path">Keys joined by dots; <c>[x]</c> is the list item named x, <c>[*]</c> each item.</param>
/// <param name="Value">Where the value lies below <c>.Values</c>.</param>
/// <param name="Optional">Left out when the value is empty, "" or 0.</param>
internal sealed record ChartRule(string Kind, string Name, string Path, string Value, bool Optional = false)
{
    private const string Pod = "spec.template.spec";
    private const string CronPod = "spec.jobTemplate.spec.template.spec";

    /// <summary>
    /// What an operator changes at install, and what a size changes. Not the number of members: it is in every configuration file.
    /// </summary>
    public static IReadOnlyList<ChartRule> All { get; } =
    [
        .. new[] { "StatefulSet", "Deployment",
            "Job" }.Select(kind => new ChartRule(kind, "*", $"{Pod}.containers[*].imagePullPolicy", "images.pullPolicy")),
        new("Job", "*", $"{Pod}.initContainers[*].imagePullPolicy", "images.pullPolicy"),
        new("CronJob", "*", $"{CronPod}.containers[*].imagePullPolicy", "images.pullPolicy"),
        new("CronJob", "*", $"{CronPod}.initContainers[*].imagePullPolicy", "images.pullPolicy"),
        new("ResourceQuota", "*", "spec.hard", "quota"),
        new("LimitRange", "*", "spec.limits", "limits"),

        .. new[] { DataVolume, WalVolume, BackupVolume }.SelectMany(StorageRules),
        new("StatefulSet", ClusterNames.Etcd, $"spec.volumeClaimTemplates[{DataVolume}].spec.resources.requests.storage", "etcd.volume"),
        new("StatefulSet", ClusterNames.Etcd, $"spec.volumeClaimTemplates[{DataVolume}].spec.storageClassName",
            $"storage.{WalVolume}.className", Optional: true),
        new("PersistentVolumeClaim", EtcdSnapshot, "spec.resources.requests.storage", "etcd.volume"),
        new("PersistentVolumeClaim", EtcdSnapshot, "spec.storageClassName", $"storage.{BackupVolume}.className", Optional: true),

        new("ConfigMap", PatroniConfigMap, "data.patroni.yml", "config.patroni"),
        new("ConfigMap", "haproxy-config", "data.haproxy.cfg", "config.haproxy"),
        new("ConfigMap", "postgres-exporter-config", "data.queries.yaml", "config.exporterQueries"),
        new("ConfigMap", "pgbouncer-config", "data.pgbouncer.ini", "config.pgbouncer"),
        new("ConfigMap", "pgbackrest-config", "data.pgbackrest.conf", "config.pgbackrest"),
        new("ConfigMap", "backup-config", "data.pgbackrest.conf", "config.backup"),

        new("StatefulSet", ClusterNames.TimescaleDb, $"{Pod}.affinity", "database.affinity"),
        new("StatefulSet", ClusterNames.TimescaleDb, $"{Pod}.containers[{ClusterNames.TimescaleDb}].resources", "database.resources"),
        new("StatefulSet", ClusterNames.TimescaleDb, $"{Pod}.volumes[dev-shm].emptyDir.sizeLimit", "database.sharedMemory"),
        new("StatefulSet", ClusterNames.Etcd, $"{Pod}.affinity", "etcd.affinity"),
        new("StatefulSet", ClusterNames.Etcd, $"{Pod}.containers[{ClusterNames.Etcd}].resources", "etcd.resources"),
        new("Deployment", Gateway, $"{Pod}.containers[{ClusterNames.HaProxy}].resources", "gateway.haproxy.resources"),
        new("Deployment", Gateway, $"{Pod}.containers[{ClusterNames.PgBouncer}].resources", "gateway.pgbouncer.resources"),
        new("Deployment", ClusterNames.Ingest, $"{Pod}.containers[{ClusterNames.Ingest}].resources", "ingest.resources"),
        .. new[] { Gateway, ClusterNames.Ingest }.SelectMany(ScaleRules),

        new("StatefulSet", ClusterNames.TimescaleDb,
            $"{Pod}.containers[{ClusterNames.TimescaleDb}].env[{BackupContainers.RequiredVariable}].value", "backup.required"),
        .. new[] { "full", "diff", "verify", "drill" }.SelectMany(BackupRules),
        new("CronJob", "backup-drill", $"{CronPod}.volumes[scratch].ephemeral.volumeClaimTemplate.spec.resources.requests.storage",
            "backup.drillVolume"),
        new("CronJob", "backup-drill", $"{CronPod}.volumes[scratch].ephemeral.volumeClaimTemplate.spec.storageClassName",
            $"storage.{ScratchVolume}.className", Optional: true),
        .. ClassRules(ScratchVolume),

        new("ServiceMonitor", "*", "spec.endpoints[*].interval", "monitoring.interval"),
        new("PodMonitor", "*", "spec.podMetricsEndpoints[*].interval", "monitoring.interval"),
        .. new[] { "ServiceMonitor", "PodMonitor",
            "PrometheusRule" }.Select(kind => new ChartRule(kind, "*", $"metadata.labels.{Kubernetes.Monitors.ReleaseLabel}",
                "monitoring.release")),
        new("Ingress", "*", "spec.ingressClassName", "ingress.className", Optional: true),
        new("Service", ExternalService, "spec.loadBalancerSourceRanges", "external.sourceRanges"),
    ];

    /// <summary>Objects that a value turns on; file names where it is all of a file.</summary>
    public static IReadOnlyList<(string What, string Value)> Switches { get; } =
    [
        ("Namespace/*", "createNamespace"),
        ("StorageClass/*", "storage.create"),
        ("PriorityClass/*", "priorityClasses.create"),
        ($"HorizontalPodAutoscaler/{Gateway}", "gateway.autoscaling.enabled"),
        ($"HorizontalPodAutoscaler/{ClusterNames.Ingest}", "ingest.autoscaling.enabled"),
        ($"PodDisruptionBudget/{Gateway}", "gateway.disruptionBudget"),
        ($"PodDisruptionBudget/{ClusterNames.Ingest}", "ingest.disruptionBudget"),
        ("monitoring.yaml", "monitoring.enabled"),
        ("scrape-annotations.yaml", "monitoring.annotations"),
        ("external-service.yaml", "external.enabled"),
        ("openshift-scc.yaml", "openshift.enabled"),
        ("cert-manager.yaml", "certManager.enabled"),
        ("ingress.yaml", "ingress.enabled"),
    ];

    private static IEnumerable<ChartRule> ClassRules(string volume) =>
    [
        new("StorageClass", $"*-{volume}", "provisioner", "storage.provisioner"),
        new("StorageClass", $"*-{volume}", "parameters", $"storage.{volume}.parameters", Optional: true),
    ];

    private static IEnumerable<ChartRule> StorageRules(string volume) =>
    [
        .. ClassRules(volume),
        new("StatefulSet", ClusterNames.TimescaleDb, $"spec.volumeClaimTemplates[{volume}].spec.resources.requests.storage",
            $"storage.{volume}.size"),
        new("StatefulSet", ClusterNames.TimescaleDb, $"spec.volumeClaimTemplates[{volume}].spec.storageClassName",
            $"storage.{volume}.className", Optional: true),
    ];

    private static IEnumerable<ChartRule> BackupRules(string verb) =>
    [
        new("CronJob", $"backup-{verb}", "spec.suspend", "backup.suspend"),
        new("CronJob", $"backup-{verb}", "spec.schedule", $"backup.schedules.{verb}"),
        new("CronJob", $"backup-{verb}", $"{CronPod}.containers[{ClusterNames.Backup}].resources", "backup.resources"),
    ];

    private static IEnumerable<ChartRule> ScaleRules(string component) =>
    [
        new("Deployment", component, "spec.replicas", $"{component}.replicas", Optional: true),
        new("HorizontalPodAutoscaler", component, "spec.minReplicas", $"{component}.autoscaling.minReplicas"),
        new("HorizontalPodAutoscaler", component, "spec.maxReplicas", $"{component}.autoscaling.maxReplicas"),
    ];
}
