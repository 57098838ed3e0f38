namespace Analytics.Topology;

/// <summary>What somebody decides about a cluster. Not yet known to make sense: <see cref="ClusterTopology"/> sees to that.</summary>
public sealed record ClusterDefinition
{
    /// <summary>A DNS label of at most 40 characters: Patroni's scope, the Compose project, a prefix in Kubernetes.</summary>
    public required string Name { get; init; }

    /// <summary>The Kubernetes namespace, a DNS label.</summary>
    public string Namespace { get; init; } = "timescaledb";
    public required Images Images { get; init; }
    public required DatabaseTier Database { get; init; }
    public required EtcdTier Etcd { get; init; }
    public required GatewayTier Gateway { get; init; }
    public required IngestTier Ingest { get; init; }
    public BackupPolicy Backup { get; init; } = new();
    public MonitoringPolicy Monitoring { get; init; } = new();
}

/// <summary>
/// A cluster that makes sense. It is validated when it is made and immutable after, and everything that any host runs is derived
/// from it.
/// </summary>
public sealed class ClusterTopology
{
    /// <exception cref="TopologyException">The definition breaks rules; the message lists all of them.</exception>
    public ClusterTopology(ClusterDefinition definition)
    {
        ArgumentNullException.ThrowIfNull(definition);
        Definition = definition;
        Settings = Postgres.PostgresSettings.Derive(definition);
        var problems = TopologyRules.Check(definition, Settings).ToList();
        if (problems.Count > 0)
            throw new TopologyException(problems);
    }

    public ClusterDefinition Definition { get; }

    /// <summary>PostgreSQL's settings, derived from the database tier.</summary>
    public Postgres.PostgresSettings Settings { get; }

    public string Name => Definition.Name;
    public Images Images => Definition.Images;
    public DatabaseTier Database => Definition.Database;
    public EtcdTier Etcd => Definition.Etcd;
    public GatewayTier Gateway => Definition.Gateway;
    public IngestTier Ingest => Definition.Ingest;
    public BackupPolicy Backup => Definition.Backup;
    public MonitoringPolicy Monitoring => Definition.Monitoring;

    /// <summary>pgBackRest's name of this cluster in the repository.</summary>
    public string Stanza => Definition.Name;

    /// <summary>A changed copy, validated again.</summary>
    public ClusterTopology With(Func<ClusterDefinition, ClusterDefinition> change)
    {
        ArgumentNullException.ThrowIfNull(change);
        return new ClusterTopology(change(Definition));
    }
}

/// <summary>A definition that breaks rules. Each problem names the field, its value and the rule.</summary>
public sealed class TopologyException(IReadOnlyList<string> problems)
    : Exception("The cluster's definition breaks " + (problems.Count == 1 ? "a rule" : $"{problems.Count} rules") + ":\n  "
        + string.Join("\n  ", problems))
{
    public IReadOnlyList<string> Problems { get; } = problems;
}
