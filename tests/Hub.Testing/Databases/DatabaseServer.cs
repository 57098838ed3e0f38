using System.Diagnostics;
using System.Reflection;
using System.Text;
using Analytics.Migrations;
using DotNet.Testcontainers.Configurations;
using DotNet.Testcontainers.Networks;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Testcontainers.PostgreSql;
using Xunit;

namespace Hub.Testing;

/// <summary>A database server for tests: a container of the database image alone, or the server that HUB_TEST_DB names.</summary>
public sealed class DatabaseServer : IAsyncDisposable
{
    /// <summary>The password of every role, the superuser of the container included.</summary>
    public const string Password = "tests-only'\"$x";

    private const string InitScript = "01-init-database.sql";
    private const string InitScriptPath = "/tmp/" + InitScript;
    private static readonly string[] PasswordVariables =
        ["LLM_OWNER_PASSWORD", "LLM_APP_PASSWORD", "LLM_READONLY_PASSWORD", "MONITOR_PASSWORD", "PGBOUNCER_PASSWORD"];

    private readonly string superuser;
    private readonly PostgreSqlContainer? container;

    // Roles belong to the whole server: two scripts at once would collide in creating them.
    private readonly SemaphoreSlim initialising = new(1);

    private DatabaseServer(string superuser, PostgreSqlContainer? container) => (this.superuser, this.container) = (superuser, container);

    /// <summary>The image that tests of one database use.</summary>
    public static string Image => Environment.GetEnvironmentVariable("HUB_DATABASE_IMAGE") is { Length: > 0 } image
        ? image : "hub/database:local";

    /// <summary>The container; null when HUB_TEST_DB redirects.</summary>
    public PostgreSqlContainer? Container => container;

    /// <summary>Starts it.</summary>
    /// <param name="settings">Settings of the server, such as <c>max_connections=20</c>.</param>
    public static Task<DatabaseServer> StartAsync(params string[] settings) => StartAsync(null, settings);

    /// <summary>Starts it in a network, where it can reach other containers.</summary>
    /// <param name="network">The network; null: the engine's own.</param>
    /// <param name="settings">Settings of the server.</param>
    public static async Task<DatabaseServer> StartAsync(INetwork? network, params string[] settings)
    {
        if (Environment.GetEnvironmentVariable("HUB_TEST_DB") is { Length: > 0 } redirected) return new DatabaseServer(redirected, null);
        var container = Prerequisites.Build(() => Build(network, settings));
        await Prerequisites.StartAsync(container);
        return new DatabaseServer(container.GetConnectionString(), container);
    }

    /// <summary>A connection string of the superuser.</summary>
    public string SuperuserConnectionString(string database) =>
        new NpgsqlConnectionStringBuilder(superuser) { Database = database, IncludeErrorDetail = true, MaxPoolSize = 20 }.ConnectionString;

    /// <summary>A connection string of one of Hub's roles.</summary>
    public string ConnectionString(string database, string role) =>
        new NpgsqlConnectionStringBuilder(SuperuserConnectionString(database)) { Username = role, Password = Password }.ConnectionString;

    /// <summary>Runs 01-init-database.sql with psql, as Patroni's post-bootstrap does, for a database of the given name.</summary>
    /// <returns>What psql printed to standard output and error.</returns>
    public async Task<string> RunInitScriptAsync(string database)
    {
        await initialising.WaitAsync(TestContext.Current.CancellationToken);
        try
        {
            return container is null ? await RunPsqlHereAsync(database) : await RunPsqlInContainerAsync(container, database);
        }
        finally
        {
            initialising.Release();
        }
    }

    /// <summary>A database of this server, dropped when it is disposed of.</summary>
    public TestDatabase Open(string database) => new(this, database);

    /// <summary>Drops a database, ending every connection to it.</summary>
    public async Task DropAsync(string database)
    {
        await using var source = NpgsqlDataSource.Create(SuperuserConnectionString("postgres"));
        await source.ExecuteAsync($"DROP DATABASE IF EXISTS \"{database}\" WITH (FORCE)");
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        if (container is not null) await container.DisposeAsync();
        initialising.Dispose();
    }

    private static PostgreSqlContainer Build(INetwork? network, string[] settings)
    {
        // A test database may lose data in a crash. The command is complete, for what an image's own command sets is replaced by it.
        string[] all = ["listen_addresses=*", "fsync=off", "full_page_writes=off",
            "shared_preload_libraries=timescaledb,pg_stat_statements",
            "timescaledb.telemetry_level=off", "max_connections=200", "max_worker_processes=40", "timescaledb.max_background_workers=24",
            "log_statement=all", .. settings];
        var builder = new PostgreSqlBuilder(Image).WithLogger(NullLogger.Instance)
            .WithUsername("postgres").WithPassword(Password).WithDatabase("postgres")
            .WithCommand(new OverwriteEnumerable<string>(["postgres", .. all.SelectMany(setting => new[] { "-c", setting })]))
            .WithResourceMapping(Encoding.UTF8.GetBytes(ReadInitScript()), InitScriptPath)

            // The engine's init is process 1: as that, PostgreSQL would take the death of any orphan, such as what a killed drill leaves
            // behind, for a crash of one of its own, and end every connection.
            .WithCreateParameterModifier(create => (create.HostConfig ??= new()).Init = true);
        if (network is not null) builder = builder.WithNetwork(network);
        foreach (var variable in PasswordVariables) builder = builder.WithEnvironment(variable, Password);
        // Without its reaper Testcontainers would only stop it: the engine removes it, and its volume, when it ends.
        return builder.WithEnvironment("PGPASSWORD", Password).WithAutoRemove(true).Build();
    }

    private static async Task<string> RunPsqlInContainerAsync(PostgreSqlContainer container, string database)
    {
        var result = await container.ExecAsync(
            ["psql", "-X", "-q", "-h", "127.0.0.1", "-U", "postgres", "-d", "postgres", "-v", $"database={database}", "-f", InitScriptPath],
            TestContext.Current.CancellationToken);
        return result.ExitCode == 0
            ? result.Stdout + result.Stderr : throw new InvalidOperationException($"{InitScript} failed: {result.Stderr}");
    }

    private async Task<string> RunPsqlHereAsync(string database)
    {
        var target = new NpgsqlConnectionStringBuilder(superuser);
        var start = new ProcessStartInfo("psql", ["-X", "-q", "-v", $"database={database}", "-f", "-"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        (start.Environment["PGHOST"], start.Environment["PGPORT"]) = (target.Host,
            target.Port.ToString(System.Globalization.CultureInfo.InvariantCulture));
        (start.Environment["PGUSER"], start.Environment["PGPASSWORD"], start.Environment["PGDATABASE"]) = (target.Username, target.Password,
            "postgres");
        foreach (var variable in PasswordVariables) start.Environment[variable] = Password;
        using var psql = Process.Start(start)!;
        var (output, error) = (psql.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken),
            psql.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken));
        await psql.StandardInput.WriteAsync(ReadInitScript());
        psql.StandardInput.Close();
        await psql.WaitForExitAsync(TestContext.Current.CancellationToken);
        return psql.ExitCode == 0 ? await output + await error : throw new InvalidOperationException($"{InitScript} failed: {await error}");
    }

    private static string ReadInitScript()
    {
        using var reader = new StreamReader(typeof(Migrator).Assembly.GetManifestResourceStream(InitScript)!);
        return reader.ReadToEnd();
    }
}
