using Hub.Operations.Patroni;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace AppHost.Patroni;

/// <summary>A member is healthy when Patroni says that it is the primary or a running replica.</summary>
internal sealed class MemberHealthCheck(PatroniClient patroni, PatroniEndpoint member) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        if (member.Address() is null)
            return HealthCheckResult.Unhealthy("It has not started.");
        try
        {
            return await patroni.IsReadyAsync(member, cancellationToken) ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy("PostgreSQL does not run (yet).");
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException)
        {
            return HealthCheckResult.Unhealthy($"Patroni does not answer: {failure.Message}");
        }
    }
}

/// <summary>The cluster is healthy when it can acknowledge a write: a leader, and, where there are several members, a synchronous standby.</summary>
internal sealed class ClusterHealthCheck(PatroniClient patroni, int members) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            var cluster = await patroni.ClusterAsync(cancellationToken);
            return cluster.Leader is { } leader && !await patroni.LeadsAsync(leader.Name, cancellationToken)
                ? HealthCheckResult.Unhealthy($"{leader.Name} held the lease and does not answer as the leader: {cluster}")
                : Judge(cluster, members);
        }
        catch (PatroniException problem)
        {
            return HealthCheckResult.Unhealthy(problem.Message);
        }
    }

    internal static HealthCheckResult Judge(PatroniCluster cluster, int members)
    {
        if (cluster.Leader is null)
            return HealthCheckResult.Unhealthy($"No leader: {cluster}");
        if (members > 1 && !cluster.Members.Any(member => member.IsSynchronous))
            return HealthCheckResult.Unhealthy($"No synchronous standby, so writes wait: {cluster}");
        return HealthCheckResult.Healthy(cluster.ToString());
    }
}
