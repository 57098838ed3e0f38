using System.Formats.Tar;
using System.Text;
using Analytics.Topology;
using Analytics.Topology.Containers;
using Docker.DotNet.Models;
using DotNet.Testcontainers.Builders;
using DotNet.Testcontainers.Configurations;
using DotNet.Testcontainers.Containers;
using DotNet.Testcontainers.Images;
using DotNet.Testcontainers.Networks;
using Microsoft.Extensions.Logging.Abstractions;
using ContainerSpec = Analytics.Topology.Containers.ContainerSpec;

namespace Hub.Testing;

/// <summary>
/// The mapper from a <see cref="ContainerSpec"/> to Testcontainers. As every host runs it: same user, read-only root, no capabilities, same
/// mounts; only data volumes are fresh, and what is published gets a free port. Files are copied in rather than bound, so that they belong
/// to the container's user whoever runs the tests, and an engine on another machine serves as well.
/// </summary>
public static class SpecContainers
{
    private const UnixFileMode PrivateFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode PublicFile = PrivateFile | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    /// <param name="deployment">Where the spec's secrets and certificates come from.</param>
    /// <param name="spec">What to run.</param>
    /// <param name="wait">When it counts as started.</param>
    /// <param name="network">The network it answers in under its name; null: none of its own.</param>
    /// <param name="aliases">More names in that network.</param>
    public static IContainer Build(TestDeployment deployment, ContainerSpec spec, IWaitForContainerOS wait, INetwork? network,
        params string[] aliases)
    {
        ArgumentNullException.ThrowIfNull(deployment);
        ArgumentNullException.ThrowIfNull(spec);
        var builder = new ContainerBuilder(spec.Image)

            // Hub's own images are in no registry: asking one would only take time.
            .WithImagePullPolicy(spec.Image.StartsWith("hub/", StringComparison.Ordinal) ? PullPolicy.Never : PullPolicy.Missing)
            .WithLogger(NullLogger.Instance)
            .WithHostname(spec.Name)
            .WithCreateParameterModifier(create => Harden(create, deployment, spec))
            .WithWaitStrategy(wait);
        if (spec.Entrypoint.Count > 0)
            builder = builder.WithEntrypoint([.. spec.Entrypoint]);
        if (spec.Arguments.Count > 0)
            builder = builder.WithCommand([.. spec.Arguments]);
        foreach (var (name, value) in spec.Environment)
            builder = builder.WithEnvironment(name, value.Resolve(secret => deployment.Passwords[secret]));
        foreach (var port in spec.Ports.Where(port => port.HostPort is not null))
            builder = builder.WithPortBinding(port.Port, assignRandomHostPort: true);
        if (network is not null)
            builder = builder.WithNetwork(network).WithNetworkAliases([spec.Name, .. aliases]);
        var container = builder.Build();

        // Testcontainers itself copies to the root only, which is read-only here; and its events are synchronous.
        container.Created += (_, _) => Task.Run(() => CopyFilesAsync(deployment, spec, container)).GetAwaiter().GetResult();
        return container;
    }

    /// <summary>Anonymous volumes go with their container; shared ones have names and go with the cluster.</summary>
    private static void Harden(CreateContainerParameters create, TestDeployment deployment, ContainerSpec spec)
    {
        create.User = $"{ClusterNames.Uid}:{ClusterNames.Uid}";
        create.Volumes = spec.Directories.Select(directory => directory.Path)
            .Concat(spec.Volumes.Where(volume => deployment.NameOf(volume) is null).Select(volume => volume.Path))
            .ToDictionary(path => path, _ => default(EmptyStruct));
        create.HostConfig ??= new HostConfig();
        create.HostConfig.Mounts = [.. create.HostConfig.Mounts ?? [],
            .. spec.Volumes.Where(volume => deployment.NameOf(volume) is not null)
            .Select(volume => new Mount { Type = "volume", Source = deployment.NameOf(volume), Target = volume.Path,
                ReadOnly = volume.ReadOnly, VolumeOptions = Options(deployment, volume) })];
        create.HostConfig.ReadonlyRootfs = spec.ReadOnlyRoot;
        create.HostConfig.Tmpfs = spec.Scratch.ToDictionary(path => path, _ => "mode=1777");
        create.HostConfig.CapDrop = ["ALL"];
        create.HostConfig.SecurityOpt = ["no-new-privileges:true"];
        create.HostConfig.Memory = spec.MemoryLimit?.Bytes ?? 0;
        create.HostConfig.CPUShares = spec.CpuShares ?? 0;
        create.HostConfig.ShmSize = spec.SharedMemory?.Bytes ?? 64 << 20;
        create.StopSignal = "SIGTERM";
        create.StopTimeout = spec.StopGracePeriod;
    }

    /// <summary>Stays mounted, and keeps its content, as long as one of the containers that share it runs.</summary>
    private static VolumeOptions? Options(TestDeployment deployment, VolumeMount volume) =>
        volume.Path is (Paths.PgVolume or Paths.WalVolume) && deployment.DataVolume is { } size
        ? new VolumeOptions
        {
            DriverConfig = new Driver
            {
                Name = "local",
                Options = new Dictionary<string, string> { ["type"] = "tmpfs", ["device"] = "tmpfs", ["o"] = $"size={size.Bytes}" }
            }
        }
        : null;

    private static async Task CopyFilesAsync(TestDeployment deployment, ContainerSpec spec, IContainer container)
    {
        using var client = TestcontainersSettings.OS.DockerEndpointAuthConfig.GetDockerClientBuilder().Build();
        foreach (var directory in spec.Directories)
        {
            using var archive = new MemoryStream();
            await using (var tar = new TarWriter(archive, TarEntryFormat.Ustar, leaveOpen: true))
            {
                foreach (var file in directory.Files)
                    await tar.WriteEntryAsync(Entry(file, deployment.Content(directory, file)));
            }

            archive.Position = 0;
            await client.Containers.ExtractArchiveToContainerAsync(container.Id, new CopyToContainerParameters { Path = directory.Path },
                archive);
        }
    }

    private static UstarTarEntry Entry(MountedFile file, string content) => new(TarEntryType.RegularFile, file.Name)
    {
        Uid = ClusterNames.Uid,
        Gid = ClusterNames.Uid,
        Mode = file.Secret ? PrivateFile : PublicFile,
        DataStream = new MemoryStream(Encoding.UTF8.GetBytes(content)),
    };
}
