using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Analytics.Migrations;

/// <summary>What a run did.</summary>
/// <param name="Edition">The edition of the server.</param>
/// <param name="Applied">The scripts that this run applied, in order.</param>
public sealed record MigrationResult(Edition Edition, IReadOnlyList<string> Applied);

/// <summary>
/// Brings a database to this release's schema. May be run again, by several at once, and killed at any moment.
/// </summary>
/// <remarks>
/// Why not DbUp: its transaction mode belongs to a run, not to a script; its connection manager opens a connection per run that an advisory
/// lock cannot share with its journal; the journal knows names but no checksums; it neither refuses an edited nor an unknown script; and
/// its calls are synchronous, so a stop signal waits for the script. With connection manager, journal, filter and executor replaced nothing
/// of it would be left but the loop.
/// </remarks>
public sealed class Migrator(MigrationOptions options, IReadOnlyList<MigrationScript> scripts, ILogger logger, TimeProvider time)
{
    /// <summary>The source of the spans <c>migrate</c> and <c>migrate script</c>.</summary>
    public static readonly ActivitySource Source = new("Hub.Migrations");

    /// <summary>Applies what is missing.</summary>
    /// <param name="connectionString">As <c>llm_owner</c>, straight at the primary: not through a transaction pool.</param>
    /// <param name="cancel">Stops between statements and cancels the running one; what was not committed is rolled back.</param>
    /// <exception cref="ConfigurationException">The connection string or an option is wrong.</exception>
    /// <exception cref="MigrationException">Why it stopped, for the operator.</exception>
    public async Task<MigrationResult> RunAsync(string connectionString, CancellationToken cancel = default)
    {
        options.Validate();
        using var span = Source.StartActivity("migrate");
        try
        {
            await using var connection = await PrimaryConnection.OpenAsync(connectionString, options, logger, time, cancel);
            await RunnerLock.AcquireAsync(connection, options, logger, time, cancel);
            var result = await ApplyAsync(connection, cancel);
            span?.SetTag("hub.scripts", result.Applied.Count);
            return result;
        }
        catch (PostgresException e) when (OtherLibrary.Explain(e) is { } problem)
        {
            span?.SetStatus(ActivityStatusCode.Error, e.Message);
            throw new MigrationException(problem, e);
        }
        catch (NpgsqlException e)
        {
            span?.SetStatus(ActivityStatusCode.Error, e.Message);
            throw new MigrationException($"The database refused or the connection broke: {e.Message}", e);
        }
        catch (Exception e)
        {
            span?.SetStatus(ActivityStatusCode.Error, e.Message);
            throw;
        }
    }

    private async Task<MigrationResult> ApplyAsync(NpgsqlConnection connection, CancellationToken cancel)
    {
        var server = await ServerFacts.ReadAsync(connection, cancel);
        server.RequireSupported();
        var edition = server.Edition;
        var journal = new SchemaJournal(connection);
        await journal.EnsureAsync(cancel);
        if (await journal.GetMetadataAsync("edition", cancel) is { } recorded && recorded != edition.Name())
        {
            throw new MigrationException(
                $"This database was created on TimescaleDB's {recorded} edition, the server now runs the {edition.Name()} edition. "
                + $"Their schemas differ. {OtherLibrary.Steps}");
        }

        var pending = MigrationPlan.Pending(scripts, await journal.ReadAsync(cancel), edition);
        logger.LogInformation("TimescaleDB {Version}, {Edition} edition: {Count} scripts to apply", server.TimescaleVersion, edition.Name(), pending.Count);
        await journal.SetMetadataAsync("edition", edition.Name(), cancel);
        await journal.SetMetadataAsync("timescaledb_version", server.TimescaleVersion.ToString(), cancel);
        for (var i = 0; i < pending.Count; i++)
            await ApplyAsync(connection, journal, pending[i], edition, $"{i + 1}/{pending.Count}", cancel);
        logger.LogInformation("Schema version {Version}", await journal.GetMetadataAsync("schema_version", cancel) ?? "none");
        return new MigrationResult(edition, [.. pending.Select(script => script.Name)]);
    }

    private async Task ApplyAsync(
        NpgsqlConnection connection, SchemaJournal journal, MigrationScript script, Edition edition, string progress, CancellationToken cancel)
    {
        using var span = Source.StartActivity("migrate script");
        span?.SetTag("hub.script", script.Name);
        logger.LogInformation("[{Progress}] {Script} …", progress, script.Name);
        var started = time.GetTimestamp();
        var statements = Statements(script);
        var appliedBy = $"{connection.UserName}@{Environment.MachineName} {typeof(Migrator).Assembly.GetName().Version}";
        if (script.Header.InTransaction)
        {
            await using var transaction = await connection.BeginTransactionAsync(cancel);
            await ExecuteAsync(connection, script, statements, cancel);
            await journal.AddAsync(script, edition, time.GetElapsedTime(started), appliedBy, cancel);
            await transaction.CommitAsync(cancel);
        }
        else
        {
            await ExecuteAsync(connection, script, statements, cancel);
            await journal.AddAsync(script, edition, time.GetElapsedTime(started), appliedBy, cancel);
        }

        logger.LogInformation("[{Progress}] {Script} applied in {Elapsed:F0} ms", progress, script.Name, time.GetElapsedTime(started).TotalMilliseconds);
    }

    private static IReadOnlyList<SqlStatement> Statements(MigrationScript script)
    {
        try
        {
            var statements = SqlSplitter.Split(script.Text);
            // A COMMIT inside would leave the rest of the script, and its journal row, without the promised transaction.
            var own = statements.FirstOrDefault(s => TransactionWords.Contains(s.Text.Split((char[]?)null, 2)[0].ToUpperInvariant()));
            return own is null
                ? statements
                : throw new MigrationException($"{script.Name} line {own.Line}: the runner controls transactions; use the header instead.");
        }
        catch (FormatException e)
        {
            throw new MigrationException($"{script.Name} {e.Message}", e);
        }
    }

    private static readonly HashSet<string> TransactionWords = ["BEGIN", "START", "COMMIT", "END", "ROLLBACK", "ABORT", "SAVEPOINT", "PREPARE"];

    private static async Task ExecuteAsync(
        NpgsqlConnection connection, MigrationScript script, IReadOnlyList<SqlStatement> statements, CancellationToken cancel)
    {
        foreach (var statement in statements)
        {
            try
            {
                await using var command = new NpgsqlCommand(statement.Text, connection);
                await command.ExecuteNonQueryAsync(cancel);
            }
            catch (NpgsqlException e)
            {
                var detail = e is PostgresException p ? string.Join(" ", new[] { p.SqlState, p.MessageText, p.Detail, p.Hint }.Where(t => !string.IsNullOrEmpty(t))) : e.Message;
                var left = script.Header.InTransaction ? "nothing of it remains" : "the statements before it remain; it can be run again";
                throw new MigrationException($"{script.Name}, statement at line {statement.Line}: {detail} ({left}).", e);
            }
        }
    }
}
