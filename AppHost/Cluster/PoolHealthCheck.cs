using Analytics.Topology;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Npgsql;

namespace AppHost.Cluster;

/// <summary>PgBouncer is healthy when it lets its monitor log in. Whether the database answers behind it is the database resource's
/// check.</summary>
/// <param name="endpoint">The port of the pool.</param>
/// <param name="connectionString">For the published port.</param>
internal sealed class PoolHealthCheck(EndpointReference endpoint, Func<int, string> connectionString) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        if (endpoint.PublishedPort() is not { } port)
            return HealthCheckResult.Unhealthy("It has not started.");
        try
        {
            // A log-in and no question: PgBouncer's console does not know the protocol in which Npgsql asks.
            var source = new NpgsqlDataSourceBuilder(connectionString(port));
            source.ConfigureTypeLoading(types => types.EnableTypeLoading(false));
            await using var pool = source.Build();
            await using var connection = await pool.OpenConnectionAsync(cancellationToken);
            return HealthCheckResult.Healthy();
        }
        catch (NpgsqlException failure)
        {
            return HealthCheckResult.Unhealthy($"PgBouncer does not let its monitor log in: {failure.Message}");
        }
    }
}

internal static class PoolHealth
{
    /// <summary>Logs in to PgBouncer's console, over TLS, as the monitor.</summary>
    public static IResourceBuilder<ContainerResource> WithPoolCheck(this IResourceBuilder<ContainerResource> pgbouncer, DevelopmentHub hub)
    {
        var endpoint = pgbouncer.GetEndpoint(DatabaseConnections.Endpoint);
        return pgbouncer.WithCheck("pool", services => new PoolHealthCheck(endpoint, port => new NpgsqlConnectionStringBuilder
        {
            Host = HubTls.Host,
            Port = port,
            Database = "pgbouncer",
            Username = Roles.Monitor,
            Password = hub.State.Files.Secrets[Secrets.Monitor],
            SslMode = SslMode.VerifyFull,
            RootCertificate = services.GetRequiredService<HubTls>().AuthorityFile,
            Timeout = 5,
            Pooling = false,
        }.ConnectionString));
    }
}
