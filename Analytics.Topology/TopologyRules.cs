using System.Globalization;
using System.Text.RegularExpressions;
using Analytics.Topology.Postgres;

namespace Analytics.Topology;

/// <summary>The rules a definition must keep. Each message reads: field = value: rule.</summary>
internal static partial class TopologyRules
{
    /// <summary>PostgreSQL's own default of work_mem, and about what an idle backend weighs.</summary>
    private static readonly ByteSize LeastMemoryPerConnection = ByteSize.MiB(4);

    public static IEnumerable<string> Check(ClusterDefinition cluster, PostgresSettings settings) =>
        Names(cluster)
            .Concat(Database(cluster, settings))
            .Concat(Timing(cluster.Database.Timing, cluster.Database.Members))
            .Concat(Etcd(cluster.Etcd))
            .Concat(Gateway(cluster, settings))
            .Concat(Scale("Ingest", cluster.Ingest.MinReplicas, cluster.Ingest.MaxReplicas, most: 50))
            .Concat(SizesOf("Ingest", cluster.Ingest.Resources))
            .Concat(Policies(cluster))
            .Concat(Backup(cluster.Backup));

    private static IEnumerable<string> Names(ClusterDefinition cluster)
    {
        // A StatefulSet pod's label controller-revision-hash is "<name>-<ordinal>-<10 characters>" and may hold 63.
        if (!DnsLabel().IsMatch(cluster.Name) || cluster.Name.Length > 40)
            yield return Problem("Name", cluster.Name, "must be a DNS label (a-z, 0-9, '-', starting with a letter) of at most 40 characters");
        if (!DnsLabel().IsMatch(cluster.Namespace) || cluster.Namespace.Length > 63)
            yield return Problem("Namespace", cluster.Namespace, "must be a DNS label of at most 63 characters");
        foreach (var (field, image) in ImageFields(cluster.Images))
        {
            if (string.IsNullOrWhiteSpace(image) || image.EndsWith(":latest", StringComparison.Ordinal)
                || !image[(image.LastIndexOf('/') + 1)..].Contains(':'))
                yield return Problem($"Images.{field}", image, "must be pinned by a tag other than latest, or by digest");
        }
    }

    private static IEnumerable<string> Database(ClusterDefinition cluster, PostgresSettings settings)
    {
        var database = cluster.Database;
        if (database.Members is < 1 or > 7 or 2)
            yield return Problem("Database.Members", database.Members, "must be 1, or 3 to 7: with two, the loss of one stops writes");
        if (database.MaxConnections is < 50 or > 5000)
            yield return Problem("Database.MaxConnections", database.MaxConnections, "must be between 50 and 5000");
        if (settings.SharedBuffers.Bytes > database.Resources.MemoryLimit.Bytes * 0.4)
        {
            yield return Problem("Database.Settings[shared_buffers]", settings.SharedBuffers.ToPostgres(),
                $"must be at most 40 % of Database.Resources.MemoryLimit ({database.Resources.MemoryLimit.ToPostgres()})");
        }

        var each = (database.Resources.MemoryLimit.Bytes - settings.SharedBuffers.Bytes) / Math.Max(1, settings.MaxConnections);
        if (each < LeastMemoryPerConnection.Bytes)
        {
            yield return Problem("Database.MaxConnections", settings.MaxConnections,
                $"must leave each connection at least {LeastMemoryPerConnection} of Database.Resources.MemoryLimit "
                + $"({database.Resources.MemoryLimit}) less shared_buffers ({settings.SharedBuffers})");
        }

        if (settings.MaxWalSize.Bytes > database.WalVolume.Bytes * 0.5)
        {
            yield return Problem("Database.Settings[max_wal_size]", settings.MaxWalSize.ToPostgres(),
                $"must be at most half of Database.WalVolume ({database.WalVolume.ToPostgres()}): WAL also waits for replicas and the archive");
        }

        foreach (var (name, value) in database.Settings)
        {
            if (PostgresSettings.OverrideProblem(name, value) is { } rule)
                yield return Problem($"Database.Settings[{name}]", value, rule);
        }

        foreach (var problem in SizesOf("Database", database.Resources))
            yield return problem;
    }

    private static IEnumerable<string> Timing(PatroniTiming timing, int members)
    {
        if (timing.LeaseWitnesses && members < 2)
            yield return Problem("Database.Timing.LeaseWitnesses", timing.LeaseWitnesses, "needs another member, who can be a witness");
        if (timing.Ttl < 20)
            yield return Problem("Database.Timing.Ttl", timing.Ttl, "must be at least 20 seconds, Patroni's own minimum");
        if (timing.LoopWait is < 1 or > 60)
            yield return Problem("Database.Timing.LoopWait", timing.LoopWait, "must be between 1 and 60 seconds");
        if (timing.RetryTimeout is < 3 or > 60)
            yield return Problem("Database.Timing.RetryTimeout", timing.RetryTimeout, "must be between 3 and 60 seconds");
        if (timing.LoopWait + 2 * timing.RetryTimeout > timing.Ttl)
        {
            yield return Problem("Database.Timing", $"loop_wait {timing.LoopWait} + 2 × retry_timeout {timing.RetryTimeout} > ttl {timing.Ttl}",
                "loop_wait + 2 × retry_timeout must be at most ttl, or a healthy leader loses its lease");
        }
    }

