using AppHost.Cluster;
using AppHost.Operations;
using Hub.Operations.Patroni;
using Microsoft.Extensions.DependencyInjection;

namespace AppHost.Patroni;

internal static class DatabaseClusterExtensions
{
    /// <summary>The name of the REST API's port in the topology.</summary>
    public const string RestEndpoint = "patroni";

    /// <summary>
    /// Adds the database cluster above its members. Each member gets a health check, and the cluster one of its own: it is healthy when it
    /// can acknowledge a write.
    /// </summary>
    public static IResourceBuilder<DatabaseClusterResource> AddDatabaseCluster(
        this DevelopmentHub hub, string name, IReadOnlyList<IResourceBuilder<ContainerResource>> members)
    {
        var endpoints = members.Select(member => At(member.GetEndpoint(RestEndpoint))).ToList();

        var environment = hub.Spec(members[0].Resource.Name).Environment;
        string Login(string variable) => environment[variable].Resolve(secret => hub.State.Files.Secrets[secret]);
        hub.Builder.Services.AddSingleton(services =>
            new PatroniClient(services.GetRequiredService<HubTls>().CreateClient(), (Login("PATRONI_RESTAPI_USERNAME"), Login("PATRONI_RESTAPI_PASSWORD")), endpoints));
        var cluster = hub.Builder.AddResource(new DatabaseClusterResource(name, [.. members.Select(member => member.Resource)]))
            .WithInitialState(new CustomResourceSnapshot { ResourceType = "PatroniCluster", Properties = [], State = KnownResourceStates.Running })
            .WithIconName("DatabaseMultiple")
            .WithCheck("patroni", services => new ClusterHealthCheck(services.GetRequiredService<PatroniClient>(), members.Count))
            .WithDatabaseCommands(hub);
        foreach (var (member, endpoint) in members.Zip(endpoints))
            member.WithParentRelationship(cluster).WithCheck("patroni", services => new MemberHealthCheck(services.GetRequiredService<PatroniClient>(), endpoint));
        return cluster;
    }

    /// <summary>The published port of Patroni's REST API.</summary>
    internal static PatroniEndpoint At(EndpointReference member) =>
        new(member.Resource.Name, () => member.PublishedPort() is { } port ? new Uri($"https://{HubTls.Host}:{port}/") : null);
}
