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
    /// Public images, the default of published manifests. The database is the Community edition; its tags are rebuilt weekly, so an
    /// operator pins the digest at install.
    /// </summary>
    public static Images Public { get; } = new()
    {
        Database = "timescale/timescaledb-ha:pg17.10-ts2.28.2",
        Etcd = "quay.io/coreos/etcd:v3.5.21",
        HaProxy = "haproxy:3.0.8",
        PgBouncer = "ghcr.io/cloudnative-pg/pgbouncer:1.24.1",
        PostgresExporter = "quay.io/prometheuscommunity/postgres-exporter:v0.17.1",
        PgBouncerExporter = "quay.io/prometheuscommunity/pgbouncer-exporter:v0.10.2",
        Prometheus = "quay.io/prometheus/prometheus:v3.5.0",
        Ingest = "hub/ingest:0.1.0",
        Migrations = "hub/migrations:0.1.0",
        Backup = "hub/backup:0.1.0",
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
