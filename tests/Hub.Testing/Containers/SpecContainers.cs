using System.Text;
using Analytics.Topology;
using Analytics.Topology.Containers;
using Docker.DotNet.Models;
using DotNet.Testcontainers.Builders;
using DotNet.Testcontainers.Configurations;
using DotNet.Testcontainers.Containers;
using DotNet.Testcontainers.Images;
using DotNet.Testcontainers.Networks;
using ContainerSpec = Analytics.Topology.Containers.ContainerSpec;

namespace Hub.Testing;

/// <summary>
/// The mapper from a <see cref="ContainerSpec"/> to Testcontainers. As every host runs it: same user, read-only root, no capabilities, same
/// mounts; only data volumes are fresh. Files are copied in rather than bound, so that an engine on another machine serves as well.
/// </summary>
public static class SpecContainers
{
    private const UnixFileModes PrivateFile = UnixFileModes.UserRead | UnixFileModes.UserWrite;
    private const UnixFileModes PublicFile = PrivateFile | UnixFileModes.GroupRead | UnixFileModes.OtherRead;

    /// <param name="deployment">Where the spec's secrets and certificates come from.</param>
    /// <param name="spec">What to run.</param>
    /// <param name="network">The network it answers in under its name; null: none of its own.</param>
    /// <param name="aliases">More names in that network.</param>
    public static ContainerBuilder Builder(TestDeployment deployment, ContainerSpec spec, INetwork? network = null, params string[] aliases)
    {
        ArgumentNullException.ThrowIfNull(deployment);
        ArgumentNullException.ThrowIfNull(spec);
        var builder = new ContainerBuilder(spec.Image)
            .WithImagePullPolicy(spec.Image.EndsWith(":local", StringComparison.Ordinal) ? PullPolicy.Never : PullPolicy.Missing)
            .WithHostname(spec.Name)
            .WithCreateParameterModifier(create => Harden(create, spec));
        if (spec.Entrypoint.Count > 0)
            builder = builder.WithEntrypoint([.. spec.Entrypoint]);
        if (spec.Arguments.Count > 0)
            builder = builder.WithCommand([.. spec.Arguments]);
        foreach (var (name, value) in spec.Environment)
            builder = builder.WithEnvironment(name, value.Resolve(secret => deployment.Passwords[secret]));
        foreach (var (directory, file) in spec.Directories.SelectMany(directory => directory.Files.Select(file => (directory, file))))
        {
            builder = builder.WithResourceMapping(Encoding.UTF8.GetBytes(deployment.Content(directory, file)), $"{directory.Path}/{file.Name}",
                ClusterNames.Uid, ClusterNames.Uid, file.Secret ? PrivateFile : PublicFile);
        }

        // What is published on a developer's machine is here too, on whatever port is free.
        foreach (var port in spec.Ports.Where(port => port.HostPort is not null && network is not null))
            builder = builder.WithPortBinding(port.Port, assignRandomHostPort: true);
        return network is null ? builder : builder.WithNetwork(network).WithNetworkAliases([spec.Name, .. aliases]);
    }

    /// <summary>Anonymous volumes go with their container; a copy into a read-only root is only possible below one.</summary>
    private static void Harden(CreateContainerParameters create, ContainerSpec spec)
    {
        create.User = $"{ClusterNames.Uid}:{ClusterNames.Uid}";
        create.Volumes = spec.Directories.Select(directory => directory.Path).Concat(spec.Volumes.Select(volume => volume.Path))
            .ToDictionary(path => path, _ => default(EmptyStruct));
        create.HostConfig ??= new HostConfig();
        create.HostConfig.ReadonlyRootfs = spec.ReadOnlyRoot;
        create.HostConfig.Tmpfs = spec.Scratch.ToDictionary(path => path, _ => "mode=1777");
        create.HostConfig.CapDrop = ["ALL"];
        create.HostConfig.SecurityOpt = ["no-new-privileges:true"];
        create.HostConfig.Memory = spec.MemoryLimit?.Bytes ?? 0;
        create.HostConfig.ShmSize = spec.SharedMemory?.Bytes ?? 64 << 20;
        create.StopSignal = "SIGTERM";
        create.StopTimeout = spec.StopGracePeriod;
    }
}
