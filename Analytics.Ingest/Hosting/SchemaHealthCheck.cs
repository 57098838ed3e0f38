using Analytics.Ingest.Database;
using Analytics.Ingest.Pricing;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Npgsql;

namespace Analytics.Ingest.Hosting;

/// <summary>Ready when the database is a primary, its schema is at least the one that this build writes, and prices have been
/// read.</summary>
internal sealed class SchemaHealthCheck(NpgsqlDataSource dataSource, PriceRefresher prices) : IHealthCheck
{
    public const string Name = "schema";

    public static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            await using var command = dataSource.CreateCommand(
                "SELECT pg_is_in_recovery(), (SELECT value FROM analytics.schema_metadata WHERE key = 'schema_version')");
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            await reader.ReadAsync(cancellationToken);
            if (reader.GetBoolean(0)) return Not("The database is a replica, not the primary.");
            if (reader.IsDBNull(1)) return Not("The schema has no version: the migrations have not run to their end.");
            if (!SchemaVersion.IsEnough(reader.GetString(1), out var version))
            {
                return Not($"The schema has version {reader.GetString(1)}, this build needs {SchemaVersion.Required:00}. Run the "
                    + $"migrations.");
            }

            return prices.Loaded.IsCompleted
                ? HealthCheckResult.Healthy($"Primary, schema {version:00}.") : Not("Prices have not been read yet.");
        }
        catch (PostgresException missing) when (missing.SqlState is PostgresErrorCodes.UndefinedTable
            or PostgresErrorCodes.InvalidSchemaName)
        {
            return Not("There is no schema: the migrations have not run.");
        }
        catch (Exception failure) when (failure is NpgsqlException or OperationCanceledException or TimeoutException)
        {
            return Not("The database does not answer.", failure);
        }

        HealthCheckResult Not(string reason, Exception? failure = null) => new(context.Registration.FailureStatus, reason, failure);
    }
}
