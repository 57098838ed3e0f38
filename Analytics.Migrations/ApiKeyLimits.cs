using System.Globalization;
using Hub.Shared;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Analytics.Migrations;

/// <summary>Limits of an API key to set, to remove or to show: the verb <c>limit-key</c>. Each limit is a number, or <c>none</c> to remove
/// it; a limit that is not named stays as it is.</summary>
/// <param name="KeyId">HUB_API_KEY_ID: the number of the key.</param>
/// <param name="RequestsPerSecond">HUB_KEY_REQUESTS_PER_SECOND: 0.001 to 1000000, for each replica of ingest.</param>
/// <param name="BytesPerSecond">HUB_KEY_BYTES_PER_SECOND: bytes of bodies as sent, for each replica of ingest.</param>
/// <param name="CallsPerDay">HUB_KEY_CALLS_PER_DAY: model calls stored on a day of UTC, over all replicas.</param>
public sealed record ApiKeyLimits(int KeyId, string? RequestsPerSecond, string? BytesPerSecond, string? CallsPerDay)
{
    /// <summary>Reads them.</summary>
    /// <exception cref="ConfigurationException">A value is missing or wrong.</exception>
    public static ApiKeyLimits Read(IConfiguration configuration)
    {
        if (!int.TryParse(configuration["HUB_API_KEY_ID"], NumberStyles.None, CultureInfo.InvariantCulture, out var key))
            throw new ConfigurationException("HUB_API_KEY_ID is not set to the number of a key.");
        return new ApiKeyLimits(key, Value("HUB_KEY_REQUESTS_PER_SECOND", KeyLimitValues.RequestsPerSecond),
            Value("HUB_KEY_BYTES_PER_SECOND", KeyLimitValues.BytesPerSecond), Value("HUB_KEY_CALLS_PER_DAY", KeyLimitValues.CallsPerDay));

        string? Value(string variable, string limit)
        {
            if (configuration[variable]?.Trim() is not { Length: > 0 } value) return null;
            if (KeyLimitValues.Problem(limit, value) is { } problem) throw new ConfigurationException($"{variable}: {problem}.");
            return value;
        }
    }

    /// <summary>Sets what is named, and says in the log what the limits then are.</summary>
    /// <param name="connectionString">As <c>llm_owner</c>, straight at the primary.</param>
    /// <param name="options">How long to wait for a primary.</param>
    /// <param name="logger">Where it says it.</param>
    /// <param name="time">The clock of the wait.</param>
    /// <param name="cancel">Stops the wait.</param>
    /// <returns>The limits of the key afterwards, as <c>hub key list</c> shows them.</returns>
    /// <exception cref="MigrationException">There is no such key, or the database refused.</exception>
    public async Task<string> ApplyAsync(string connectionString, MigrationOptions options, ILogger logger, TimeProvider time,
        CancellationToken cancel = default)
    {
        options.Validate();
        try
        {
            await using var connection = await PrimaryConnection.OpenAsync(connectionString, options, logger, time, cancel);
            await using var command = new NpgsqlCommand(KeyLimitValues.Change, connection);
            command.Parameters.Add(new NpgsqlParameter { Value = KeyId });
            foreach (var value in new[] { RequestsPerSecond, BytesPerSecond, CallsPerDay })
                command.Parameters.Add(new NpgsqlParameter<string?> { TypedValue = value });
            await using var reader = await command.ExecuteReaderAsync(cancel);
            if (!await reader.ReadAsync(cancel)) throw new MigrationException($"There is no valid key with number {KeyId}.");
            var (prefix, limits) = (reader.GetString(0), reader.GetString(1));
            logger.LogInformation("Limits of key {Key}, {Prefix}…: {Limits}", KeyId, prefix, limits);
            return limits;
        }
        catch (NpgsqlException e)
        {
            throw new MigrationException($"The limits were not set: {e.Message}", e);
        }
    }
}
