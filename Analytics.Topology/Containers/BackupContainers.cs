using System.Globalization;
using Analytics.Topology.Config;
using static Analytics.Topology.Containers.ClusterContainers;

namespace Analytics.Topology.Containers;

/// <summary>
/// pgBackRest: in each member (WAL to the repository, replicas out of it), as a server beside each member, and in the runner that takes
/// the backups through those servers. The repository itself is reached by members and runner alike.
/// </summary>
public static class BackupContainers
{
    private const string RepositoryVolume = "backup-repository";
    private const string ScratchVolume = "backup-scratch";

    /// <summary>
    /// An eighth of what every other container gets while they compete: a backup reads, compresses and encrypts the whole database, and
    /// whoever sends calls must not notice. On an idle machine it still takes all there is.
    /// </summary>
    private const int CpuShares = 128;

    /// <summary>The server that lets the runner read a member's files. It never writes to them.</summary>
    internal static IEnumerable<ContainerSpec> Servers(ClusterTopology topology) =>
        topology.Database.Hosts.Select((host, i) => new ContainerSpec
        {
            Name = ClusterNames.Member(ClusterNames.BackupServer, i + 1),

            // pgBackRest speaks only to its own version.
            Image = topology.Images.Database,
            Entrypoint = ["pgbackrest", "server"],
            Environment = new Dictionary<string, SecretText>
            {
                [PgBackRestConfig.FileVariable] = PgBackRestConfig.FilePath,

                // The processes it starts for the runner speak to PostgreSQL over its socket.
                ["PGPASSWORD"] = Secret(Secrets.Superuser),
            },
            Directories = [new MountedDirectory($"config/{ClusterNames.BackupServer}", Paths.BackupConfig,
            [new MountedFile(PgBackRestConfig.FileName, PgBackRestConfig.RenderServer(topology))]), TlsFiles(ClusterNames.TimescaleDb)],
            Volumes = [.. MemberVolumes(host).Select(volume => volume with { ReadOnly = true })],
            Ports = [new PortMapping("backup", Ports.BackupServer)],
            Health = new HealthCheck(["pgbackrest", "server-ping"], TimeSpan.FromSeconds(30), Retries: 3,
            StartPeriod: TimeSpan.FromSeconds(30)),
            After = [host],
            MemoryLimit = ByteSize.MiB(256),
            CpuShares = CpuShares,
            ReadOnlyRoot = true,
            Scratch = ["/tmp"],
        });

    /// <summary>
    /// Hub's runner (verbs <c>full</c>, <c>diff</c>, <c>retain</c>, <c>verify</c>, <c>drill</c>, <c>list</c>, <c>check</c>, <c>plan</c>,
    /// <c>scratch</c>, <c>abandon</c>): on demand here, on its schedule in Kubernetes. Its exit code is the truth.
    /// </summary>
    internal static ContainerSpec Runner(ClusterTopology topology)
    {
        var policy = topology.Backup;
        var environment = new Dictionary<string, SecretText>(RepositoryAccess(topology))
        {
            ["HUB_BACKUP_KEEP_DAILY"] = Text(policy.KeepDaily),
            ["HUB_BACKUP_KEEP_WEEKLY"] = Text(policy.KeepWeekly),
            ["HUB_BACKUP_KEEP_MONTHLY"] = Text(policy.KeepMonthly),
            ["HUB_BACKUP_SCRATCH"] = Paths.BackupScratch,
            ["ConnectionStrings__Database"] = ServiceContainers.ConnectionString(ClusterNames.HaProxy, Ports.ReadWrite, Roles.App,
                Secrets.App) + ";Pooling=false;Timeout=10",
        };
        if (topology.Database.Members > 1)
            environment["ConnectionStrings__Standbys"] = ServiceContainers.ConnectionString(ClusterNames.HaProxy, Ports.ReadOnly, Roles.App,
                Secrets.App) + ";Pooling=false;Timeout=10";
        for (var member = 1; member <= topology.Database.Members; member++)
            environment[PgBackRestConfig.HostVariable(member)] = ClusterNames.Member(ClusterNames.BackupServer, member);
        return new ContainerSpec
        {
            Name = ClusterNames.Backup,
            Image = topology.Images.Backup,
            Arguments = ["list"],
            Environment = environment,
            Directories = [Files(topology, ClusterNames.Backup, PgBackRestConfig.RenderRunner(topology)), TlsFiles(ClusterNames.Backup)],
            Volumes = [.. RepositoryVolumes(topology), new VolumeMount(ScratchVolume, Paths.BackupScratch)],
            RunsOnce = true,
            OnDemand = true,
            StopGracePeriod = TimeSpan.FromSeconds(60),
            MemoryLimit = policy.Runner.MemoryLimit,
            CpuShares = CpuShares,
            SharedMemory = ByteSize.MiB(256),
            ReadOnlyRoot = true,
            Scratch = ["/tmp"],
        };
    }

