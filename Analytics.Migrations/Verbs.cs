using Analytics.Migrations.Etcd;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

namespace Analytics.Migrations;

/// <summary>What the program can be asked to do.</summary>
internal static class Verbs
{
    public static Task RunAsync(string verb, IConfiguration configuration, ILogger logger, TimeProvider time, CancellationToken cancel) =>
        verb switch
        {
            "migrate" => MigrateAsync(configuration, logger, time, cancel),
            "etcd-auth" => EtcdAuthAsync(configuration, logger, time, cancel),
            "ensure-key" => ApiKeyRegistration.Read(configuration).EnsureAsync(Connection(configuration), Options(configuration), logger,
                time,
                cancel),
            "limit-key" => ApiKeyLimits.Read(configuration).ApplyAsync(Connection(configuration), Options(configuration), logger, time,
                cancel),
            _ => throw new ConfigurationException(
                $"'{verb}' is unknown. Usage: Analytics.Migrations [migrate | etcd-auth | ensure-key | limit-key]"),
        };

    private static Task MigrateAsync(IConfiguration configuration, ILogger logger, TimeProvider time, CancellationToken cancel) =>
        new Migrator(Options(configuration), MigrationScript.LoadEmbedded(), logger, time).RunAsync(Connection(configuration), cancel);

    private static async Task EtcdAuthAsync(IConfiguration configuration, ILogger logger, TimeProvider time, CancellationToken cancel)
    {
        var settings = EtcdAuthSettings.Read(configuration);
        using var gateway = EtcdGateway.Connect(settings);
        await new EtcdAuth(gateway, settings, logger, time).EnsureAsync(cancel);
    }

    private static string Connection(IConfiguration configuration)
    {
        var connectionString = configuration.GetConnectionString("analytics");
        return string.IsNullOrWhiteSpace(connectionString)
            ? throw new ConfigurationException(
                "ConnectionStrings__analytics is not set: the connection of llm_owner, straight at the primary.")
            : connectionString;
    }

    private static MigrationOptions Options(IConfiguration configuration)
    {
        try
        {
            return configuration.GetSection(MigrationOptions.Section).Get<MigrationOptions>() ?? new MigrationOptions();
        }
        catch (InvalidOperationException e)
        {
            throw new ConfigurationException($"{MigrationOptions.Section}: {e.Message}");
        }
    }
}
