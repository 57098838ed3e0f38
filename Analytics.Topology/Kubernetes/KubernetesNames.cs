namespace Analytics.Topology.Kubernetes;

/// <summary>Names that exist only in Kubernetes; what other hosts have too is in <see cref="ClusterNames"/>.</summary>
public static class KubernetesNames
{
    /// <summary>HAProxy and PgBouncer in one pod.</summary>
    public const string Gateway = "gateway";
    public const string EtcdSnapshot = "etcd-snapshot";

    public const string PrimaryService = "timescaledb-primary";
    public const string ReplicaService = "timescaledb-replica";
    public const string AnyService = "timescaledb-any";
    public const string ExternalService = "timescaledb-external";
    public const string MetricsService = "timescaledb-metrics";

    /// <summary>The Secret whose keys are <see cref="Secrets.All"/>.</summary>
    public const string Credentials = "timescaledb-credentials";
    public const string UserList = "pgbouncer-userlist";
    public const string PatroniConfigMap = "patroni-config";
    public const string InitScripts = "timescaledb-init-scripts";

    public const string DataVolume = "data";
    public const string WalVolume = "wal";
    public const string BackupVolume = "backup";

    /// <summary>What a restore drill restores to: the one kind of volume that goes with its claim.</summary>
    public const string ScratchVolume = "scratch";

    /// <summary>The claim that holds the repository, where that is a volume.</summary>
    public const string BackupRepositoryClaim = "backup-repository";

    /// <summary>The Secret with place and keys of the object storage, under pgBackRest's own names of its settings.</summary>
    public const string BackupStorage = "backup-s3";

    /// <summary>A ConfigMap that is there only while the cluster is restored; its restore.yml then lies beside patroni.yml.</summary>
    public const string PatroniRestore = "patroni-restore";
    public const string SnapshotPath = "/snapshots";

    /// <summary>Pods of any namespace (or whole namespaces) with this label may send telemetry to ingest.</summary>
    public const string TelemetryLabel = "analytics-hub/telemetry";

    /// <summary>Pods of any namespace (or whole namespaces) with this label may connect to the database services and to
    /// PgBouncer.</summary>
    public const string SqlLabel = "analytics-hub/sql";

    /// <summary>On each Secret of the template: the keys that it must get.</summary>
    public const string KeysAnnotation = "analytics-hub/keys";

    /// <summary>On each pod template: changes with the mounted configuration, so that a changed one rolls the pods.</summary>
    public const string ChecksumAnnotation = "checksum/config";

    /// <summary>Where Prometheus runs: kube-prometheus-stack's usual namespace.</summary>
    public const string MonitoringNamespace = "monitoring";

    public static string ConfigMap(string component) => $"{component}-config";

    public static string Tls(string component) => $"{component}-tls";
}

/// <summary>Names of container ports: Services, monitors, probes and network policies refer to these, never to numbers.</summary>
public static class PortNames
{
    public const string Postgres = "postgres";
    public const string Patroni = "patroni";
    public const string PostgresMetrics = "pg-metrics";
    public const string Backup = "backup";
    public const string EtcdClient = "client";
    public const string EtcdPeer = "peer";
    public const string EtcdMetrics = "metrics";
    public const string ReadWrite = "read-write";
    public const string ReadOnly = "read-only";
    public const string Pooled = "pooled";
    public const string HaProxyMetrics = "haproxy-metrics";
    public const string PgBouncerMetrics = "pool-metrics";
    public const string OtlpGrpc = "otlp-grpc";
    public const string OtlpHttp = "otlp-http";
    public const string Rest = "rest";
}
