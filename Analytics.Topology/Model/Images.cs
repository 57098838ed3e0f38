using System.Security.Cryptography;
using System.Text;

namespace Analytics.Topology;

/// <summary>
/// The images of one topology. Configuration never depends on which set is used: commands are bare names, paths are mounted,
/// the user is numeric.
/// </summary>
public sealed record Images
{
    public required string Database { get; init; }
    public required string Etcd { get; init; }
    public required string HaProxy { get; init; }
    public required string PgBouncer { get; init; }
    public required string PostgresExporter { get; init; }
    public required string PgBouncerExporter { get; init; }
    public required string Prometheus { get; init; }
    public required string Ingest { get; init; }
    public required string Migrations { get; init; }

    /// <summary>The backup runner: the database image (pgBackRest must be the same version on both ends) and Hub's program.</summary>
    public required string Backup { get; init; }

    /// <summary>The environment variable that points every host and every test at another database image.</summary>
    public const string DatabaseVariable = "HUB_DATABASE_IMAGE";

    /// <summary>
    /// Stands for the registry that an operator's own images are in, until one is named. No name below <c>.invalid</c> is ever found (RFC
    /// 2606), so nothing of a stranger's can be pulled in its place.
    /// </summary>
    public const string NoRegistry = "registry.invalid/hub";

    /// <summary>Of images that are built and kept on this machine.</summary>
    private const string LocalTag = ":local";

    /// <summary>
    /// Public images, the default of published manifests; Hub's own are in no public registry. The database is the Community edition; its
    /// tags are rebuilt weekly, so an operator pins the digest at install. Where each comes from: docs/VERSIONS.md.
    /// </summary>
    public static Images Public { get; } = new()
    {
        Database = "timescale/timescaledb-ha:pg17.11-ts2.30.2",
        Etcd = "quay.io/coreos/etcd:v3.5.34",
        HaProxy = "haproxy:3.0.28",
        PgBouncer = "ghcr.io/cloudnative-pg/pgbouncer:1.26.0",
        PostgresExporter = "quay.io/prometheuscommunity/postgres-exporter:v0.17.1",
        PgBouncerExporter = "quay.io/prometheuscommunity/pgbouncer-exporter:v0.10.2",
        Prometheus = "quay.io/prometheus/prometheus:v3.5.3",
        Ingest = $"{NoRegistry}/ingest:{HubVersion.Current}",
        Migrations = $"{NoRegistry}/migrations:{HubVersion.Current}",
        Backup = $"{NoRegistry}/backup:{HubVersion.Current}",
    };

    /// <summary>Built from images/Dockerfile out of Debian's packages, for a machine that reaches no registry.</summary>
    public static Images Local { get; } = new()
    {
        Database = "hub/database:local",
        Etcd = "hub/etcd:local",
        HaProxy = "hub/gateway:local",
        PgBouncer = "hub/gateway:local",
        PostgresExporter = "hub/exporters:local",
        PgBouncerExporter = "hub/exporters:local",
        Prometheus = "hub/prometheus:local",
        Ingest = "hub/ingest:local",
        Migrations = "hub/migrations:local",
        Backup = "hub/backup:local",
    };

    /// <summary>Whether an image is built from this repository and named for no registry yet.</summary>
    public static bool IsOwn(string image)
    {
        ArgumentNullException.ThrowIfNull(image);
        return image.StartsWith(NoRegistry + "/", StringComparison.Ordinal)
            || (image.StartsWith("hub/", StringComparison.Ordinal) && IsLocal(image));
    }

    /// <summary>Whether an image is on the machine that built it, and in no registry.</summary>
    public static bool IsLocal(string image)
    {
        ArgumentNullException.ThrowIfNull(image);
        return image.EndsWith(LocalTag, StringComparison.Ordinal);
    }

    /// <summary>Every image, each once.</summary>
    public IReadOnlyList<string> All => [.. Each.Distinct()];

    /// <summary>The same set with Hub's own images in a registry, under one version. Others stay.</summary>
    /// <param name="registry">Host and path, such as <c>registry.example.com/hub</c>.</param>
    /// <param name="version">The tag.</param>
    public Images In(string registry, string version)
    {
        string Own(string image, string name) => IsOwn(image) ? $"{registry}/{name}:{version}" : image;
        return this with
        {
            Database = Own(Database, "database"),
            Etcd = Own(Etcd, "etcd"),
            HaProxy = Own(HaProxy, "gateway"),
            PgBouncer = Own(PgBouncer, "gateway"),
            PostgresExporter = Own(PostgresExporter, "exporters"),
            PgBouncerExporter = Own(PgBouncerExporter, "exporters"),
            Prometheus = Own(Prometheus, "prometheus"),
            Ingest = Own(Ingest, "ingest"),
            Migrations = Own(Migrations, "migrations"),
            Backup = Own(Backup, "backup"),
        };
    }

    /// <summary>The same set, each image that a digest is known of by that digest beside its tag.</summary>
    /// <param name="digests">Image, as it is named here, to <c>sha256:…</c>.</param>
    public Images At(IReadOnlyDictionary<string, string> digests)
    {
        ArgumentNullException.ThrowIfNull(digests);
        string Pinned(string image) => digests.TryGetValue(image, out var digest) ? $"{image}@{digest}" : image;
        return this with
        {
            Database = Pinned(Database),
            Etcd = Pinned(Etcd),
            HaProxy = Pinned(HaProxy),
            PgBouncer = Pinned(PgBouncer),
            PostgresExporter = Pinned(PostgresExporter),
            PgBouncerExporter = Pinned(PgBouncerExporter),
            Prometheus = Pinned(Prometheus),
            Ingest = Pinned(Ingest),
            Migrations = Pinned(Migrations),
            Backup = Pinned(Backup),
        };
    }

    /// <summary>The image of each part, in an order that is the same for every set.</summary>
    public IReadOnlyList<string> Each => [Database, Etcd, HaProxy, PgBouncer, PostgresExporter, PgBouncerExporter, Prometheus, Ingest,
        Migrations, Backup];

    /// <summary>
    /// The same set with another database image; null or empty keeps the set as it is. A local runner is then built on that image, under a
    /// name of its own.
    /// </summary>
    public Images WithDatabase(string? image)
    {
        if (string.IsNullOrWhiteSpace(image) || image.Trim() == Database)
            return this;
        var name = image.Trim();
        var digest = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(name)))[..8];
        return this with { Database = name, Backup = Backup == Local.Backup ? $"hub/backup-{digest}:local" : Backup };
    }
}
