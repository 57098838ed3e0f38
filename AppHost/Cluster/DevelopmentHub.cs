using Analytics.Topology;
using Analytics.Topology.Config;
using Analytics.Topology.Containers;
using Microsoft.Extensions.DependencyInjection;

namespace AppHost.Cluster;

/// <summary>
/// The hub that F5 starts. It knows the containers of the topology by name and turns each into a resource, either as a container
/// (<see cref="ClusterResources"/>) or, for Hub's own programs, as a project that can be debugged (<see cref="HostPrograms"/>).
/// </summary>
internal sealed class DevelopmentHub
{
    private readonly Dictionary<string, ContainerSpec> specs;
    private readonly Dictionary<string, IResourceBuilder<ParameterResource>> secrets;
    private readonly Dictionary<string, IResourceBuilder<IResource>> resources = [];

    public DevelopmentHub(IDistributedApplicationBuilder builder, HubProfile profile, TimeProvider time)
    {
        Builder = builder;
        Profile = profile;
        Repository = Path.GetFullPath(Path.Combine(builder.AppHostDirectory, ".."));
        ContainerSpec[] containers = [.. ClusterContainers.For(profile.Topology).Select(container => OnThesePorts(container, profile))];
        specs = containers.ToDictionary(container => container.Name);
        State = HubState.Prepare(HubState.DirectoryOf(builder), profile.Topology, containers, time);

        // Values are read when a resource starts; the model, its manifest and its logs hold the names only.
        secrets = Secrets.All.ToDictionary(name => name,
            name => builder.AddParameter(ResourceName(name), () => State.Files.Secrets[name], secret: true));
        ApiKey = builder.AddParameter("development-api-key", () => State.ApiKey, secret: true);
        builder.Services.AddSingleton(_ => new HubTls(State));
    }

    public IDistributedApplicationBuilder Builder { get; }
    public HubProfile Profile { get; }
    public ClusterTopology Topology => Profile.Topology;
    public IEnumerable<ContainerSpec> Containers => specs.Values;

    /// <summary>The checkout: the context in which local images are built.</summary>
    public string Repository { get; }
    public HubState State { get; }

    /// <summary>The development key, shown on the dashboard's parameters page.</summary>
    public IResourceBuilder<ParameterResource> ApiKey { get; }

    /// <summary>The command line of the container engine, known when the run begins.</summary>
    public string Engine { get; set; } = Startup.Engine.Docker;

    /// <summary>
    /// Volumes of this run whose data were made with other passwords. Known before the orchestrator makes those that are missing.
    /// </summary>
    public IReadOnlyList<string> ForeignVolumes { get; set; } = [];

    /// <summary>What builds or pulls the images; every container starts after it. Null until it was added.</summary>
    public IResourceBuilder<ProjectResource>? Images { get; set; }

    /// <summary>The resource name of a secret: <c>OWNER_PASSWORD</c> is <c>owner-password</c>.</summary>
    public static string ResourceName(string secret) => secret.ToLowerInvariant().Replace('_', '-');

    /// <exception cref="InvalidOperationException">The topology has no such container.</exception>
    public ContainerSpec Spec(string name) => specs.TryGetValue(name, out var spec)
        ? spec
        : throw new InvalidOperationException($"The topology has no container '{name}'; it has {string.Join(", ", specs.Keys)}.");

    public ParameterResource Secret(string name) => secrets[name].Resource;

    /// <summary>The resource that was made of a container of the topology.</summary>
    /// <exception cref="InvalidOperationException">
    /// It was not added yet: the AppHost adds resources in the order in which they start.
    /// </exception>
    public IResourceBuilder<IResource> Resource(string name) => resources.TryGetValue(name, out var resource)
        ? resource
        : throw new InvalidOperationException($"'{name}' must be added before what starts after it.");

    /// <summary>The published port of a container.</summary>
    /// <exception cref="InvalidOperationException">The container does not have the port, or was not added yet.</exception>
    public EndpointReference Endpoint(string container, int port)
    {
        var mapping = Spec(container).Ports.FirstOrDefault(candidate => candidate.Port == port)
            ?? throw new InvalidOperationException($"'{container}' has no port {port}.");
        return new EndpointReference((IResourceWithEndpoints)Resource(container).Resource,
            ClusterResources.EndpointName(container, mapping));
    }

    /// <summary>Remembers a resource and lets it start after what its container starts after.</summary>
    internal void Register<T>(IResourceBuilder<T> resource, ContainerSpec spec) where T : IResourceWithWaitSupport
    {
        foreach (var name in spec.After)
        {
            if (Spec(name).RunsOnce)
                resource.WaitForCompletion(Resource(name));
            else
                resource.WaitForStart(Resource(name));
        }

        resources.TryAdd(resource.Resource.Name, (IResourceBuilder<IResource>)resource);
    }

    /// <summary>
    /// Fixed ports move by the offset, and Prometheus looks for ingest, a program on this machine, where it then listens.
    /// </summary>
    private static ContainerSpec OnThesePorts(ContainerSpec container, HubProfile profile) =>
        profile.PortOffset == 0 ? container : container with
        {
            Ports = [.. container.Ports.Select(port => port with { HostPort = port.HostPort + profile.PortOffset })],
            Directories = container.Name != ClusterNames.Prometheus ? container.Directories :
        [
            .. container.Directories.Select(directory => directory with
            {
                Files = [.. directory.Files.Select(file => file.Name != PrometheusConfig.FileName ? file
                    : file with { Text = PrometheusConfig.Render(profile.Topology, Ports.Rest + profile.PortOffset) })],
            }),
        ],
        };
}
