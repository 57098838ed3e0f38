using Analytics.Topology;
using Analytics.Topology.Containers;
using AppHost.Cluster;
using Aspire.Hosting.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

[assembly: AssemblyFixture(typeof(AppHost.Tests.HubModels))]

namespace AppHost.Tests;

/// <summary>The model of each profile as F5 would start it; made once, never started.</summary>
public sealed class HubModels : IAsyncDisposable
{
    private readonly SemaphoreSlim gate = new(1);
    private readonly Dictionary<string, HubModel> models = [];

    internal async Task<HubModel> GetAsync(string profile)
    {
        await gate.WaitAsync(TestContext.Current.CancellationToken);
        try
        {
            if (!models.TryGetValue(profile, out var model))
                models[profile] = model = await HubModel.CreateAsync(profile);
            return model;
        }
        finally
        {
            gate.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var model in models.Values)
            await model.DisposeAsync();
        gate.Dispose();
    }
}

/// <summary>One profile's model, with its state in a directory of its own.</summary>
internal sealed class HubModel : IAsyncDisposable
{
    private readonly DirectoryInfo root;
    private readonly IDistributedApplicationTestingBuilder builder;

    private HubModel(string profile, DirectoryInfo root, IDistributedApplicationTestingBuilder builder)
    {
        (this.root, this.builder) = (root, builder);
        Profile = profile;
        Topology = TopologyOf(profile);
        Containers = ClusterContainers.For(Topology);
        Secrets = Analytics.Topology.Security.SecretValues.Complete(File.ReadAllText(StatePath("secrets.env")));
        AllocateEndpoints();
    }

    public static TheoryData<string> Profiles => [HubProfile.Cluster, HubProfile.Single];

    public static ClusterTopology TopologyOf(string profile) =>
        profile == HubProfile.Single ? Presets.DevelopmentSingle : Presets.Development;

    public string Profile { get; }
    public ClusterTopology Topology { get; }
    public IReadOnlyList<ContainerSpec> Containers { get; }
    public Analytics.Topology.Security.SecretValues Secrets { get; }
    public IReadOnlyList<IResource> Resources => [.. builder.Resources];
    public IServiceProvider Services => services ??= builder.Services.BuildServiceProvider();
    private ServiceProvider? services;

    public string Repository => Path.GetFullPath(Path.Combine(builder.AppHostDirectory, ".."));

    public static async Task<HubModel> CreateAsync(string profile, params string[] more)
    {
        var root = Directory.CreateTempSubdirectory("hub-apphost-");
        try
        {
            return new HubModel(profile, root, await DistributedApplicationTestingBuilder.CreateAsync<Projects.AppHost>(
                [$"--{HubProfile.Variable}={profile}", $"--{HubState.Variable}={root.FullName}",
                    .. more], TestContext.Current.CancellationToken));
        }
        catch
        {
            root.Delete(recursive: true);
            throw;
        }
    }

    public string StatePath(params string[] path) => Path.Combine([root.FullName, "aspire", .. path]);

    /// <summary>The only resource of that name.</summary>
    public T Single<T>(string name) where T : IResource =>
        Assert.IsAssignableFrom<T>(Assert.Single(builder.Resources, resource => resource.Name == name));

    /// <summary>What a container or a program is started with, every reference resolved.</summary>
    public async Task<(IReadOnlyList<string> Arguments, IReadOnlyDictionary<string, string> Environment)> StartAsync(IResource resource)
    {
        var configuration = await ExecutionConfigurationBuilder.Create(resource).WithArgumentsConfig().WithEnvironmentVariablesConfig()
            .BuildAsync(builder.ExecutionContext, NullLogger.Instance, TestContext.Current.CancellationToken);
        if (configuration.Exception is { } problem)
            throw problem;
        return ([.. configuration.Arguments.Select(argument => argument.Value)],
            configuration.EnvironmentVariables.ToDictionary(variable => variable.Key, variable => variable.Value));
    }

    public async Task<IReadOnlyList<string>> RuntimeArgumentsAsync(IResource resource)
    {
        var context = new ContainerRuntimeArgsCallbackContext([]);
        foreach (var annotation in resource.Annotations.OfType<ContainerRuntimeArgsCallbackAnnotation>())
            await annotation.Callback(context);
        return [.. context.Args.Select(argument => Assert.IsType<string>(argument))];
    }

    /// <summary>The values that the model itself holds, before anything is resolved.</summary>
    public async Task<IReadOnlyDictionary<string, object>> RawEnvironmentAsync(IResource resource)
    {
        var context = new EnvironmentCallbackContext(builder.ExecutionContext, resource, []);
        foreach (var annotation in resource.Annotations.OfType<EnvironmentCallbackAnnotation>())
            await annotation.Callback(context);
        return context.EnvironmentVariables;
    }

    public async ValueTask DisposeAsync()
    {
        if (services is not null)
            await services.DisposeAsync();
        await builder.DisposeAsync();
        root.Delete(recursive: true);
    }

    /// <summary>In place of the orchestrator: fixed ports as they are, the others counted up.</summary>
    private void AllocateEndpoints()
    {
        var next = 30000;
        foreach (var endpoint in builder.Resources.SelectMany(resource => resource.Annotations.OfType<EndpointAnnotation>()))
            endpoint.AllocatedEndpoint = new AllocatedEndpoint(endpoint, "localhost", endpoint.Port ?? next++);
    }
}
