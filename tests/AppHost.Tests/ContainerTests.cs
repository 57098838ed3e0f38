using System.Globalization;
using Analytics.Topology;
using Analytics.Topology.Containers;
using AppHost.Cluster;
using Aspire.Hosting.Testing;

namespace AppHost.Tests;

/// <summary>Aspire runs what the topology says: nothing more, nothing less, nothing else.</summary>
public class A_container_of_the_topology(HubModels models)
{
    private const UnixFileMode PrivateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode PublicMode = PrivateMode | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    /// <summary>Hub's own programs run as projects, so that they can be debugged.</summary>
    private static readonly string[] Programs = [ClusterNames.EtcdAuth, ClusterNames.Migrations, ClusterNames.Ingest];

    public static TheoryData<string> Profiles => HubModel.Profiles;

    [Theory, MemberData(nameof(Profiles))]
    public async Task Is_one_resource(string profile)
    {
        var model = await models.GetAsync(profile);
        Assert.Equal(
            model.Containers.Select(container => container.Name).Except(Programs).Order(StringComparer.Ordinal),
            model.Resources.OfType<ContainerResource>().Select(resource => resource.Name).Order(StringComparer.Ordinal));
        foreach (var program in Programs)
            model.Single<ProjectResource>(program);
    }

    [Theory, MemberData(nameof(Profiles))]
    public async Task Has_the_image_of_the_topology_which_is_made_before_it_starts_and_never_pulled(string profile)
    {
        var model = await models.GetAsync(profile);
        var (arguments, environment) = await model.StartAsync(model.Single<ProjectResource>("images"));
        Assert.Equal("images", arguments[0]);
        Assert.Equal(model.Repository, environment["HUB_HOME"]);
        foreach (var (spec, resource) in Mapped(model))
        {
            Assert.True(resource.TryGetContainerImageName(out var image));
            Assert.Equal(spec.Image, image);
            Assert.Contains(spec.Image, arguments);
            Assert.Equal(ImagePullPolicy.Never, resource.Annotations.OfType<ContainerImagePullPolicyAnnotation>().Last().ImagePullPolicy);
            Assert.Contains(("images", WaitType.WaitForCompletion),
                resource.Annotations.OfType<WaitAnnotation>().Select(wait => (wait.Resource.Name, wait.WaitType)));
        }
    }

    [Theory]
    [InlineData("timescale/timescaledb-ha:pg17.11-ts2.30.2", "timescale/timescaledb-ha", "pg17.11-ts2.30.2")]
    [InlineData("registry:5000/database:1.2", "registry:5000/database", "1.2")]
    public async Task Comes_from_the_image_that_HUB_DATABASE_IMAGE_names(string image, string name, string tag)
    {
        await using var model = await HubModel.CreateAsync(HubProfile.Single, $"--{Images.DatabaseVariable}={image}");
        var database = model.Single<ContainerResource>("timescaledb-1");
        Assert.Empty(database.Annotations.OfType<DockerfileBuildAnnotation>());
        var annotation = Assert.Single(database.Annotations.OfType<ContainerImageAnnotation>());
        Assert.Equal((name, tag), (annotation.Image, annotation.Tag));
    }

    [Theory, MemberData(nameof(Profiles))]
    public async Task Starts_the_same_program_with_the_same_arguments_and_environment(string profile)
    {
        var model = await models.GetAsync(profile);
        foreach (var (spec, resource) in Mapped(model))
        {
            var (arguments, environment) = await model.StartAsync(resource);
            string[] program = resource.Entrypoint is { } entrypoint ? [entrypoint] : []; // None: the image's own.
            Assert.Equal([.. spec.Entrypoint, .. spec.Arguments], [.. program, .. arguments]);
            Assert.Equal(
                spec.Environment.ToDictionary(variable => variable.Key,
                    variable => variable.Value.Resolve(secret => model.Secrets[secret])),
                environment);
        }
    }

    [Theory, MemberData(nameof(Profiles))]
    public async Task Gets_its_files_with_owner_and_mode(string profile)
    {
        var model = await models.GetAsync(profile);
        foreach (var (spec, resource) in Mapped(model))
        {
            var mounts = resource.Annotations.OfType<ContainerFileSystemCallbackAnnotation>().ToDictionary(mount => mount.DestinationPath);
            Assert.Equal(spec.Directories.Select(directory => directory.Path).Order(), mounts.Keys.Order());
            foreach (var directory in spec.Directories)
            {
                var mount = mounts[directory.Path];
                var context = new ContainerFileSystemCallbackContext { Services = model.Services, Model = resource };
                var files = (await mount.Callback(context, TestContext.Current.CancellationToken)).Select(
                    item => Assert.IsType<ContainerFile>(item)).ToDictionary(file => file.Name);
                Assert.Equal(directory.Files.Select(file => file.Name).Order(), files.Keys.Order());
                foreach (var expected in directory.Files)
                {
                    var file = files[expected.Name];
                    Assert.Equal((ClusterNames.Uid, ClusterNames.Uid, expected.Secret ? PrivateMode : PublicMode),
                        (file.Owner, file.Group, file.Mode));
                    Assert.Equal(expected.Text
                        ?? await File.ReadAllTextAsync(model.StatePath([.. directory.Source.Split('/'), expected.Name]),
                            TestContext.Current.CancellationToken), file.Contents);
                }
            }
        }
    }

