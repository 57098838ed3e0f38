using AppHost.Cluster;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace AppHost.Patroni;

internal static class DatabaseClusterExtensions
{
    /// <summary>The name of the REST API's port in the topology.</summary>
    public const string RestEndpoint = "patroni";

    /// <summary>
    /// Adds the database cluster above its members. Each member gets a health check, and the cluster one of its own: it is healthy when it can
    /// acknowledge a write.
    /// </summary>
    public static IResourceBuilder<DatabaseClusterResource> AddDatabaseCluster(
        this DevelopmentHub hub, string name, IReadOnlyList<IResourceBuilder<ContainerResource>> members)
    {
        var endpoints = members.Select(member => member.GetEndpoint(RestEndpoint)).ToList();

        var environment = hub.Spec(members[0].Resource.Name).Environment;
        string Login(string variable) => environment[variable].Resolve(secret => hub.State.Files.Secrets[secret]);
        hub.Builder.Services.AddSingleton(_ =>
            new PatroniClient(hub.State, (Login("PATRONI_RESTAPI_USERNAME"), Login("PATRONI_RESTAPI_PASSWORD")), endpoints));
        var cluster = hub.Builder.AddResource(new DatabaseClusterResource(name, [.. members.Select(member => member.Resource)]))
            .WithInitialState(new CustomResourceSnapshot { ResourceType = "PatroniCluster", Properties = [], State = KnownResourceStates.Running })
            .WithIconName("DatabaseMultiple")
            .WithCheck(services => new ClusterHealthCheck(services.GetRequiredService<PatroniClient>(), members.Count))
            .WithDatabaseCommands();
        foreach (var (member, endpoint) in members.Zip(endpoints))
            member.WithParentRelationship(cluster).WithCheck(services => new MemberHealthCheck(services.GetRequiredService<PatroniClient>(), endpoint));
        return cluster;
    }

    private static IResourceBuilder<T> WithCheck<T>(this IResourceBuilder<T> resource, Func<IServiceProvider, IHealthCheck> check) where T : IResource
    {
        var key = $"{resource.Resource.Name}_patroni";
        resource.ApplicationBuilder.Services.AddHealthChecks().Add(new HealthCheckRegistration(key, check, failureStatus: null, tags: null, timeout: TimeSpan.FromSeconds(10)));
        return resource.WithHealthCheck(key);
    }
}
