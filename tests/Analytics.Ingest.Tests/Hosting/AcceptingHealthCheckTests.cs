using Analytics.Ingest.Hosting;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Analytics.Ingest.Tests.Hosting;

/// <summary>Requests are sent to an instance that was ready once, also while the database is away.</summary>
public class AcceptingHealthCheckTests
{
    [Fact]
    public async Task Becomes_healthy_when_first_ready_and_stays_healthy_in_an_outage()
    {
        var ready = new Switch();
        var accepting = new AcceptingHealthCheck(ready);
        Assert.Equal((HealthStatus.Unhealthy, "no schema"), await LookAsync(accepting));
        ready.Result = HealthCheckResult.Healthy("primary");
        Assert.Equal((HealthStatus.Healthy, "primary"), await LookAsync(accepting));
        ready.Result = HealthCheckResult.Unhealthy("away");
        Assert.Equal(HealthStatus.Healthy, (await LookAsync(accepting)).Status);
    }

    private static async Task<(HealthStatus Status, string? Reason)> LookAsync(AcceptingHealthCheck check)
    {
        var result = await check.CheckHealthAsync(new HealthCheckContext(), TestContext.Current.CancellationToken);
        return (result.Status, result.Description);
    }

    private sealed class Switch : IHealthCheck
    {
        public HealthCheckResult Result { get; set; } = HealthCheckResult.Unhealthy("no schema");

        public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) => Task.FromResult(Result);
    }
}
