using Analytics.Topology.Config;
using Analytics.Topology.Containers;

namespace Analytics.Topology.Kubernetes;

/// <summary>
/// The containers as pods run them. Programs that read their certificate at the start, and again on a signal, are started by a script that
/// sends it when the Secret has changed; elsewhere whoever renews certificates sends the signal. Patroni follows its files by itself
/// (certificate_watch.py), etcd and the exporters read theirs for each connection, ingest its authority too.
/// </summary>
internal static class PodContainers
{
    internal const string Script = "follow-certificates.sh";

    public static IReadOnlyList<ContainerSpec> For(ClusterTopology topology) =>
        [.. ClusterContainers.For(topology).Select(GatewayContainers.InPod)
            .Select(spec => SignalOf(topology, spec.Name) is { } signal ? Following(spec, signal) : spec)];

    /// <summary>HAProxy starts new workers; PgBouncer and pgBackRest's server read their files again.</summary>
    private static string? SignalOf(ClusterTopology topology, string name) => name switch
    {
        ClusterNames.HaProxy => "USR2",
        ClusterNames.PgBouncer => "HUP",
        _ when Enumerable.Range(1, topology.Database.Members)
            .Any(member => name == ClusterNames.Member(ClusterNames.BackupServer, member)) => "HUP",
        _ => null,
    };

    private static ContainerSpec Following(ContainerSpec spec, string signal)
    {
        var place = spec.Directories.First(directory => directory.Files.All(file => !file.Secret));
        var withScript = place with { Files = [.. place.Files, new MountedFile(Script, Templates.Read(Script))] };
        return spec with
        {
            Entrypoint = ["/bin/sh", $"{place.Path}/{Script}", signal, .. spec.Entrypoint],
            Directories = [.. spec.Directories.Select(directory => directory == place ? withScript : directory)],
        };
    }
}
