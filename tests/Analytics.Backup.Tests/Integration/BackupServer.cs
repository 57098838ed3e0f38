using System.Text;
using DotNet.Testcontainers.Containers;
using DotNet.Testcontainers.Networks;

[assembly: AssemblyFixture(typeof(Analytics.Backup.Tests.Integration.BackupServer))]

namespace Analytics.Backup.Tests.Integration;

/// <summary>
/// One database server with a repository on its own disk, and hub-backup beside it: migrated, with rows of a month, one full and one
/// differential. Tests that break something do so in a copy of the repository, which a configuration of its own names.
/// </summary>
public sealed class BackupServer : IAsyncDisposable
{
    public const string Database = "llm_analytics";
    /// <summary>While it is there, the server archives nothing.</summary>
    internal const string NoArchive = Home + "/no-archive";
    internal const string AuthorityFile = Home + "/storage-ca.crt";
    private const string Home = "/tmp/hub";
    private readonly SemaphoreSlim gate = new(1);
    private DatabaseServer? server;
    private readonly INetwork? network;
    private readonly string repository = $"repo1-path={Home}/repository";
    private readonly string? authority;
    private TestDatabase? database;

    /// <summary>With its repository on its own disk.</summary>
    public BackupServer()
    {
    }

    /// <summary>With its repository elsewhere.</summary>
    /// <param name="network">Where the repository can be reached.</param>
    /// <param name="repository">The settings that say where it is.</param>
    /// <param name="authority">The CA of its certificate, as <see cref="AuthorityFile"/>.</param>
    internal BackupServer(INetwork network, string repository, string authority) =>
        (this.network, this.repository, this.authority) = (network, repository, authority);

    /// <summary>The database, once <see cref="StartAsync"/> has made it.</summary>
    public TestDatabase Tables => database!;

    /// <summary>Starts it; the first test that needs it waits.</summary>
    public async Task<BackupServer> StartAsync()
    {
        await gate.WaitAsync(TestContext.Current.CancellationToken);
        try
        {
            if (database is null) await SetUpAsync();
            return this;
        }
        finally
        {
            gate.Release();
        }
    }

    /// <summary>Runs hub-backup in the container.</summary>
    /// <param name="verb">The verb and its options.</param>
    /// <param name="repository">A copy of the repository, as made by <see cref="CopyAsync"/>; null for the one that the server archives
    /// to.</param>
    /// <param name="variables">Variables beyond those of a job, <c>NAME=value</c>.</param>
    public async Task<ProgramResult> RunAsync(string verb, string? repository = null, params string[] variables)
    {
        var result = await ExecAsync(["env", .. Environment(repository), .. variables, $"{Home}/dotnet/dotnet",
            $"{Home}/program/hub-backup.dll", .. verb.Split(' ')]);
        return new ProgramResult((int)(result.ExitCode ?? -1), result.Stdout, result.Stderr);
    }

    /// <summary>Runs a shell script in the container, as the database's user; fails when it does.</summary>
    public async Task<string> ShellAsync(string script)
    {
        var result = await ExecAsync(["env", .. Environment(null), "bash", "-ec", script]);
        return result.ExitCode == 0 ? result.Stdout : throw new InvalidOperationException($"{script}\n{result.Stdout}\n{result.Stderr}");
    }

    /// <summary>Another configuration for the same repository.</summary>
    /// <param name="settings">A sed script over the configuration.</param>
    /// <returns>Its name, for <see cref="RunAsync"/>.</returns>
    public async Task<string> ConfigureAsync(string settings)
    {
        var name = $"other-{Guid.NewGuid():N}";
        await ShellAsync($"sed -e '{settings}' {Home}/pgbackrest.conf > {Home}/{name}.conf");
        return name;
    }

    /// <summary>A copy of the repository, and a configuration for it.</summary>
    /// <param name="change">A script that changes it, in its directory.</param>
    /// <param name="settings">A sed script over the configuration.</param>
    /// <returns>Its name, for <see cref="RunAsync"/>.</returns>
    public async Task<string> CopyAsync(string change = ":", string settings = "")
    {
        var name = $"copy-{Guid.NewGuid():N}";
        await ShellAsync($"cp -r {Home}/repository {Home}/{name} && sed -e 's,{Home}/repository,{Home}/{name},' -e '{settings}' "
            + $"{Home}/pgbackrest.conf > {Home}/{name}.conf && cd {Home}/{name} && {change}");
        return name;
    }

    /// <summary>Ends the segment that is being written, and waits until it is in the repository.</summary>
    public Task ArchiveAsync() => ShellAsync(
        """
        psql -qX -U postgres -d postgres -c "CREATE TABLE IF NOT EXISTS public.tick (i int); INSERT INTO public.tick VALUES (1)"
        wal=$(psql -AtqX -U postgres -d postgres -c "SELECT pg_walfile_name(pg_switch_wal())")
        for i in $(seq 600); do [ "$(psql -AtqX -U postgres -d postgres -c "SELECT last_archived_wal >= '$wal' FROM pg_stat_archiver")" = t ] && exit 0; sleep 0.1; done
        psql -X -U postgres -d postgres -c "SELECT * FROM pg_stat_archiver" >&2; exit 1
        """);

