namespace Analytics.Topology;

/// <summary>Every name, port and path that two components must agree on. Tests and users rely on them (docs/ARCHITECTURE.md).</summary>
public static class ClusterNames
{
    public const string Database = "llm_analytics";

    /// <summary>PgBouncer's alias of the same database on the replicas.</summary>
    public const string ReadOnlyDatabase = "llm_analytics_ro";

    public const string TimescaleDb = "timescaledb";
    public const string Etcd = "etcd";
    public const string EtcdAuth = "etcd-auth";
    public const string HaProxy = "haproxy";
    public const string PgBouncer = "pgbouncer";
    public const string Ingest = "ingest";
    public const string Migrations = "migrations";
    public const string Prometheus = "prometheus";
    public const string PostgresExporter = "postgres-exporter";
    public const string PgBouncerExporter = "pgbouncer-exporter";

    /// <summary>The program that takes, checks and removes backups. pgBackRest's servers require this common name of its certificate.</summary>
    public const string Backup = "backup";

    /// <summary>pgBackRest's server beside each database member: a container of its own, in Kubernetes of the member's pod.</summary>
    public const string BackupServer = "backup-server";

    /// <summary>The numeric user and group of every container: the public database image's <c>postgres</c>.</summary>
    public const int Uid = 1000;

    /// <summary>A setting of every database server: how many members its cluster has. A commit is on two where there are more than one.</summary>
    public const string MembersSetting = "hub.members";

    public static string Member(string component, int ordinal) => $"{component}-{ordinal}";
}

/// <summary>Database roles. <c>llm_*</c>, <c>monitor</c> and <c>pgbouncer</c> are made by 01-init-database.sql, the others by Patroni.</summary>
public static class Roles
{
    public const string Superuser = "postgres";
    public const string Replication = "replicator";
    public const string Rewind = "rewind";
    public const string Owner = "llm_owner";
    public const string App = "llm_app";
    public const string ReadOnly = "llm_readonly";
    public const string Monitor = "monitor";
    public const string PgBouncer = "pgbouncer";
}

/// <summary>TCP ports inside containers and pods; on a developer's machine the public ones are bound to 127.0.0.1 under the same numbers.</summary>
public static class Ports
{
    public const int Postgres = 5432;
    public const int Patroni = 8008;
    public const int EtcdClient = 2379;
    public const int EtcdPeer = 2380;
    public const int EtcdMetrics = 2381;
    public const int ReadWrite = 5000;
    public const int ReadOnly = 5001;
    public const int HaProxyMetrics = 8404;
    public const int PgBouncer = 6432;
    public const int OtlpGrpc = 4317;
    public const int OtlpHttp = 4318;
    public const int Rest = 8080;
    public const int Prometheus = 9090;
    public const int PostgresExporter = 9187;
    public const int PgBouncerExporter = 9127;
    public const int BackupServer = 8432;
}

/// <summary>Where configuration, certificates and data are mounted: the same in every image and on every host.</summary>
public static class Paths
{
    public const string Config = "/etc/hub/config";
    public const string Tls = "/etc/hub/tls";
    public const string CaFile = Tls + "/ca.crt";
    public const string CertFile = Tls + "/tls.crt";
    public const string KeyFile = Tls + "/tls.key";

    /// <summary>The data volume. PGDATA is a directory below it because Patroni renames PGDATA inside its parent.</summary>
    public const string PgVolume = "/home/postgres/pgdata";
    public const string PgData = PgVolume + "/data";

    /// <summary>
    /// The WAL volume, where there is one; otherwise a directory of the data volume. It lies below the data volume so that one
    /// patroni.yml serves both: initdb and pg_basebackup make the directory when nothing is mounted.
    /// </summary>
    public const string WalVolume = PgVolume + "/wal";
    public const string WalDirectory = WalVolume + "/pg_wal";
    public const string SocketDirectory = "/var/run/postgresql";

    /// <summary>pgbackrest.conf. Not below <see cref="Config"/>: Patroni reads every YAML file there.</summary>
    public const string BackupConfig = "/etc/hub/backup";

    /// <summary>What pgBackRest has archived and not yet told PostgreSQL. Losing it loses nothing: WAL is pushed again.</summary>
    public const string BackupSpool = "/var/spool/pgbackrest";

    /// <summary>A repository on a volume: pgBackRest's own default.</summary>
    public const string BackupRepository = "/var/lib/pgbackrest";

    /// <summary>Where a restore drill unpacks its scratch instance.</summary>
    public const string BackupScratch = "/var/lib/hub-backup";
    public const string EtcdData = "/var/lib/etcd";
    public const string PrometheusData = "/var/lib/prometheus";
}

/// <summary>Names of the generated secrets: variables of <c>.hub/secrets.env</c>, keys of the Kubernetes Secret, parameters of the AppHost.</summary>
public static class Secrets
{
    public const string Superuser = "SUPERUSER_PASSWORD";
    public const string Replication = "REPLICATION_PASSWORD";
    public const string Rewind = "REWIND_PASSWORD";
    public const string Owner = "OWNER_PASSWORD";
    public const string App = "APP_PASSWORD";
    public const string ReadOnly = "READONLY_PASSWORD";
    public const string Monitor = "MONITOR_PASSWORD";
    public const string PgBouncer = "PGBOUNCER_PASSWORD";
    public const string Patroni = "PATRONI_PASSWORD";
    public const string EtcdRoot = "ETCD_ROOT_PASSWORD";
    public const string EtcdPatroni = "ETCD_PATRONI_PASSWORD";

    /// <summary>Encrypts the backup repository. Without it no backup can be read: keep a copy outside the cluster.</summary>
    public const string BackupCipher = "BACKUP_CIPHER_PASS";

    public const string S3Bucket = "BACKUP_S3_BUCKET";
    public const string S3Endpoint = "BACKUP_S3_ENDPOINT";
    public const string S3Region = "BACKUP_S3_REGION";
    public const string S3Key = "BACKUP_S3_KEY";
    public const string S3KeySecret = "BACKUP_S3_KEY_SECRET";

    /// <summary>Made by Hub when a cluster is installed.</summary>
    public static IReadOnlyList<string> All { get; } =
    [
        Superuser, Replication, Rewind, Owner, App, ReadOnly, Monitor, PgBouncer, Patroni, EtcdRoot, EtcdPatroni, BackupCipher,
    ];

    /// <summary>Set at the installation of a cluster whose backups are in object storage; they cannot be generated.</summary>
    public static IReadOnlyList<string> Given { get; } = [S3Bucket, S3Endpoint, S3Region, S3Key, S3KeySecret];
}
