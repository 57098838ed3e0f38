namespace Analytics.Topology;

/// <summary>When backups run, where they lie and what is kept. Times are UTC.</summary>
public sealed record BackupPolicy
{
    /// <summary>Where backups and WAL are kept. Default a volume, which protects from a lost member and a mistake but not from a lost site.</summary>
    public BackupRepository Repository { get; init; } = new VolumeRepository();

    /// <summary>Cron expression of the full backup. Default daily at 02:00.</summary>
    public string FullSchedule { get; init; } = "0 2 * * *";

    /// <summary>Cron expression of the differential backup. Default every six hours, but for the one that the full backup is.</summary>
    public string DifferentialSchedule { get; init; } = "0 8,14,20 * * *";

    /// <summary>Cron expression of the check of every stored file against its checksum. Default nightly at 05:00.</summary>
    public string VerifySchedule { get; init; } = "0 5 * * *";

    /// <summary>Cron expression of the restore drill. Default Sundays at 06:30.</summary>
    public string DrillSchedule { get; init; } = "30 6 * * 0";

    /// <summary>Days whose last full backup is kept. Range 1 to 366.</summary>
    public int KeepDaily { get; init; } = 7;

    /// <summary>Weeks whose last full backup is kept. Range 0 to 520.</summary>
    public int KeepWeekly { get; init; } = 4;

    /// <summary>Months whose last full backup is kept. Range 0 to 240.</summary>
    public int KeepMonthly { get; init; } = 12;

    /// <summary>The oldest WAL that may be lost with the whole cluster: bounds archive_timeout. Range 30 s to 1 h, default 5 min.</summary>
    public TimeSpan RecoveryPointObjective { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>What the runner may use. A drill starts a PostgreSQL of its own in it.</summary>
    public Resources Runner { get; init; } = new(100, 2000, ByteSize.MiB(256), ByteSize.GiB(1));
}

/// <summary>Where pgBackRest keeps backups and WAL.</summary>
public abstract record BackupRepository
{
    private protected BackupRepository()
    {
    }
}

/// <summary>A volume that every database member and the runner mount; in Kubernetes a claim that several nodes may write to.</summary>
public sealed record VolumeRepository : BackupRepository
{
    /// <summary>Asked of the volume in Kubernetes. Default 20 GiB.</summary>
    public ByteSize Size { get; init; } = ByteSize.GiB(20);
}

/// <summary>
/// A bucket. <see cref="Bucket"/>, <see cref="Endpoint"/> and <see cref="Region"/> are all set, or all left to the installation of the
/// cluster (Secret <c>backup-s3</c>, made by deploy.sh). The keys are never part of a topology.
/// </summary>
public sealed record S3Repository : BackupRepository
{
    public string? Bucket { get; init; }

    /// <summary>Host name, and a port where it is not 443: <c>minio.example.org:9000</c>.</summary>
    public string? Endpoint { get; init; }

    /// <summary>Any text where the storage knows no regions.</summary>
    public string? Region { get; init; }

    /// <summary>The bucket is the first part of the path instead of the host name: MinIO and most others. Default false, as AWS wants it.</summary>
    public bool PathStyle { get; init; }

    /// <summary>PEM of the authority that signed the storage's certificate; null: one that the image's system trusts.</summary>
    public string? CaCertificate { get; init; }

    /// <summary>
    /// Whether a cluster may start without a bucket, where that is left to the install: it then archives nothing, has no backups, and
    /// every backup job fails and says so. Default true; false for trying Hub out.
    /// </summary>
    public bool Required { get; init; } = true;

    /// <summary>Where in the bucket; several hubs may share one. Default <c>/hub</c>.</summary>
    public string Path { get; init; } = "/hub";

    /// <summary>The port of <see cref="Endpoint"/>, 443 unless it names one.</summary>
    public int Port => Endpoint?.LastIndexOf(':') is int at and > 0 && int.TryParse(Endpoint.AsSpan(at + 1), System.Globalization.CultureInfo.InvariantCulture, out var port) ? port : 443;
}
