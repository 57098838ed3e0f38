using Analytics.Topology;

namespace AppHost.Cluster;

/// <summary>
/// The database as Aspire's PostgreSQL integration sees it: a server behind PgBouncer for who writes, one behind HAProxy for who owns the
/// schema, and a database resource of each that programs reference.
/// </summary>
internal static class DatabaseConnections
{
    /// <summary>The name of the connection that every program of Hub reads.</summary>
    public const string Connection = "analytics";

    /// <summary>The environment variable of it.</summary>
    public const string Variable = $"ConnectionStrings__{Connection}";

    /// <summary>The name by which Aspire's PostgreSQL resource knows its endpoint.</summary>
    public const string Endpoint = "tcp";

    /// <summary>Adds the database behind a server, with the health check of Aspire's integration: it logs in and asks.</summary>
    /// <param name="hub">The hub.</param>
    /// <param name="name">The resource.</param>
    /// <param name="server">HAProxy or PgBouncer.</param>
    /// <param name="client">The container whose connection string it is: TLS with the hub's own CA, pool and time-outs, which Aspire's own
    /// has no words for.</param>
    public static IResourceBuilder<PostgresDatabaseResource> AddDatabase(this DevelopmentHub hub, string name,
        IResourceBuilder<ContainerResource> server, string client)
    {
        var spec = hub.Spec(client);
        var postgres = hub.Builder.CreateResourceBuilder((PostgresServerResource)server.Resource)
            .WithAnnotation(
                new ConnectionStringRedirectAnnotation(new Connected(server.Resource.Name,
                    HostValues.OnThisMachine(hub, spec, spec.Environment[Variable]))));
        return postgres.AddDatabase(name, ClusterNames.Database);
    }

    /// <summary>A server whose user is one of the topology's roles.</summary>
    public static PostgresServerResource NewServer(DevelopmentHub hub, string name, string role, string secret) =>
        new(name, new ParameterResource($"{name}-user", _ => role), hub.Secret(secret));

    /// <summary>The connection string that stands in for the server's own. Its <c>Database=</c> is named once more by the database
    /// resource, to the same end.</summary>
    private sealed class Connected(string name, ReferenceExpression connectionString) : Resource(name), IResourceWithConnectionString
    {
        public ReferenceExpression ConnectionStringExpression => connectionString;
    }
}
