using Microsoft.Extensions.Diagnostics.HealthChecks;
using Npgsql;

namespace ServiceDefaults;

/// <summary>Healthy when the database answers a query within <see cref="Timeout"/>.</summary>
internal sealed class DataSourceHealthCheck(NpgsqlDataSource dataSource) : IHealthCheck
{
    public static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            await using var command = dataSource.CreateCommand("SELECT 1");
            await command.ExecuteScalarAsync(cancellationToken);
            return HealthCheckResult.Healthy();
        }
        catch (PostgresException refused)
        {
            return new HealthCheckResult(context.Registration.FailureStatus,
                $"The database refused: {refused.SqlState} {refused.MessageText}", refused);
        }
        catch (Exception failure) when (failure is NpgsqlException or OperationCanceledException or TimeoutException
            or InvalidOperationException)
        {
            return new HealthCheckResult(context.Registration.FailureStatus, "The database does not answer.", failure);
        }
    }
}
