using System.Globalization;
using Analytics.Topology.Config;
using static Analytics.Topology.Containers.ClusterContainers;

namespace Analytics.Topology.Containers;

/// <summary>The database members. All have the same files; name, addresses and passwords come from the environment.</summary>
public static class DatabaseContainers
{
    internal const string PatroniUser = "patroni";
    private const string StartScript = "start-database.sh";
    private static readonly string[] PatroniModules =
        ["bounded_connects.py", "certificate_watch.py", "dynamic_settings.py", "fresh_copies.py", "standby_names.py", "votes_without_sync.py"];
    private static readonly string[] WitnessScripts = ["lease_fences.py", "lease_witness.py"];

    public static IEnumerable<ContainerSpec> For(ClusterTopology topology)
    {
        ArgumentNullException.ThrowIfNull(topology);
        return topology.Database.Hosts.Select(host => new ContainerSpec
        {
            Name = host,
            Image = topology.Images.Database,

            // Bypasses the public image's entry point, which waits 65 s when it finds a stale postmaster.pid.
            Entrypoint = ["/bin/sh", $"{Paths.Config}/{StartScript}", Paths.Config],
            Environment = Environment(topology, host),
            Directories =
            [
                ConfigFiles(ClusterNames.TimescaleDb,
                [
                    (PatroniConfig.FileName, PatroniConfig.Render(topology)),
                    (PostgresBaseConfig.FileName, PostgresBaseConfig.Render(topology)),
                    ("01-init-database.sql", Templates.Read("01-init-database.sql")),
                    ("post-bootstrap.sh", Templates.Read("post-bootstrap.sh")),
                    (StartScript, Templates.Read(StartScript)),
                    ("start-patroni.py", Templates.Read("start-patroni.py")),
                    .. PatroniModules.Select(name => (name, Templates.Read(name))),
                    .. topology.Database.Timing.LeaseWitnesses ? WitnessScripts.Select(name => (name, Templates.Read(name))) : [],
                ]),
                TlsFiles(ClusterNames.TimescaleDb),
                BackupContainers.MemberFiles(topology),
            ],
            Volumes = [.. BackupContainers.MemberVolumes(host), new VolumeMount($"{host}-spool", Paths.BackupSpool), .. BackupContainers.RepositoryVolumes(topology)],
            Ports = [new PortMapping("postgres", Ports.Postgres), new PortMapping("patroni", Ports.Patroni)],
            Health = new HealthCheck(["pg_isready", "--quiet", "--host", Paths.SocketDirectory], TimeSpan.FromSeconds(10), Retries: 6,
                StartPeriod: TimeSpan.FromSeconds(60)),
            After = [.. topology.Etcd.Hosts],
            StopGracePeriod = TimeSpan.FromSeconds(60),
            MemoryLimit = topology.Database.Resources.MemoryLimit,
            SharedMemory = topology.Settings.SharedBuffers,
        });
    }

    private static Dictionary<string, SecretText> Environment(ClusterTopology topology, string host)
    {
        var environment = Everywhere(topology, host);
        if (topology.Backup.Repository is S3Repository { Bucket: null } bucket)
            environment[BackupContainers.RequiredVariable] = bucket.Required ? "true" : "false";
        // With two of them every member has every commit that was acknowledged.
        if (topology.Database.Members > 2)
            environment["HUB_MEMBERS"] = topology.Database.Members.ToString(CultureInfo.InvariantCulture);
        if (topology.Database.Timing.LeaseWitnesses)
            environment["HUB_LEASE_WITNESSES"] = topology.Database.Members.ToString(CultureInfo.InvariantCulture);
        return environment;
    }

    /// <summary>
    /// No PG* variables: libpq prefers PGPASSWORD to the password file that Patroni writes for pg_basebackup and pg_rewind.
    /// </summary>
    private static Dictionary<string, SecretText> Everywhere(ClusterTopology topology, string host) => new(BackupContainers.RepositoryAccess(topology))
    {
        ["PATRONI_NAME"] = host,

        // A member that is cut off looks up every etcd host before it steps down. The C library's default of 10 s for a lookup that nobody
        // answers kept one that was cut off from everything primary for 36 s, long after another led.
        ["RES_OPTIONS"] = "timeout:1 attempts:2",
        ["PATRONI_RESTAPI_CONNECT_ADDRESS"] = $"{host}:{Ports.Patroni}",
        ["PATRONI_POSTGRESQL_CONNECT_ADDRESS"] = $"{host}:{Ports.Postgres}",
        ["PATRONI_RESTAPI_USERNAME"] = PatroniUser,
        ["PATRONI_RESTAPI_PASSWORD"] = Secret(Secrets.Patroni),

        // Patroni reads etcd's user and password from the environment only when something else of etcd is there too.
        ["PATRONI_ETCD3_PROTOCOL"] = "https",
        ["PATRONI_ETCD3_USERNAME"] = PatroniUser,
        ["PATRONI_ETCD3_PASSWORD"] = Secret(Secrets.EtcdPatroni),

        // Patroni takes a password from the environment only together with its user name.
        ["PATRONI_SUPERUSER_USERNAME"] = Roles.Superuser,
        ["PATRONI_SUPERUSER_PASSWORD"] = Secret(Secrets.Superuser),
        ["PATRONI_REPLICATION_USERNAME"] = Roles.Replication,
        ["PATRONI_REPLICATION_PASSWORD"] = Secret(Secrets.Replication),
        ["PATRONI_REWIND_USERNAME"] = Roles.Rewind,
        ["PATRONI_REWIND_PASSWORD"] = Secret(Secrets.Rewind),
        ["PATRONICTL_CONFIG_FILE"] = Paths.Config,

        // Read by 01-init-database.sql on the first leader.
        ["LLM_OWNER_PASSWORD"] = Secret(Secrets.Owner),
        ["LLM_APP_PASSWORD"] = Secret(Secrets.App),
        ["LLM_READONLY_PASSWORD"] = Secret(Secrets.ReadOnly),
        ["MONITOR_PASSWORD"] = Secret(Secrets.Monitor),
        ["PGBOUNCER_PASSWORD"] = Secret(Secrets.PgBouncer),
    };
}
