using System.Security.Cryptography;
using Analytics.Migrations;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Xunit;

namespace Hub.Testing;

/// <summary>
/// One database server for a test assembly, started by the first test that needs it, and a database of its own for every test:
/// <code>
/// [assembly: AssemblyFixture(typeof(DatabaseFixture))]
/// public class What_it_shows(DatabaseFixture databases)
/// {
///     [Fact, Trait(Tiers.Trait, Tiers.Integration)]
///     public async Task Does_so()
///     {
///         await using var database = await databases.CreateMigratedAsync();
///         await database.App.ExecuteAsync("INSERT …");
/// </code>
/// The image is HUB_DATABASE_IMAGE, else hub/database:local. HUB_TEST_DB (a superuser's connection string) redirects to a running server.
/// </summary>
public sealed class DatabaseFixture : IAsyncDisposable
{
    private readonly SemaphoreSlim gate = new(1);
    private DatabaseServer? server;

    /// <summary>The server; started when it is not yet.</summary>
    public async Task<DatabaseServer> GetServerAsync()
    {
        await gate.WaitAsync(TestContext.Current.CancellationToken);
        try
        {
            return server ??= await DatabaseServer.StartAsync();
        }
        finally
        {
            gate.Release();
        }
    }

    /// <summary>A new database after 01-init-database.sql: roles, extensions, schemas, no table.</summary>
    public async Task<TestDatabase> CreateInitialisedAsync()
    {
        var on = await GetServerAsync();
        var name = $"hub_{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(6))}";
        await on.RunInitScriptAsync(name);
        return new TestDatabase(on, name);
    }

    /// <summary>
    /// A new database with this release's whole schema. TimescaleDB's background jobs are stopped in it, so that a policy does not change
    /// data under a test; <see cref="TestDatabase.StartJobsAsync"/> starts them.
    /// </summary>
    public async Task<TestDatabase> CreateMigratedAsync()
    {
        var database = await CreateInitialisedAsync();
        await database.StopJobsAsync();
        await database.MigrateAsync();
        return database;
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        if (server is not null) await server.DisposeAsync();
        gate.Dispose();
    }
}

/// <summary>A database that is dropped when it is disposed of.</summary>
public sealed class TestDatabase : IAsyncDisposable
{
    private readonly Lazy<NpgsqlDataSource> owner, app, reader, monitor, superuser;

    internal TestDatabase(DatabaseServer server, string name)
    {
        (Server, Name) = (server, name);
        owner = Source("llm_owner");
        app = Source("llm_app");
        reader = Source("llm_readonly");
        monitor = Source("monitor");
        superuser = new(() => NpgsqlDataSource.Create(server.SuperuserConnectionString(name)));
        Lazy<NpgsqlDataSource> Source(string role) => new(() => NpgsqlDataSource.Create(ConnectionString(role)));
    }

    /// <summary>The server that it is on.</summary>
    public DatabaseServer Server { get; }

    /// <summary>Its random name.</summary>
    public string Name { get; }

    /// <summary>Connections as llm_owner.</summary>
    public NpgsqlDataSource Owner => owner.Value;

    /// <summary>Connections as llm_app: what ingest uses.</summary>
    public NpgsqlDataSource App => app.Value;

    /// <summary>Connections as llm_readonly.</summary>
    public NpgsqlDataSource ReadOnly => reader.Value;

    /// <summary>Connections as monitor.</summary>
    public NpgsqlDataSource Monitor => monitor.Value;

    /// <summary>Connections as the superuser.</summary>
    public NpgsqlDataSource Superuser => superuser.Value;

    /// <summary>A connection string for one of Hub's roles.</summary>
    public string ConnectionString(string role) => Server.ConnectionString(Name, role);

    /// <summary>Runs the migrations, as the migrations job does.</summary>
    /// <param name="scripts">Other scripts than this release's.</param>
    /// <param name="options">Other options than quick waits.</param>
    /// <param name="logger">Where progress goes; nowhere by default.</param>
    /// <param name="cancel">Stops it; the end of the test by default.</param>
    public Task<MigrationResult> MigrateAsync(
        IReadOnlyList<MigrationScript>? scripts = null, MigrationOptions? options = null, ILogger? logger = null,
        CancellationToken? cancel = null)
    {
        options ??= new MigrationOptions { PrimaryTimeout = TimeSpan.FromSeconds(30), PollInterval = TimeSpan.FromMilliseconds(100) };
        return new Migrator(options, scripts ?? MigrationScript.LoadEmbedded(), logger ?? NullLogger.Instance, TimeProvider.System)
            .RunAsync(ConnectionString("llm_owner"), cancel ?? TestContext.Current.CancellationToken);
    }

    /// <summary>Skips the test, in CI too, unless the image has TimescaleDB's Community edition: it would have nothing to show.</summary>
    public Task RequireCommunityAsync() => RequireAsync("timescale", "Community");

    /// <summary>Skips the test unless the image has TimescaleDB's Apache edition.</summary>
    public Task RequireApacheAsync() => RequireAsync("apache", "Apache");

    /// <summary>Stops TimescaleDB's background jobs in this database.</summary>
    public Task StopJobsAsync() =>
        Superuser.ExecuteAsync("SELECT _timescaledb_functions.stop_background_workers()");

    /// <summary>Starts them again.</summary>
    public Task StartJobsAsync() =>
        Superuser.ExecuteAsync("SELECT _timescaledb_functions.start_background_workers()");

    private async Task RequireAsync(string license, string edition)
    {
        if (await Superuser.ScalarAsync<string>("SELECT current_setting('timescaledb.license')") is { } has && has != license)
            Assert.Skip($"needs TimescaleDB's {edition} edition, {DatabaseServer.Image} has '{has}'");
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        foreach (var source in new[] { owner, app, reader, monitor, superuser }.Where(source => source.IsValueCreated))
            await source.Value.DisposeAsync();
        await Server.DropAsync(Name);
    }
}
