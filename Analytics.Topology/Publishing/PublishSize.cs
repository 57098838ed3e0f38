using Analytics.Topology.Kubernetes;

namespace Analytics.Topology.Publishing;

/// <summary>A cluster to publish: how large, and what it expects of the Kubernetes cluster.</summary>
/// <param name="Name">As in <c>hub publish --size</c>.</param>
/// <param name="Topology">The cluster.</param>
/// <param name="Options">What the size expects of the Kubernetes cluster.</param>
public sealed record PublishSize(string Name, ClusterTopology Topology, KubernetesOptions Options)
{
    /// <summary>What is committed.</summary>
    public const string DefaultName = "recommended";

    public static IReadOnlyList<PublishSize> All { get; } =
    [
        new("dev", Presets.Development.With(cluster => cluster with { Backup = cluster.Backup with { Repository = new S3Repository { Required = false } } }), new KubernetesOptions { Cloud = Cloud.Default, SeparateNodes = false, Monitoring = MonitoringBy.None }),
        new("minimum", Presets.Minimum, new KubernetesOptions()),
        new(DefaultName, Presets.Recommended, new KubernetesOptions()),
    ];

    public static PublishSize Default => Named(DefaultName);

    /// <summary>Where its images are pulled from.</summary>
    public ImageSource Source { get; private init; } = new();

    /// <summary>Whether Hub's own images have a registry, or need none: those of size dev may lie on the node.</summary>
    public bool CanBePulled => !Topology.Images.All.Any(image => image.StartsWith(Images.NoRegistry + "/", StringComparison.Ordinal));

    /// <summary>The same size with its images from there.</summary>
    public PublishSize From(ImageSource source)
    {
        ArgumentNullException.ThrowIfNull(source);
        return this with { Source = source, Topology = Topology.With(cluster => cluster with { Images = source.Of(cluster.Images) }) };
    }

    /// <exception cref="ArgumentException">There is no such size; the message lists those there are.</exception>
    public static PublishSize Named(string name) => All.FirstOrDefault(size => size.Name == name)
        ?? throw new ArgumentException($"'{name}' is not a size; the sizes are {string.Join(", ", All.Select(size => size.Name))}.", nameof(name));

    /// <summary>The same size on another cloud's disks; null keeps what the size has.</summary>
    public PublishSize On(Cloud? cloud) => cloud is { } other ? this with { Options = Options with { Cloud = other } } : this;

    /// <summary>
    /// This size as it would be published in the place of another: in its namespace, with its images' registry, its runbooks and its lease
    /// witnesses.
    /// </summary>
    public PublishSize InPlaceOf(PublishSize other)
    {
        ArgumentNullException.ThrowIfNull(other);
        var placed = From(other.Source);
        return placed with
        {
            Options = Options with { ClusterDomain = other.Options.ClusterDomain },
            Topology = placed.Topology.With(cluster => cluster with
            {
                Namespace = other.Topology.Definition.Namespace,
                Monitoring = cluster.Monitoring with { Runbooks = other.Topology.Monitoring.Runbooks },
                Database = cluster.Database.WithLeaseWitnesses(other.Topology.Database.Timing.LeaseWitnesses),
            }),
        };
    }
}
