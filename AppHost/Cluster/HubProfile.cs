using Analytics.Topology;
using Microsoft.Extensions.Configuration;

namespace AppHost.Cluster;

/// <summary>Which cluster the AppHost composes. Chosen by HUB_PROFILE (the launch profiles set it), never by the environment's name.</summary>
/// <param name="Name"><c>cluster</c> (3 etcd, 3 database members; the default) or <c>single</c> (one of each).</param>
/// <param name="Topology">The cluster, with HUB_DATABASE_IMAGE in place of its database image when that is set.</param>
internal sealed record HubProfile(string Name, ClusterTopology Topology)
{
    public const string Variable = "HUB_PROFILE";
    public const string Cluster = "cluster";
    public const string Single = "single";

    /// <summary>Of the names of this profile's volumes. A member that was one of three cannot become the only one, so no two profiles share data.</summary>
    public string VolumePrefix => Name == Cluster ? "hub-aspire-" : $"hub-aspire-{Name}-";

    /// <exception cref="InvalidOperationException">HUB_PROFILE names no profile.</exception>
    public static HubProfile Choose(IConfiguration configuration)
    {
        var name = configuration[Variable] is { Length: > 0 } given ? given : Cluster;
        var preset = name switch
        {
            Cluster => Presets.Development,
            Single => Presets.DevelopmentSingle,
            _ => throw new InvalidOperationException($"{Variable} is '{name}'. Known are: {Cluster}, {Single}."),
        };
        var image = configuration[Images.DatabaseVariable];
        return new HubProfile(name, preset.With(cluster => cluster with { Images = cluster.Images.WithDatabase(image) }));
    }
}
