namespace Analytics.Topology;

/// <summary>What the database's volumes lie on; decides the planner's page costs and I/O concurrency.</summary>
public enum DiskKind
{
    Ssd,
    Hdd,
}

/// <summary>CPU in thousandths of a core and memory: what is asked for, and the most that may be used.</summary>
public sealed record Resources(int CpuRequestMillis, int CpuLimitMillis, ByteSize MemoryRequest, ByteSize MemoryLimit);

/// <summary>The database members: PostgreSQL with TimescaleDB, each under Patroni.</summary>
public sealed record DatabaseTier
{
    /// <summary>1, or 3 to 7. With one member there is no standby and so no synchronous replication.</summary>
    public required int Members { get; init; }
    public required Resources Resources { get; init; }
    public required DiskKind Disk { get; init; }
    public required ByteSize DataVolume { get; init; }
    public required ByteSize WalVolume { get; init; }
    public required ByteSize BackupVolume { get; init; }

    /// <summary>Clients and background processes that PostgreSQL accepts. Range 50 to 5000.</summary>
    public required int MaxConnections { get; init; }

    /// <summary>
    /// Connections that the gateway may not use: superuser, Patroni, replication, exporters, migrations, backups. Default 30.
    /// </summary>
    public int ReservedConnections { get; init; } = 30;

    public PatroniTiming Timing { get; init; } = new();

    /// <summary>The same tier with <see cref="PatroniTiming.LeaseWitnesses"/> set.</summary>
    public DatabaseTier WithLeaseWitnesses(bool on = true) => this with { Timing = Timing with { LeaseWitnesses = on } };

    /// <summary>Overrides of derived postgresql.conf settings; mandatory ones (TLS, replication, extension) cannot be overridden.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>();

    public IEnumerable<string> Hosts => Enumerable.Range(1, Members).Select(i => ClusterNames.Member(ClusterNames.TimescaleDb, i));
}

/// <summary>
/// Patroni's clock, in seconds. Its own rules: <c>ttl ≥ 20</c>, <c>loop_wait + 2·retry_timeout ≤ ttl</c>
/// (Patroni documentation, "Dynamic configuration").
/// </summary>
public sealed record PatroniTiming
{
    /// <summary>How long a silent leader keeps its lease: most of the time a failover takes.</summary>
    public int Ttl { get; init; } = 20;

    /// <summary>Pause between two rounds. Range 1 to 60.</summary>
    public int LoopWait { get; init; } = 5;

    /// <summary>How long etcd or PostgreSQL may be unreachable before the leader steps down. Range 3 to 60.</summary>
    public int RetryTimeout { get; init; } = 5;

    /// <summary>
    /// Whether the other members together end the lease of a leader of which nothing has been heard for four seconds, instead of waiting
    /// for
    /// <see cref="Ttl"/>. It reaches into Patroni (docs/decisions/0007). Default: no.
    /// </summary>
    public bool LeaseWitnesses { get; init; }
}

/// <summary>The distributed configuration store.</summary>
public sealed record EtcdTier
{
    /// <summary>An odd number from 1 to 7: an even one adds a member that can fail without adding one that may.</summary>
    public required int Members { get; init; }
    public required Resources Resources { get; init; }
    public required ByteSize Volume { get; init; }

    /// <summary>Size at which etcd refuses writes (NOSPACE). Default 512 MiB; Patroni needs well below one.</summary>
    public ByteSize QuotaBackend { get; init; } = ByteSize.MiB(512);

    public IEnumerable<string> Hosts => Enumerable.Range(1, Members).Select(i => ClusterNames.Member(ClusterNames.Etcd, i));
}

/// <summary>HAProxy and PgBouncer, which scale together: applications connect here.</summary>
public sealed record GatewayTier
{
    public required int MinReplicas { get; init; }
    public required int MaxReplicas { get; init; }
    public required Resources Resources { get; init; }

    /// <summary>Application connections that all gateways together accept, at any scale. Default 1000.</summary>
    public int ClientConnections { get; init; } = 1000;

    /// <summary>Connections to PostgreSQL that all gateways together open, at any scale. Default 100.</summary>
    public int ServerConnections { get; init; } = 100;

    /// <summary>What one gateway accepts: enough that the smallest scale still takes every client.</summary>
    public int ClientConnectionsEach => (ClientConnections + MinReplicas - 1) / MinReplicas;

    /// <summary>What one gateway opens, primary and replicas together: few enough that the largest scale stays within the budget.</summary>
    public int ServerConnectionsEach => ServerConnections / MaxReplicas;

    /// <summary>The part of <see cref="ServerConnectionsEach"/> that goes to replicas; the rest goes to the primary.</summary>
    public int ReplicaConnectionsEach => Math.Max(1, ServerConnectionsEach / 5);

    public int PrimaryConnectionsEach => ServerConnectionsEach - ReplicaConnectionsEach;
}

/// <summary>The stateless ingest and query API.</summary>
public sealed record IngestTier
{
    public required int MinReplicas { get; init; }
    public required int MaxReplicas { get; init; }
    public required Resources Resources { get; init; }
}
