using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Npgsql;
using ServiceDefaults;

namespace Microsoft.Extensions.Hosting;

/// <summary>Registers the analytics database.</summary>
public static class DataSourceExtensions
{
    /// <summary>
    /// Registers an <see cref="NpgsqlDataSource"/> from the connection string <c>ConnectionStrings:{name}</c>, a health check called
    /// <paramref name="name"/> (tagged <see cref="HealthTags.Ready"/>), and Npgsql's traces and metrics. With Aspire's packages this goes
    /// over Aspire.Npgsql, without them over Npgsql's own; both register the same things.
    /// </summary>
    /// <param name="builder">The application.</param>
    /// <param name="name">The connection's name, as the AppHost and the configuration call it.</param>
    /// <param name="configure">Further settings of the data source.</param>
    /// <exception cref="InvalidOperationException">There is no such connection string.</exception>
    public static TBuilder AddAnalyticsDataSource<TBuilder>(this TBuilder builder, string name,
        Action<NpgsqlDataSourceBuilder>? configure = null)
        where TBuilder : IHostApplicationBuilder
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        var connectionString = builder.Configuration.GetConnectionString(name);
        if (string.IsNullOrWhiteSpace(connectionString))
        {
            throw new InvalidOperationException(
                $"The connection string '{name}' is missing. Set ConnectionStrings__{name}, for example " +
                "'Host=localhost;Port=6432;Database=llm_analytics;Username=llm_app;Password=…;No Reset On Close=true'.");
        }

#if HUB_ASPIRE
        // The health check is registered below for both variants: Aspire's would be called PostgreSql and carry no tag.
        builder.AddNpgsqlDataSource(name, settings => settings.DisableHealthChecks = true, source => configure?.Invoke(source));
#else
        builder.Services.AddNpgsqlDataSource(connectionString, source => configure?.Invoke(source));
        builder.Services.AddOpenTelemetry()
            .WithTracing(tracing => tracing.AddNpgsql())
            .WithMetrics(metrics => metrics.AddNpgsqlInstrumentation());
#endif
        builder.Services.AddHealthChecks().Add(new HealthCheckRegistration(
            name,
            services => new DataSourceHealthCheck(services.GetRequiredService<NpgsqlDataSource>()),
            HealthStatus.Unhealthy,
            [HealthTags.Ready],
            DataSourceHealthCheck.Timeout));
        return builder;
    }
}