    [Theory, MemberData(nameof(Profiles))]
    public async Task Keeps_its_data_in_volumes_of_the_profile(string profile)
    {
        var model = await models.GetAsync(profile);
        var prefix = profile == HubProfile.Cluster ? "hub-aspire-" : "hub-aspire-single-";
        foreach (var (spec, resource) in Mapped(model))
        {
            Assert.Equal(
                spec.Volumes.Select(volume => (Type: ContainerMountType.Volume, Source: (string?)(prefix + volume.Name),
                    Target: volume.Path, volume.ReadOnly)),
                resource.Annotations.OfType<ContainerMountAnnotation>()
                    .Select(mount => (mount.Type, mount.Source, mount.Target, ReadOnly: mount.IsReadOnly)));
        }
    }

    [Theory, MemberData(nameof(Profiles))]
    public async Task Has_its_fixed_ports_and_those_that_programs_on_this_machine_need(string profile)
    {
        var model = await models.GetAsync(profile);
        foreach (var (spec, resource) in Mapped(model))
        {
            var reachable = Reachable(spec.Name);
            var endpoints = resource.Annotations.OfType<EndpointAnnotation>().ToList();
            Assert.All(endpoints, endpoint => Assert.False(endpoint.IsProxied));
            Assert.Equal(
                spec.Ports.Where(port => port.HostPort is not null || reachable.Contains(port.Name))
                    .Select(port => (Name: ClusterResources.EndpointName(spec.Name, port), TargetPort: (int?)port.Port,
                        Port: port.HostPort)),
                endpoints.Select(endpoint => (endpoint.Name, endpoint.TargetPort, endpoint.Port)));
        }
    }

    [Theory, MemberData(nameof(Profiles))]
    public async Task Is_confined_as_everywhere(string profile)
    {
        var model = await models.GetAsync(profile);
        foreach (var (spec, resource) in Mapped(model))
        {
            var arguments = string.Join(' ', await model.RuntimeArgumentsAsync(resource));
            Assert.StartsWith(
                $"--hostname {spec.Name} --user 1000:1000 --cap-drop ALL --security-opt no-new-privileges --stop-signal SIGTERM", arguments,
                StringComparison.Ordinal);
            Assert.Contains($"--stop-timeout {spec.StopGracePeriod.TotalSeconds.ToString(CultureInfo.InvariantCulture)}", arguments,
                StringComparison.Ordinal);
            Assert.Equal(spec.CpuShares is not null, arguments.Contains($"--cpu-shares {spec.CpuShares}", StringComparison.Ordinal));
            Assert.Equal(spec.MemoryLimit is not null, arguments.Contains($"--memory {spec.MemoryLimit?.Bytes}", StringComparison.Ordinal));
            Assert.Equal(spec.SharedMemory is not null,
                arguments.Contains($"--shm-size {spec.SharedMemory?.Bytes}", StringComparison.Ordinal));
            Assert.Equal(spec.Scratch.Count, arguments.Split("--tmpfs").Length - 1);

            // The orchestrator copies files into the created container, which an engine refuses for a read-only root.
            Assert.DoesNotContain("--read-only", arguments, StringComparison.Ordinal);
        }
    }

    /// <summary>For health checks, and for ingest, which watches the certificates.</summary>
    private static string[] Reachable(string container) => container.TrimEnd('-', '1', '2', '3') switch
    {
        "etcd" => ["client", "metrics"],
        "timescaledb" => ["postgres", "patroni"],
        ClusterNames.BackupServer => ["backup"],
        ClusterNames.HaProxy or ClusterNames.PostgresExporter or ClusterNames.PgBouncerExporter => ["metrics"],
        _ => [],
    };

    private static IEnumerable<(ContainerSpec Spec, ContainerResource Resource)> Mapped(HubModel model) =>
        model.Containers.Where(container => !Programs.Contains(container.Name))
            .Select(container => (container, model.Single<ContainerResource>(container.Name)));
}
