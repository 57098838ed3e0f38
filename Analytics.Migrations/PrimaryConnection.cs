using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Analytics.Migrations;

/// <summary>
/// The one connection of a run: direct, not pooled, at a primary that 01-init-database.sql has prepared. The advisory lock and every script
/// use it, so when it ends the lock ends, and nothing runs without the lock.
/// </summary>
public static class PrimaryConnection
{
    /// <summary>Waits for such a primary and connects to it.</summary>
    /// <exception cref="ConfigurationException">The connection string cannot be read.</exception>
    /// <exception cref="MigrationException">
    /// None within <see cref="MigrationOptions.PrimaryTimeout"/>; the message says what was seen last.
    /// </exception>
    public static async Task<NpgsqlConnection> OpenAsync(
        string connectionString, MigrationOptions options, ILogger logger, TimeProvider time, CancellationToken cancel)
    {
        var settings = Settings(connectionString);
        var target = $"{settings.Host}:{settings.Port}/{settings.Database}";
        var (started, reported) = (time.GetTimestamp(), time.GetTimestamp());
        while (true)
        {
            var (connection, problem) = await TryOpenAsync(settings.ConnectionString, cancel);
            if (connection is not null)
            {
                await PrepareSessionAsync(connection, options, cancel);
                logger.LogInformation("Connected to the primary at {Target} as {User}, PostgreSQL {Version}", target, settings.Username,
                    connection.PostgreSqlVersion);
                return connection;
            }

            var waited = time.GetElapsedTime(started);
            if (waited >= options.PrimaryTimeout)
                throw new MigrationException($"No usable primary at {target} within {options.PrimaryTimeout:c}: {problem}");
            if (time.GetElapsedTime(reported) >= options.ProgressInterval)
            {
                reported = time.GetTimestamp();
                logger.LogInformation("Waiting for a primary at {Target}, {Waited:F0} s of {Limit:F0} s: {Problem}",
                    target, waited.TotalSeconds, options.PrimaryTimeout.TotalSeconds, problem);
            }

            await Task.Delay(options.PollInterval, time, cancel);
        }
    }

    private static NpgsqlConnectionStringBuilder Settings(string connectionString)
    {
        NpgsqlConnectionStringBuilder settings;
        try
        {
            settings = new NpgsqlConnectionStringBuilder(connectionString);
        }
        catch (ArgumentException e)
        {
            // The message names the keyword, never a value.
            throw new ConfigurationException($"ConnectionStrings__analytics cannot be read: {e.Message}");
        }

        if (string.IsNullOrWhiteSpace(settings.Host) || string.IsNullOrWhiteSpace(settings.Database))
            throw new ConfigurationException("ConnectionStrings__analytics names no Host or no Database.");
        settings.Pooling = false;
        settings.Enlist = false;
        settings.ApplicationName ??= "hub-migrations";
        settings.CommandTimeout = 0;
        settings.TcpKeepAlive = true;
        settings.TcpKeepAliveTime = 30;
        if (settings.Host.Contains(',', StringComparison.Ordinal)) settings.TargetSessionAttributes ??= "primary";
        return settings;
    }

    /// <summary>
    /// What fails here may be different in a second: during bootstrap not even the role exists. Not so an image without the library that
    /// the data needs.
    /// </summary>
    private static async Task<(NpgsqlConnection? Connection, string Problem)> TryOpenAsync(string connectionString,
        CancellationToken cancel)
    {
        var connection = new NpgsqlConnection(connectionString);
        try
        {
            await connection.OpenAsync(cancel);
            var problem = await ProblemAsync(connection, cancel);
            if (problem is null) return (connection, "");
            await connection.DisposeAsync();
            return (null, problem);
        }
        catch (PostgresException e) when (OtherLibrary.Explain(e) is not null)
        {
            await connection.DisposeAsync();
            throw;
        }
        catch (Exception e) when (e is NpgsqlException or TimeoutException or IOException)
        {
            await connection.DisposeAsync();
            return (null, e is PostgresException p ? $"{p.SqlState} {p.MessageText}" : Innermost(e));
        }
    }

    private static async Task<string?> ProblemAsync(NpgsqlConnection connection, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(
            "SELECT pg_is_in_recovery(), to_regnamespace('aggregates') IS NOT NULL AND EXISTS (SELECT FROM pg_extension WHERE extname = "
                + "'timescaledb')",
            connection);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        await reader.ReadAsync(cancel);
        if (reader.GetBoolean(0)) return "it is a replica (pg_is_in_recovery)";
        return reader.GetBoolean(1) ? null : "01-init-database.sql has not run in this database";
    }

    private static async Task PrepareSessionAsync(NpgsqlConnection connection, MigrationOptions options, CancellationToken cancel)
    {
        // client_connection_check_interval: when this process is killed, its running statement is cancelled instead of going on alone.
        await using var command = new NpgsqlCommand(
            string.Create(CultureInfo.InvariantCulture,
                $"SET client_connection_check_interval = '2s'; SET lock_timeout = {(long)options.LockTimeout.TotalMilliseconds}; "
                    + $"SET client_min_messages = 'warning'"),
            connection);
        await command.ExecuteNonQueryAsync(cancel);
        Activity.Current?.SetTag("db.namespace", connection.Database);
    }

    private static string Innermost(Exception e)
    {
        while (e.InnerException is not null) e = e.InnerException;
        return e.Message;
    }
}