    /// <summary>What a job recorded last.</summary>
    public async Task<(string Severity, string Message, string Detail)> LastEventAsync(string kind)
    {
        var row = (await Tables.Monitor.RowsAsync("SELECT severity, message, detail::text FROM events.system_events WHERE component = "
            + "'backup' AND kind = $1 ORDER BY time DESC LIMIT 1", kind))[0];
        return ((string)row[0]!, (string)row[1]!, (string)row[2]!);
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        if (server is not null) await server.DisposeAsync();
        gate.Dispose();
    }

    internal static IEnumerable<string> Environment(string? repository, string host = "127.0.0.1") =>
    [
        $"PGBACKREST_CONFIG={Home}/{(repository is null ? "pgbackrest" : repository)}.conf", "HUB_BACKUP_STANZA=hub",
        $"HUB_BACKUP_SCRATCH={Home}/scratch", $"PGPASSWORD={DatabaseServer.Password}",
        $"ConnectionStrings__Database=Host={host};Database={Database};Username=llm_app;"
            + $"Password=\"{DatabaseServer.Password.Replace("\"", "\"\"", StringComparison.Ordinal)}\"",
        "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1", "DOTNET_TieredPGO=0",
    ];

    private async Task SetUpAsync()
    {
        var started = await DatabaseServer.StartAsync(
            network, "archive_mode=on",
            $"archive_command=test ! -e {NoArchive} && pgbackrest --config={Home}/pgbackrest.conf --stanza=hub archive-push %p",
            "archive_timeout=0", "full_page_writes=on", "timescaledb.max_background_workers=8");
        if (started.Container is not { } container)
        {
            Assert.Skip("HUB_TEST_DB redirects to a server without this test's repository and program.");
            return;
        }

        server = started;
        await container.ExecAsync(["mkdir", "-p", $"{Home}/repository", $"{Home}/scratch"], TestContext.Current.CancellationToken);
        await container.CopyAsync(Encoding.UTF8.GetBytes($"[global]\n{repository}\n{Configuration}"), $"{Home}/pgbackrest.conf",
            ct: TestContext.Current.CancellationToken);
        if (authority is not null)
            await container.CopyAsync(Encoding.UTF8.GetBytes(authority), AuthorityFile, ct: TestContext.Current.CancellationToken);
        await DotNetRuntime.CopyAsync(container, Home);
        await ShellAsync("pgbackrest --stanza=hub stanza-create");
        await server.RunInitScriptAsync(Database);
        database = server.Open(Database);
        await database.StopJobsAsync();
        await database.MigrateAsync();
        await database.Owner.ExecuteAsync(Rows);
        foreach (var type in new[] { "full", "diff" })
        {
            var result = await RunAsync(type);
            Assert.True(result.ExitCode == 0, result.Everything);
        }
    }

    private async Task<ExecResult> ExecAsync(IList<string> command) =>
        await server!.Container!.ExecAsync(command, TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromMinutes(3),
            TestContext.Current.CancellationToken);

    private const string Configuration =
        $"""
        repo1-cipher-type=aes-256-cbc
        repo1-cipher-pass=only-for-tests
        repo1-bundle=y
        repo1-retention-full=9999999
        compress-type=lz4
        start-fast=y
        log-level-file=off
        lock-path={Home}/lock
        spool-path={Home}/spool
        archive-timeout=20
        [hub]
        pg1-path=/home/postgres/pgdata/data
        pg1-socket-path=/var/run/postgresql
        pg1-user=postgres

        """;

    private const string Rows =
        """
        INSERT INTO analytics.calls (time, project_id, call_id, provider, model, input_tokens, duration_seconds, cost_usd, cache_convention, contradictions)
        SELECT now() - make_interval(days => d, secs => i), 1, i, 'openai', 'gpt-5', i, 0.1 * i, i * 0.001, 'n', ARRAY['a', NULL] FROM generate_series(1, 100) i, unnest(ARRAY[0, 1, 5, 10, 30]) d;
        INSERT INTO aggregates.call_rollups (time, project_id, provider, model, operation, calls, errors, priced_calls, cost_usd, duration_count, first_token_count)
        SELECT public.time_bucket(INTERVAL '15 minutes', time), project_id, provider, model, operation, count(*), 0, count(*), sum(cost_usd), 0, 0 FROM analytics.calls GROUP BY 1, 2, 3, 4, 5;
        INSERT INTO events.error_logs (time, request_id, project_id, provider, model, error_type) SELECT now() - INTERVAL '5 days', gen_random_uuid(), 1, 'openai', 'gpt-5', 'x' FROM generate_series(1, 50);
        """;
}

/// <summary>What hub-backup answered.</summary>
public sealed record ProgramResult(int ExitCode, string Output, string Errors)
{
    /// <summary>Both streams, for a failing test.</summary>
    public string Everything => $"exit code {ExitCode}\n{Output}\n{Errors}";
}
