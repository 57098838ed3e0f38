using System.Text.Json;
using Analytics.Topology;
using Hub.Cli.Engine;
using Npgsql;

namespace Hub.Cli.Tests.Restore;

/// <summary>A hub brought up by the command line with its backups in object storage, and one full backup in it.</summary>
public sealed class RestoreHub : IAsyncLifetime
{
    private const int PortOffset = 22000;
    private readonly CliProcess cli = new();
    private readonly Dictionary<string, string> environment = new() { ["HUB_BACKUP_S3_KEY"] = ObjectStorage.Key, ["HUB_BACKUP_S3_KEY_SECRET"] = "secret" };
    private ObjectStorage? storage;

    internal string Name { get; } = $"hub-restore-{Environment.ProcessId}";

    internal string Network => $"{Name}_default";

    internal ObjectStorage Storage => storage ?? throw new InvalidOperationException("The storage has not started.");

    public async ValueTask InitializeAsync()
    {
        try
        {
            await ContainerEngine.ConnectAsync(CancellationToken.None);
        }
        catch (CliException problem)
        {
            Prerequisites.Missing(problem.Message);
        }

        storage = await ObjectStorage.StartAsync($"{Name}-storage");
        try
        {
            using var joined = new CancellationTokenSource();
            var joining = storage.JoinAsync(Network, joined.Token);
            var up = await cli.RunAsync(environment, "up", "--name", Name, "--port-offset", $"{PortOffset}", "--backup-s3-bucket", ObjectStorage.Bucket,
                "--backup-s3-endpoint", $"{ObjectStorage.Host}:{ObjectStorage.Port}", "--backup-s3-path-style", "--backup-s3-ca", storage.AuthorityFile);
            if (!joining.IsCompleted)
                await joined.CancelAsync();
            Assert.True(up.ExitCode == 0, up.Output + up.Error);
            await joining;
            await RunAsync("backup", "full");
        }
        catch
        {
            await DisposeAsync();
            throw;
        }
    }

    /// <summary>A command that has to succeed.</summary>
    internal async Task<string> RunAsync(params string[] arguments)
    {
        var result = await TryAsync(arguments);
        Assert.True(result.ExitCode == 0, $"hub {string.Join(' ', arguments)}: {result.ExitCode}\n{result.Output}{result.Error}");
        return result.Output;
    }

    internal Task<ProcessResult> TryAsync(params string[] arguments) => cli.RunAsync(arguments);

    /// <summary>The runner with one variable set otherwise.</summary>
    internal async Task<ProcessResult> RunnerAsync(string variable, string verb)
    {
        var engine = await ContainerEngine.ConnectAsync(CancellationToken.None);
        var project = new ComposeProject(Name, Path.Combine(cli.State, Analytics.Topology.Compose.ComposeFile.FileName), Path.Combine(cli.State, "secrets.env"));
        return await engine.ComposeAsync(project, CancellationToken.None, null, "run", "--rm", "--no-deps", "-T", "-e", variable, ClusterNames.Backup, verb);
    }

    /// <summary>The container of a service.</summary>
    internal async Task<string> ContainerAsync(string service) =>
        (await Processes.RunAsync("docker", ["ps", "--all", "--quiet", "--filter", $"label=com.docker.compose.project={Name}", "--filter", $"label=com.docker.compose.service={service}"], CancellationToken.None)).Output.Trim().Split('\n')[0];

    internal async Task<string> LeaderAsync()
    {
        using var status = JsonDocument.Parse((await TryAsync("status", "--json")).Output);
        return status.RootElement.GetProperty("members").EnumerateArray().Single(member => member.GetProperty("role").GetString() == "Leader").GetProperty("name").GetString()!;
    }

    internal async Task<NpgsqlConnection> OpenAsync(CancellationToken cancel)
    {
        var secrets = File.ReadLines(Path.Combine(cli.State, "secrets.env")).Select(line => line.Split('=', 2)).Where(pair => pair.Length == 2).ToDictionary(pair => pair[0], pair => pair[1]);
        var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder
        {
            Host = "127.0.0.1",
            Port = Ports.ReadWrite + PortOffset,
            Database = ClusterNames.Database,
            Username = Roles.Owner,
            Password = secrets[Secrets.Owner],
            SslMode = SslMode.VerifyFull,
            RootCertificate = Path.Combine(cli.State, "ca", "ca.crt"),
            Pooling = false,
            Timeout = 3,
            CommandTimeout = 10,
        }.ConnectionString);
        try
        {
            await connection.OpenAsync(cancel);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    internal async Task<T> ScalarAsync<T>(string sql, CancellationToken cancel)
    {
        await using var connection = await OpenAsync(cancel);
        await using var command = new NpgsqlCommand(sql, connection);
        return (T)(await command.ExecuteScalarAsync(cancel))!;
    }

    public async ValueTask DisposeAsync()
    {
        // Before the network, which it is in.
        if (storage is not null)
            await storage.DisposeAsync();
        var down = await cli.RunAsync("down", "--volumes", "--state");
        Assert.True(down.ExitCode == 0, down.Output + down.Error);
    }
}
