using k8s;
using k8s.Models;

namespace Analytics.Topology.Kubernetes;

/// <summary>Everything that Kubernetes is given, file by file, in the order in which it is applied.</summary>
public static class KubernetesManifests
{
    public static IReadOnlyList<ManifestFile> For(ClusterTopology topology, KubernetesOptions options)
    {
        ArgumentNullException.ThrowIfNull(topology);
        ArgumentNullException.ThrowIfNull(options);
        var context = new ManifestContext(topology, options);
        var files = Workloads(context).ToList();
        IReadOnlyList<IKubernetesObject<V1ObjectMeta>> all = [.. files.SelectMany(file => file.Objects)];
        files.Insert(0, File("namespace.yaml", "The namespace under Pod Security restricted, its quota at the largest scale, and one identity for each component.",
            [Namespaces.Namespace(context), Quotas.Quota(context, all), Quotas.Limits(context, all), .. Namespaces.ServiceAccounts(context)]));
        return [.. files.Where(file => file.Objects.Count > 0), .. Variants(context)];
    }

    private static IEnumerable<ManifestFile> Workloads(ManifestContext context)
    {
        var (database, etcd, gateway, ingest) = (context.Topology.Database, context.Topology.Etcd, context.Topology.Gateway, context.Topology.Ingest);
        yield return File("storageclass.yaml", "Storage classes for data, WAL and backups.", [.. StorageClasses.All(context)]);
        yield return File("priorityclass.yaml", "Which pods a full node evicts first.", [.. PriorityClasses.All(context)]);
        yield return File("configmap.yaml", "Configuration of the gateway and the exporters.", [.. ConfigMaps.Gateway(context)]);
        yield return File("init-scripts-configmap.yaml", "Scripts of the first leader of a new cluster, and the hook of a stopping pod.", [ConfigMaps.Scripts(context)]);
        yield return File("network-policy.yaml", "Denies every connection that the architecture does not need.", [.. NetworkPolicies.All(context)]);
        yield return File("patroni-config.yaml", "Patroni's configuration (with PostgreSQL's), etcd, and the job that turns on etcd's authentication.",
        [
            ConfigMaps.Patroni(context), Services.Etcd(context), EtcdStatefulSet.StatefulSet(context),
            .. Present(Deployments.Budget(context, ClusterNames.Etcd, etcd.Members)), Jobs.EtcdAuth(context),
        ]);
        yield return File("services.yaml", "Where to connect: read-write, read-only, any member; member names; metrics.", [.. Services.Database(context)]);
        yield return File("statefulset.yaml", "The database members.",
            [.. Present(BackupJobs.Repository(context)), DatabaseStatefulSet.StatefulSet(context), .. Present(Deployments.Budget(context, ClusterNames.TimescaleDb, database.Members, stay: database.Members - 1))]);
        yield return File("pgbouncer.yaml", "The gateway: PgBouncer and HAProxy in one pod.",
        [
            Services.PgBouncer(context), GatewayDeployment.Deployment(context),
            .. Present(Deployments.Autoscaler(context, KubernetesNames.Gateway, gateway.MinReplicas, gateway.MaxReplicas)),
            .. Present(Deployments.Budget(context, KubernetesNames.Gateway, gateway.MinReplicas)),
        ]);
        yield return File("migrations-job.yaml", "Updates the schema; named after what it runs.", [Jobs.Migrations(context)]);
        yield return File("ingest.yaml", "The ingest and query API.",
        [
            Services.Ingest(context), IngestDeployment.Deployment(context),
            .. Present(Deployments.Autoscaler(context, ClusterNames.Ingest, ingest.MinReplicas, ingest.MaxReplicas)),
            .. Present(Deployments.Budget(context, ClusterNames.Ingest, ingest.MinReplicas)),
        ]);
        yield return File("backup-cronjob.yaml", "Backups (pgBackRest): full, differential, their verification, a restore drill; snapshots of etcd.",
            [.. BackupJobs.All(context), EtcdSnapshots.Volume(context), EtcdSnapshots.First(context), EtcdSnapshots.CronJob(context)]);
        yield return File("monitoring.yaml", "Scrape targets and alert rules; needs prometheus-operator's definitions in the cluster.",
            [.. Monitors.Targets(context), Monitors.Rules(context), Monitors.Alertmanager(context)], optional: context.Options.Monitoring != MonitoringBy.Operator);
        yield return File("scrape-annotations.yaml", "The same for a Prometheus without the operator: annotated Services, and its scrape jobs and rules as a ConfigMap.",
            [.. ScrapeAnnotations.All(context)], optional: context.Options.Monitoring != MonitoringBy.Annotations);
        yield return File("grafana-dashboards.yaml", "Dashboards for the sidecar of a Grafana that watches this namespace.", [.. GrafanaDashboards.All(context)]);
    }

    /// <summary>What the cluster or the operator chooses.</summary>
    private static IEnumerable<ManifestFile> Variants(ManifestContext context) =>
    [
        File("secrets.yaml", "The Secrets that the pods mount, without values; deploy.sh creates them. Applying this file changes no existing value.",
            [.. SecretTemplates.All(context)], optional: true),
        File("external-service.yaml", "SQL from outside the cluster. Replace the address ranges in both objects first.",
            [Services.External(context), NetworkPolicies.External(context)], optional: true),
        File("ingress.yaml", "Access from outside. Set the host name, create Secret ingest-public-tls, label the controller's namespace "
            + $"{KubernetesNames.TelemetryLabel}=true.", [Ingresses.Ingest(context)], optional: true),
        File("openshift-scc.yaml", "OpenShift: the service accounts may use the security context constraint nonroot-v2.", [OpenShift.Binding(context)], optional: true),
        File("cert-manager.yaml", "Certificates by cert-manager instead of deploy.sh.", [.. CertManager.All(context)], optional: true),
    ];

    private static ManifestFile File(string name, string purpose, IReadOnlyList<IKubernetesObject<V1ObjectMeta>> objects, bool optional = false) =>
        new(name, purpose, objects, optional);

    private static IEnumerable<T> Present<T>(T? item)
        where T : class => item is null ? [] : [item];
}
