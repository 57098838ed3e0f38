using Analytics.Topology;

namespace Hub.Operations.Clusters;

/// <summary>A hub as its host describes it: the local hub, or one that a test started.</summary>
public sealed record ClusterTarget
{
    public required ClusterTopology Topology { get; init; }

    /// <summary>
    /// The name or id that an engine on this machine has of each container, by the name in the topology. Default none: the hub runs elsewhere.
    /// </summary>
    public IReadOnlyDictionary<string, string> Containers { get; init; } = new Dictionary<string, string>();

    /// <summary>A secret's value by its name in <see cref="Secrets"/>.</summary>
    public required Func<string, string> Secret { get; init; }

    /// <summary>Path of the CA's certificate on this machine.</summary>
    public required string CaFile { get; init; }

    /// <summary>Replaces the CA of the running hub; null where whoever runs it has no way to.</summary>
    public Func<RunningCluster, Action<string>, CancellationToken, Task>? ReplaceAuthority { get; init; }
}
