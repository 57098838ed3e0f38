using static Analytics.Topology.Containers.ClusterContainers;

namespace Analytics.Topology.Containers;

/// <summary>Hub's own programs: the two set-up jobs and the ingest API.</summary>
internal static class ServiceContainers
{
    /// <summary>The name of the connection string that every program of Hub reads.</summary>
    internal const string Connection = "ConnectionStrings__analytics";

    /// <summary>The servers whose certificates ingest watches.</summary>
    internal const string WatchedCertificates = "Ingest__WatchedCertificates";

    public static IEnumerable<ContainerSpec> For(ClusterTopology topology)
    {
        yield return new ContainerSpec
        {
            Name = ClusterNames.EtcdAuth,
            Image = topology.Images.Migrations,
            Arguments = ["etcd-auth"],
            Environment = new Dictionary<string, SecretText>
            {
                ["ETCD_ENDPOINTS"] = SecretText.Join(",", topology.Etcd.Hosts.Select(host => Endpoint("https", host, Ports.EtcdClient))),
                ["ETCD_CA"] = File(Paths.CaFile),
                ["ETCD_CERT"] = File(Paths.CertFile),
                ["ETCD_KEY"] = File(Paths.KeyFile),
                ["ETCD_ROOT_PASSWORD"] = Secret(Secrets.EtcdRoot),
                ["PATRONI_ETCD3_PASSWORD"] = Secret(Secrets.EtcdPatroni),
            },
            Directories = [TlsFiles(ClusterNames.Migrations)],
            After = [.. topology.Etcd.Hosts],
            RunsOnce = true,
            ReadOnlyRoot = true,
            Scratch = ["/tmp"],
        };
        yield return new ContainerSpec
        {
            Name = ClusterNames.Migrations,
            Image = topology.Images.Migrations,
            Environment = new Dictionary<string, SecretText>
            {
                // Straight at the primary: the advisory lock belongs to a session, which the transaction pool does not keep.
                [Connection] = ConnectionString(ClusterNames.HaProxy, Ports.ReadWrite, Roles.Owner,
                    Secrets.Owner) + ";Pooling=false;Timeout=5",
            },
            Directories = [TlsFiles(ClusterNames.Migrations)],
            After = [ClusterNames.HaProxy],
            RunsOnce = true,
            ReadOnlyRoot = true,
            Scratch = ["/tmp"],
        };
        yield return new ContainerSpec
        {
            Name = ClusterNames.Ingest,
            Image = topology.Images.Ingest,
            Environment = new Dictionary<string, SecretText>
            {
                [Connection] = ConnectionString(ClusterNames.PgBouncer, Ports.PgBouncer, Roles.App, Secrets.App)
                    + ";No Reset On Close=true;Maximum Pool Size=20;Timeout=5;Keepalive=10;Application Name=ingest",
                ["DOTNET_gcServer"] = "0",
                [WatchedCertificates] = SecretText.Join(",", Watched(topology)),
                ["Ingest__CertificateAuthority"] = File(Paths.CaFile),
            },
            Directories = [TlsFiles(ClusterNames.Ingest, withKey: false)],
            Ports =
            [
                new PortMapping("otlp-grpc", Ports.OtlpGrpc, Ports.OtlpGrpc, "Ingest__OtlpGrpcPort"),
                new PortMapping("otlp-http", Ports.OtlpHttp, Ports.OtlpHttp, "Ingest__OtlpHttpPort"),
                new PortMapping("rest", Ports.Rest, Ports.Rest, "Ingest__RestPort"),
            ],
            After = [ClusterNames.PgBouncer],
            StopGracePeriod = TimeSpan.FromSeconds(45),
            MemoryLimit = topology.Ingest.Resources.MemoryLimit,
            ReadOnlyRoot = true,
            Scratch = ["/tmp"],
        };
    }

    /// <summary>One endpoint for each certificate; every member of the database and of etcd, since each reloads by itself.</summary>
    private static IEnumerable<SecretText> Watched(ClusterTopology topology) =>
    [
        Endpoint("postgres", ClusterNames.PgBouncer, Ports.PgBouncer),
        Endpoint("tls", ClusterNames.HaProxy, Ports.HaProxyMetrics),
        Endpoint("tls", ClusterNames.PgBouncerExporter, Ports.PgBouncerExporter),
        .. topology.Database.Hosts.Select(host => Endpoint("postgres", host, Ports.Postgres)),
        .. topology.Database.Hosts.Select(host => Endpoint("tls", host, Ports.Patroni)),
        .. topology.Etcd.Hosts.Select(host => Endpoint("tls", host, Ports.EtcdClient)),
    ];

    internal static SecretText ConnectionString(string host, int port, string role, string password) => SecretText.Of(
        $"Host={new HostPart(host, port)};Port={new PortPart(host, port)};Database={ClusterNames.Database};Username={role}")
        + $";Password={Secret(password)};SSL Mode=VerifyFull;Root Certificate=" + File(Paths.CaFile);

    private static SecretText Endpoint(string scheme, string host, int port) =>
        SecretText.Of($"{scheme}://{new HostPart(host, port)}:{new PortPart(host, port)}");

    private static SecretText File(string path) => SecretText.Of($"{new FilePart(path)}");
}