    private static IEnumerable<string> Etcd(EtcdTier etcd)
    {
        if (etcd.Members is < 1 or > 7 || etcd.Members % 2 == 0)
            yield return Problem("Etcd.Members", etcd.Members, "must be an odd number from 1 to 7");
        if (etcd.QuotaBackend.Bytes * 2 > etcd.Volume.Bytes)
            yield return Problem("Etcd.QuotaBackend", etcd.QuotaBackend, $"must be at most half of Etcd.Volume ({etcd.Volume}): snapshots lie beside it");
        foreach (var problem in SizesOf("Etcd", etcd.Resources))
            yield return problem;
    }

    private static IEnumerable<string> Gateway(ClusterDefinition cluster, PostgresSettings settings)
    {
        var gateway = cluster.Gateway;
        foreach (var problem in Scale("Gateway", gateway.MinReplicas, gateway.MaxReplicas, most: 50).Concat(SizesOf("Gateway", gateway.Resources)))
            yield return problem;
        var accepts = settings.MaxConnections - cluster.Database.ReservedConnections;
        if (gateway.ServerConnections > accepts)
        {
            yield return Problem("Gateway.ServerConnections", gateway.ServerConnections,
                $"must be at most {accepts} (Database.MaxConnections {settings.MaxConnections} less Database.ReservedConnections "
                + $"{cluster.Database.ReservedConnections}), counted at the largest scale of {gateway.MaxReplicas} gateways");
        }

        if (gateway.MaxReplicas > 0 && gateway.ServerConnectionsEach < 2)
        {
            yield return Problem("Gateway.ServerConnections", gateway.ServerConnections,
                $"must leave each of {gateway.MaxReplicas} gateways at least 2: one to the primary, one to a replica");
        }

        if (gateway.ClientConnections < gateway.ServerConnections)
        {
            yield return Problem("Gateway.ClientConnections", gateway.ClientConnections,
                $"must be at least Gateway.ServerConnections ({gateway.ServerConnections})");
        }
    }

    private static IEnumerable<string> Policies(ClusterDefinition cluster)
    {
        var scrape = cluster.Monitoring.ScrapeInterval;
        if (scrape < TimeSpan.FromSeconds(5) || scrape > TimeSpan.FromMinutes(5))
            yield return Problem("Monitoring.ScrapeInterval", scrape, "must be between 5 seconds and 5 minutes");
        foreach (var (field, share) in new[] { ("IngestAvailability", cluster.Monitoring.IngestAvailability), ("IngestLatency", cluster.Monitoring.IngestLatency) })
        {
            if (share is not (>= 0.9 and <= 0.9999))
                yield return Problem($"Monitoring.{field}", share, "must be between 0.9 and 0.9999");
        }

        if (!MonitoringPolicy.LatencyBounds.Contains(cluster.Monitoring.IngestLatencyBound.TotalSeconds))
        {
            yield return Problem("Monitoring.IngestLatencyBound", cluster.Monitoring.IngestLatencyBound,
                $"must be one of {string.Join(", ", MonitoringPolicy.LatencyBounds.Select(bound => bound.ToString(CultureInfo.InvariantCulture)))} seconds: a boundary of ingest's histogram");
        }
    }

    private static IEnumerable<string> Scale(string tier, int min, int max, int most)
    {
        if (min < 1)
            yield return Problem($"{tier}.MinReplicas", min, "must be at least 1");
        if (max < min || max > most)
            yield return Problem($"{tier}.MaxReplicas", max, $"must be between {tier}.MinReplicas ({min}) and {most}");
    }

    private static IEnumerable<string> SizesOf(string tier, Resources sizes)
    {
        if (sizes.CpuRequestMillis < 1 || sizes.CpuRequestMillis > sizes.CpuLimitMillis)
            yield return Problem($"{tier}.Resources.CpuRequestMillis", sizes.CpuRequestMillis, $"must be between 1 and CpuLimitMillis ({sizes.CpuLimitMillis})");
        if (sizes.MemoryRequest.Bytes < 1 || sizes.MemoryRequest > sizes.MemoryLimit)
            yield return Problem($"{tier}.Resources.MemoryRequest", sizes.MemoryRequest, $"must be between 1 byte and MemoryLimit ({sizes.MemoryLimit})");
    }

    private static IEnumerable<(string Field, string Image)> ImageFields(Images images) =>
        typeof(Images).GetProperties()
            .Where(property => property.PropertyType == typeof(string) && property.GetMethod is { IsStatic: false })
            .Select(property => (property.Name, (string?)property.GetValue(images) ?? ""));

    private static string Problem(string field, object value, string rule) =>
        string.Create(CultureInfo.InvariantCulture, $"{field} = {value}: {rule}");

    [GeneratedRegex(@"\A[a-z]([a-z0-9-]*[a-z0-9])?\z")]
    private static partial Regex DnsLabel();
}
