using System.Text.Json;
using Analytics.Topology;
using Hub.Cli.Engine;
using Hub.Operations.Clusters;
using Hub.Operations.Processes;
using Npgsql;

namespace Hub.Cli.Tests.Restore;

/// <summary>A hub brought up by the command line with its backups in object storage, and one full backup in it.</summary>
public sealed class RestoreHub() : BackedUpHub("restore", inObjectStorage: true);

/// <summary>A hub of one member with its backups on a volume, and one full backup in it.</summary>
public sealed class SingleHub() : BackedUpHub("single", inObjectStorage: false, "--profile", "single");

/// <summary>A hub with its backups on a volume, and one full backup in it.</summary>
public sealed class VolumeHub() : BackedUpHub("volume", inObjectStorage: false);

/// <summary>One hub at a time, and nothing beside it: what is timed here is timed alone.</summary>
[CollectionDefinition(nameof(BackedUpHub), DisableParallelization = true)]
public sealed class BackedUpHubs;

/// <summary>A hub brought up by the command line, and one full backup in it.</summary>
public abstract class BackedUpHub(string kind, bool inObjectStorage, params string[] options) : IAsyncLifetime
{
    private readonly CliProcess cli = new();
    private readonly int portOffset = PortOffsets.Free();
    private readonly Dictionary<string, string> environment = inObjectStorage ? new()
    {
        ["HUB_BACKUP_S3_KEY"] = S3Server.Key,
        ["HUB_BACKUP_S3_KEY_SECRET"] = "secret"
    } : [];
    private S3Server? storage;

    internal string Name { get; } = $"hub-{kind}-{Environment.ProcessId}";

    internal string State => cli.State;

    internal string Network => $"{Name}_default";

    internal S3Server Storage => storage ?? throw new InvalidOperationException("The storage has not started.");

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

        try
        {
            if (inObjectStorage)
                storage = await S3Server.StartAsync();
            using var joined = new CancellationTokenSource();
            var joining = storage?.JoinAsync(Network, joined.Token) ?? Task.CompletedTask;
            var up = await cli.RunAsync(environment,
                ["up", "--name", Name, "--port-offset", $"{portOffset}", .. options, .. storage is null ? Array.Empty<string>() :
                ["--backup-s3-bucket", S3Server.Bucket, "--backup-s3-endpoint", $"{S3Server.Host}:{S3Server.Port}",
                    "--backup-s3-path-style", "--backup-s3-ca", storage.AuthorityFile]]);
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

    /// <summary>A command that is not waited for.</summary>
    internal System.Diagnostics.Process Start(params string[] arguments) => cli.Start(arguments);

    /// <summary>The container of a service.</summary>
    internal async Task<string> ContainerAsync(string service) =>
        (await ProcessRunner.RunAsync("docker",
            ["ps", "--all", "--quiet", "--filter", $"label=com.docker.compose.project={Name}", "--filter",
                $"label=com.docker.compose.service={service}"], CancellationToken.None)).Output.Trim().Split('\n')[0];

    internal async Task<string> LeaderAsync()
    {
        using var status = JsonDocument.Parse((await TryAsync("status", "--json")).Output);
        return status.RootElement.GetProperty("members").EnumerateArray()
            .Single(member => member.GetProperty("role").GetString() == "Leader").GetProperty("name").GetString()!;
    }

    /// <summary>
    /// The cluster is whole and answers. Alerts are not asked: what a test broke on purpose, and backups that nobody schedules here, keep
    /// them firing.
    /// </summary>
    internal async Task HealthyAsync(int members)
    {
        var start = TimeProvider.System.GetTimestamp();
        while (true)
        {
            // On a machine that is busy with other things a question may go unanswered once.
            var status = await TryAsync("status", "--json");
            if (IsWhole(status.Output, members))
                return;
            Assert.True(TimeProvider.System.GetElapsedTime(start) < TimeSpan.FromMinutes(3),
                $"not whole within three minutes: {status.Output}{status.Error}");
            await Task.Delay(TimeSpan.FromSeconds(2));
        }
    }

    private static bool IsWhole(string text, int members)
    {
        if (!text.StartsWith('{'))
            return false;
        using var status = JsonDocument.Parse(text);
        var (listed, checks) = (status.RootElement.GetProperty("members").EnumerateArray().ToList(),
            status.RootElement.GetProperty("checks").EnumerateArray().ToList());
        return listed.Count == members && listed.Count(member => member.GetProperty("role").GetString() == "Leader") == 1
            && listed.All(member => member.GetProperty("state")
                .GetString() == (member.GetProperty("role").GetString() == "Leader" ? "running" : "streaming"))
            && checks.Count > 0 && checks.All(check => check.GetProperty("status").GetString() != "critical");
    }

    /// <param name="cancel">Stops waiting.</param>
    /// <param name="timeout">For a connection and for a statement; null: half a minute, which a busy machine may need.</param>
    internal async Task<NpgsqlConnection> OpenAsync(CancellationToken cancel, TimeSpan? timeout = null)
    {
        var seconds = (int)(timeout ?? TimeSpan.FromSeconds(30)).TotalSeconds;
        var secrets = File.ReadLines(Path.Combine(cli.State, "secrets.env")).Select(line => line.Split('=', 2))
            .Where(pair => pair.Length == 2).ToDictionary(pair => pair[0], pair => pair[1]);
        return await new LocalConnection(Ports.ReadWrite + portOffset, Roles.Owner, secrets[Secrets.Owner],
            Path.Combine(cli.State, "ca", "ca.crt"))
        { Timeout = seconds, CommandTimeout = seconds }.OpenAsync(cancel);
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
        storage = null;
        GC.SuppressFinalize(this);
        // What did not come up is not there to go down; why it did not is what has to be told.
        if (!Directory.Exists(cli.State))
            return;
        var down = await cli.RunAsync("down", "--volumes", "--state");
        Assert.True(down.ExitCode == 0, down.Output + down.Error);
    }
}
