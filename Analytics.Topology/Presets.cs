namespace Analytics.Topology;

/// <summary>Named clusters. A host starts from one of them and changes what it must with <see cref="ClusterTopology.With"/>.</summary>
public static class Presets
{
    /// <summary>A developer's machine and CI: the full shape, small (about 2 GB of memory when idle), local images.</summary>
    public static ClusterTopology Development { get; } = new(new ClusterDefinition
    {
        Name = "hub",
        Images = Images.Local,
        Database = new DatabaseTier
        {
            Members = 3,
            Resources = new Resources(100, 2000, ByteSize.MiB(256), ByteSize.GiB(1)),
            Disk = DiskKind.Ssd,
            DataVolume = ByteSize.GiB(10),
            WalVolume = ByteSize.GiB(2),
            BackupVolume = ByteSize.GiB(10),
            MaxConnections = 100,
        },
        Etcd = new EtcdTier
        {
            Members = 3,
            Resources = new Resources(50, 1000, ByteSize.MiB(64), ByteSize.MiB(512)),
            Volume = ByteSize.GiB(1),
            QuotaBackend = ByteSize.MiB(256)
        },
        Gateway = new GatewayTier
        {
            MinReplicas = 1,
            MaxReplicas = 1,
            Resources = new Resources(50, 1000, ByteSize.MiB(64), ByteSize.MiB(512)),
            ServerConnections = 50,
        },
        Ingest = new IngestTier
        {
            MinReplicas = 1,
            MaxReplicas = 1,
            Resources = new Resources(100, 2000, ByteSize.MiB(128), ByteSize.MiB(768))
        },
        Monitoring = new MonitoringPolicy { ScrapeInterval = TimeSpan.FromSeconds(10), Retention = TimeSpan.FromDays(3) },
    });

    /// <summary>One of each: no failover, no synchronous replication; for small laptops.</summary>
    public static ClusterTopology DevelopmentSingle { get; } = Development.With(cluster => cluster with
    {
        Database = cluster.Database with { Members = 1 },
        Etcd = cluster.Etcd with { Members = 1 },
    });

    /// <summary>The least that production should have: the seed's "Minimum" (15 cores, 54 GB over three nodes).</summary>
    public static ClusterTopology Minimum { get; } = Production(
        database: new Resources(4000, 4000, ByteSize.GiB(16), ByteSize.GiB(16)),
        etcd: new Resources(500, 1000, ByteSize.GiB(1), ByteSize.GiB(1)),
        gateway: new Resources(500, 1000, ByteSize.MiB(512), ByteSize.GiB(1)));

    /// <summary>The seed's "Recommended": 8 cores and 32 GB for each database member.</summary>
    public static ClusterTopology Recommended { get; } = Production(
        database: new Resources(4000, 8000, ByteSize.GiB(16), ByteSize.GiB(32)),
        etcd: new Resources(500, 1000, ByteSize.GiB(1), ByteSize.GiB(2)),
        gateway: new Resources(500, 2000, ByteSize.MiB(512), ByteSize.GiB(2)));

    private static ClusterTopology Production(Resources database, Resources etcd, Resources gateway) => new(new ClusterDefinition
    {
        Name = "hub",
        Images = Images.Public,
        Database = new DatabaseTier
        {
            Members = 3,
            Resources = database,
            Disk = DiskKind.Ssd,
            DataVolume = ByteSize.GiB(500),
            WalVolume = ByteSize.GiB(50),
            BackupVolume = ByteSize.GiB(200),
            MaxConnections = 200,
        },
        Etcd = new EtcdTier { Members = 3, Resources = etcd, Volume = ByteSize.GiB(10) },
        Gateway = new GatewayTier { MinReplicas = 3, MaxReplicas = 10, Resources = gateway },
        Backup = new BackupPolicy
        {
            Repository = new S3Repository(),
            Runner = new Resources(500, 4000, ByteSize.GiB(1), ByteSize.GiB(4)),
        },
        Ingest = new IngestTier
        {
            MinReplicas = 2,
            MaxReplicas = 10,
            Resources = new Resources(500, 2000, ByteSize.MiB(512), ByteSize.GiB(1))
        },
    });
}
