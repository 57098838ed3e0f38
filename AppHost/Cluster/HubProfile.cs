using System.Globalization;
using System.Text.RegularExpressions;
using Analytics.Topology;
using Microsoft.Extensions.Configuration;

namespace AppHost.Cluster;

/// <summary>
/// Which cluster the AppHost composes. Chosen by HUB_PROFILE (the launch profile <c>single</c> sets it), never by the environment's name.
/// </summary>
/// <param name="Name"><c>cluster</c> (3 etcd, 3 database members; the default) or <c>single</c> (one of each).</param>
/// <param name="Topology">The cluster, with HUB_DATABASE_IMAGE in place of its database image when that is set.</param>
/// <param name="PortOffset">Added to every fixed port on 127.0.0.1, so that two hubs can run side by side.</param>
/// <param name="VolumePrefix">
/// Of the names of this profile's volumes. A member that was one of three cannot become the only one, so no two profiles share data.
/// </param>
internal sealed partial record HubProfile(string Name, ClusterTopology Topology, int PortOffset, string VolumePrefix)
{
    public const string Variable = "HUB_PROFILE";
    public const string PortOffsetVariable = "HUB_PORT_OFFSET";
    public const string VolumesVariable = "HUB_VOLUMES";
    public const string Cluster = "cluster";
    public const string Single = "single";
    public const int LargestPortOffset = 45000;

    /// <exception cref="InvalidOperationException">
    /// HUB_PROFILE names no profile, HUB_PORT_OFFSET is no port offset, or HUB_VOLUMES begins no volume's name.
    /// </exception>
    public static HubProfile Choose(IConfiguration configuration)
    {
        var name = configuration[Variable] is { Length: > 0 } given ? given : Cluster;
        var preset = name switch
        {
            Cluster => Presets.Development,
            Single => Presets.DevelopmentSingle,
            _ => throw new InvalidOperationException($"{Variable} is '{name}'. Known profiles: {Cluster}, {Single}."),
        };
        var offset = configuration[PortOffsetVariable] is { Length: > 0 } text ? text : "0";
        if (!int.TryParse(offset, NumberStyles.None, CultureInfo.InvariantCulture, out var ports) || ports > LargestPortOffset)
            throw new InvalidOperationException($"{PortOffsetVariable} is '{offset}'. It must be a number from 0 to {LargestPortOffset}.");
        var prefix = configuration[VolumesVariable] is { Length: > 0 } volumes ? volumes : "hub-aspire";
        if (!VolumeName().IsMatch(prefix))
        {
            throw new InvalidOperationException(
                $"{VolumesVariable} is '{prefix}'. It must be letters, digits, '_', '.' and '-', beginning with a letter or digit.");
        }

        var image = configuration[Images.DatabaseVariable];
        return new HubProfile(name, preset.With(cluster => cluster with { Images = cluster.Images.WithDatabase(image) }), ports,
            name == Cluster ? $"{prefix}-" : $"{prefix}-{name}-");
    }

    /// <summary>What an engine accepts. The orchestrator would try another name again and again, and say nothing.</summary>
    [GeneratedRegex("^[a-zA-Z0-9][a-zA-Z0-9_.-]*$")]
    private static partial Regex VolumeName();
}