    internal static MountedDirectory MemberFiles(ClusterTopology topology) =>
        Files(topology, "pgbackrest", PgBackRestConfig.RenderMember(topology));

    /// <summary>A member's data, and its socket: what it shares with the server beside it.</summary>
    internal static IReadOnlyList<VolumeMount> MemberVolumes(string host) =>
        [new VolumeMount(host, Paths.PgVolume), new VolumeMount($"{host}-run", Paths.SocketDirectory)];

    internal static IEnumerable<VolumeMount> RepositoryVolumes(ClusterTopology topology) =>
        topology.Backup.Repository is VolumeRepository ? [new VolumeMount(RepositoryVolume, Paths.BackupRepository)] : [];

    /// <summary>
    /// For members whose bucket is named at install: whether they may start without one. With <see cref="OptionalArchiveCommand"/> and
    /// post-bootstrap.sh it decides what a missing bucket means.
    /// </summary>
    internal const string RequiredVariable = "HUB_BACKUP_REQUIRED";

    private const string BucketVariable = "PGBACKREST_REPO1_S3_BUCKET";

    /// <summary>Archives nothing where no bucket is named and none is required; everything else fails until the WAL is safe.</summary>
    internal static string OptionalArchiveCommand(string archive) => $"[ \"${RequiredVariable}${BucketVariable}\" = false ] || {archive}";

    /// <summary>Finds nothing where no bucket is named, instead of an error every few seconds in the log of each standby.</summary>
    internal static string OptionalRestoreCommand(string restore) => $"[ \"${RequiredVariable}${BucketVariable}\" != false ] && {restore}";

    /// <summary>Whether a cluster may start, and stay, without a bucket.</summary>
    internal static bool BucketIsOptional(ClusterTopology topology) =>
        topology.Backup.Repository is S3Repository { Bucket: null, Required: false };

    /// <summary>Variables that pgBackRest reads: where the repository is, where the file does not say it, and what opens it.</summary>
    internal static Dictionary<string, SecretText> RepositoryAccess(ClusterTopology topology)
    {
        var variables = new Dictionary<string, SecretText>
        {
            [PgBackRestConfig.FileVariable] = PgBackRestConfig.FilePath,
            ["PGBACKREST_REPO1_CIPHER_PASS"] = Secret(Secrets.BackupCipher),
            ["HUB_BACKUP_STANZA"] = topology.Stanza,
        };
        if (topology.Backup.Repository is not S3Repository s3)
            return variables;
        if (s3.Bucket is null)
        {
            variables[BucketVariable] = Secret(Secrets.S3Bucket);
            variables["PGBACKREST_REPO1_S3_ENDPOINT"] = Secret(Secrets.S3Endpoint);
            variables["PGBACKREST_REPO1_S3_REGION"] = Secret(Secrets.S3Region);
        }

        variables["PGBACKREST_REPO1_S3_KEY"] = Secret(Secrets.S3Key);
        variables["PGBACKREST_REPO1_S3_KEY_SECRET"] = Secret(Secrets.S3KeySecret);
        return variables;
    }

    private static MountedDirectory Files(ClusterTopology topology, string name, string configuration) =>
        new($"config/{name}", Paths.BackupConfig,
    [
        new MountedFile(PgBackRestConfig.FileName, configuration),
        .. topology.Backup.Repository is S3Repository { CaCertificate: { } authority }
            ? [new MountedFile(PgBackRestConfig.AuthorityFileName, authority)] : Array.Empty<MountedFile>(),
    ]);

    private static string Text(int value) => value.ToString(CultureInfo.InvariantCulture);
}
