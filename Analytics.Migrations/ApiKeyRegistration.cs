using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Analytics.Migrations;

/// <summary>An API key that somebody else made, to be known to a database: the verb <c>ensure-key</c>.</summary>
/// <param name="Key">HUB_API_KEY: the whole key, 24 to 256 printable ASCII characters without spaces.</param>
/// <param name="Project">HUB_API_PROJECT: the project that it writes to and reads from, made when it is missing. Default <c>development</c>.</param>
public sealed record ApiKeyRegistration(string Key, string Project)
{
    /// <summary>The project of a key that says nothing else.</summary>
    public const string DefaultProject = "development";

    /// <summary>The name under which <c>hub key list</c> shows the key.</summary>
    public const string Name = "ensure-key";

    // The first characters are stored to recognise a key by; the rest alone must be too much to guess.
    private const int PrefixLength = 12;
    private const int ShortestKey = 24;
    private const int LongestKey = 256;

    /// <summary>What the database keeps of the key: SHA-256. Enough for a random text of this length.</summary>
    public byte[] Hash => SHA256.HashData(Encoding.UTF8.GetBytes(Key));

    /// <summary>Reads it.</summary>
    /// <exception cref="ConfigurationException">HUB_API_KEY is missing or not a valid key; the message does not repeat it.</exception>
    public static ApiKeyRegistration Read(IConfiguration configuration)
    {
        var key = configuration["HUB_API_KEY"];
        if (string.IsNullOrEmpty(key))
            throw new ConfigurationException("HUB_API_KEY is not set: the key to register.");
        if (key.Length is < ShortestKey or > LongestKey || key.Any(letter => letter is <= ' ' or > '~'))
            throw new ConfigurationException($"HUB_API_KEY is not a valid key: it must have {ShortestKey} to {LongestKey} printable ASCII characters without spaces.");
        var project = configuration["HUB_API_PROJECT"];
        return new ApiKeyRegistration(key, string.IsNullOrWhiteSpace(project) ? DefaultProject : project.Trim());
    }

    /// <summary>Registers the key unless it is known. May be run again, and by several at once.</summary>
    /// <param name="connectionString">As <c>llm_owner</c>, straight at the primary.</param>
    /// <param name="options">How long to wait for a primary.</param>
    /// <param name="logger">Where it says what it did; never the key.</param>
    /// <param name="time">The clock of the wait.</param>
    /// <param name="cancel">Stops the wait.</param>
    /// <returns>Whether this run registered it.</returns>
    /// <exception cref="MigrationException">The key is known and not valid there, or the database refused.</exception>
    public async Task<bool> EnsureAsync(string connectionString, MigrationOptions options, ILogger logger, TimeProvider time, CancellationToken cancel = default)
    {
        options.Validate();
        try
        {
            await using var connection = await PrimaryConnection.OpenAsync(connectionString, options, logger, time, cancel);
            var isNew = !await IsKnownAsync(connection, cancel) && await RegisterAsync(connection, cancel);
            logger.LogInformation("Key {Prefix}… of project {Project} is {State}", Key[..PrefixLength], Project, isNew ? "registered" : "registered already");
            return isNew;
        }
        catch (NpgsqlException e)
        {
            throw new MigrationException($"The key was not registered: {e.Message}", e);
        }
    }

    /// <exception cref="MigrationException">It is revoked, has expired or belongs to another project: giving it back its rights is a person's decision.</exception>
    private async Task<bool> IsKnownAsync(NpgsqlConnection connection, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(
            """
            SELECT p.name, k.revoked_at IS NOT NULL, coalesce(k.expires_at < now(), false)
              FROM analytics.api_keys k JOIN analytics.projects p USING (project_id) WHERE k.key_hash = $1
            """, connection)
        { Parameters = { new() { Value = Hash } } };
        await using var reader = await command.ExecuteReaderAsync(cancel);
        if (!await reader.ReadAsync(cancel)) return false;
        var problem = reader.GetBoolean(1) ? "was revoked" : reader.GetBoolean(2) ? "has expired" : reader.GetString(0) != Project ? $"belongs to project {reader.GetString(0)}" : null;
        return problem is null ? true : throw new MigrationException($"Key {Key[..PrefixLength]}… {problem}. Use another key.");
    }

    /// <summary>False when another run was quicker.</summary>
    private async Task<bool> RegisterAsync(NpgsqlConnection connection, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand("SELECT analytics.create_api_key($1, $2, $3, $4)", connection)
        {
            Parameters = { new() { Value = Project }, new() { Value = Name }, new() { Value = Hash }, new() { Value = Key[..PrefixLength] } },
        };
        try
        {
            await command.ExecuteScalarAsync(cancel);
            return true;
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.UniqueViolation)
        {
            return !await IsKnownAsync(connection, cancel);
        }
    }
}
