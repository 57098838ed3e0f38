using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Analytics.Ingest.Hosting;

/// <summary>
/// Whether to send requests here: from the first time on that the service was ready. While the primary is away requests wait in the queue, or are
/// refused with a time to come back; a load balancer that left this instance out would refuse their connections instead.
/// </summary>
internal sealed class AcceptingHealthCheck(IHealthCheck ready) : IHealthCheck
{
    public const string Name = "accepting";

    private volatile bool hasBeenReady;

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        if (hasBeenReady) return HealthCheckResult.Healthy("Has been ready; requests wait while the database is not available.");
        var result = await ready.CheckHealthAsync(context, cancellationToken);
        hasBeenReady = result.Status == HealthStatus.Healthy;
        return result;
    }
}
