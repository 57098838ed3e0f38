using System.Globalization;
using Analytics.Topology;
using Analytics.Topology.Containers;
using AppHost.Startup;

namespace AppHost.Cluster;

/// <summary>
/// Maps a <see cref="ContainerSpec"/> to a container resource: the one way in which a container of the topology comes into the AppHost, as
/// the Compose file is another mapper of the same specs.
/// </summary>
internal static class ClusterResources
{
    private const UnixFileMode PrivateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode PublicMode = PrivateMode | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    /// <summary>Adds the members of one component.</summary>
    /// <param name="hub">The hub.</param>
    /// <param name="names">Their names, in the order in which they start.</param>
    /// <param name="reachable">Names of ports that programs on this machine use although the topology keeps them inside the
    /// network.</param>
    public static IReadOnlyList<IResourceBuilder<ContainerResource>> AddContainers(this DevelopmentHub hub, IEnumerable<string> names,
        params string[] reachable) =>
        [.. names.Select(name => hub.AddContainer(name, reachable))];

    /// <summary>Adds one container of the topology.</summary>
    /// <inheritdoc cref="AddContainers"/>
    public static IResourceBuilder<ContainerResource> AddContainer(this DevelopmentHub hub, string name, params string[] reachable)
    {
        var spec = hub.Spec(name);
        var resource = hub.Builder.AddResource(NewResource(hub, spec))
            .WithImageOf(hub, spec)
            .WithArgs([.. spec.Entrypoint.Skip(1), .. spec.Arguments])
            .WithRuntimeArguments(spec)
            .WithOwnVolumes(hub)

            // Containers trust the cluster's own CA and nothing else.
            .WithDeveloperCertificateTrust(false);
        if (spec.Entrypoint.Count > 0)
            resource.WithEntrypoint(spec.Entrypoint[0]);
        foreach (var (variable, value) in spec.Environment)
            resource.WithEnvironment(context => context.EnvironmentVariables[variable] = HostValues.InContainer(hub, value));
        foreach (var directory in spec.Directories)
            resource.WithContainerFiles(directory.Path, Files(hub, directory), ClusterNames.Uid, ClusterNames.Uid);
        foreach (var volume in spec.Volumes)
            resource.WithVolume(hub.Profile.VolumePrefix + volume.Name, volume.Path, volume.ReadOnly);
        foreach (var port in spec.Ports.Where(port => port.HostPort is not null || reachable.Contains(port.Name)))
        {
            // Null is any free port; left out, it would read as the container's own, which three members cannot all have.
            var endpoint = EndpointName(name, port);
            resource.WithEndpoint(targetPort: port.Port, scheme: Scheme(port), name: endpoint, isProxied: false)
                .WithEndpoint(endpoint, annotation => annotation.Port = port.HostPort)
                .WithFreePort(port.HostPort, hub);
        }

        hub.Register(resource, spec);
        return resource;
    }

    /// <summary>The endpoint of a container's port; Aspire's PostgreSQL resource knows its own by the name <c>tcp</c>.</summary>
    public static string EndpointName(string container, PortMapping port) => (container, port.Port) switch
    {
        (ClusterNames.HaProxy, Ports.ReadWrite) or (ClusterNames.PgBouncer, Ports.PgBouncer) => DatabaseConnections.Endpoint,
        _ => port.Name,
    };

    /// <summary>What is spoken on a port: a dashboard links http and https, everything else is shown as an address.</summary>
    public static string Scheme(PortMapping port) => port.Port switch
    {
        Ports.EtcdClient or Ports.EtcdPeer or Ports.Patroni => "https",
        Ports.EtcdMetrics or Ports.Prometheus or Ports.Rest or Ports.OtlpHttp or Ports.OtlpGrpc => "http",
        _ => "tcp",
    };

    /// <summary>HAProxy and PgBouncer are the PostgreSQL servers that clients see: whatever of Aspire takes one takes them.</summary>
    private static ContainerResource NewResource(DevelopmentHub hub, ContainerSpec spec) => spec.Name switch
    {
        ClusterNames.HaProxy => DatabaseConnections.NewServer(hub, spec.Name, Roles.Owner, Secrets.Owner),
        ClusterNames.PgBouncer => DatabaseConnections.NewServer(hub, spec.Name, Roles.App, Secrets.App),
        _ => new ContainerResource(spec.Name),
    };

    /// <summary>
    /// An image of the topology under its own name, which <c>./hub up</c> shares; the resource of <see cref="HubImages"/> builds or pulls
    /// it first. Aspire's own builds (WithDockerfile) would make a set of random tags at each run, and need buildx and a registry.
    /// </summary>
    private static IResourceBuilder<ContainerResource> WithImageOf(this IResourceBuilder<ContainerResource> resource, DevelopmentHub hub,
        ContainerSpec spec)
    {
        var tag = spec.Image.LastIndexOf(':');
        if (tag > spec.Image.LastIndexOf('/'))
            resource.WithImage(spec.Image[..tag], spec.Image[(tag + 1)..]);
        else
            resource.WithImage(spec.Image);
        resource.WithImagePullPolicy(ImagePullPolicy.Never);
        return hub.Images is { } images ? resource.WaitForCompletion(images) : resource;
    }

    /// <summary>
    /// What Aspire has no word for. Not among it: a read-only root, which Compose, Kubernetes and the tests do set. The orchestrator copies
    /// the files into the created container, and an engine refuses that for a read-only root, volumes at the place notwithstanding.
    /// </summary>
    private static IResourceBuilder<ContainerResource> WithRuntimeArguments(this IResourceBuilder<ContainerResource> resource,
        ContainerSpec spec)
    {
        var seconds = ((int)spec.StopGracePeriod.TotalSeconds).ToString(CultureInfo.InvariantCulture);
        List<string> arguments =
        [
            "--hostname", spec.Name,
            "--user", $"{ClusterNames.Uid}:{ClusterNames.Uid}",
            "--cap-drop", "ALL",
            "--security-opt", "no-new-privileges",
            "--stop-signal", "SIGTERM",
            "--stop-timeout", seconds,
        ];
        if (spec.MemoryLimit is { } memory)
            arguments.AddRange(["--memory", $"{memory.Bytes}"]);
        if (spec.CpuShares is { } shares)
            arguments.AddRange(["--cpu-shares", shares.ToString(CultureInfo.InvariantCulture)]);
        if (spec.SharedMemory is { } shared)
            arguments.AddRange(["--shm-size", $"{shared.Bytes}"]);
        foreach (var directory in spec.Scratch)
            arguments.AddRange(["--tmpfs", $"{directory}:mode=1777"]);
        return resource.WithContainerRuntimeArgs([.. arguments]);
    }

    private static IEnumerable<ContainerFile> Files(DevelopmentHub hub, MountedDirectory directory) =>
        directory.Files.Select(file => new ContainerFile
        {
            Name = file.Name,
            Contents = hub.State.Text($"{directory.Source}/{file.Name}"),
            Owner = ClusterNames.Uid,
            Group = ClusterNames.Uid,
            Mode = file.Secret ? PrivateMode : PublicMode,
        });
}
