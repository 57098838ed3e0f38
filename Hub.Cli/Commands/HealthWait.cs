using System.Diagnostics;
using System.Text.Json;
using Analytics.Topology;
using Hub.Cli.Cluster;
using Hub.Cli.Engine;
using Hub.Cli.State;
using Hub.Operations;
using Hub.Operations.Patroni;
using Hub.Operations.Processes;

namespace Hub.Cli.Commands;

/// <summary>Waits until the hub is healthy, part by part, and says what it waits for.</summary>
internal static class HealthWait
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1), ContainerTimeout = TimeSpan.FromMinutes(1);

    /// <exception cref="CliException">Not healthy in time, or a part has failed for good; the message ends with that part's last log lines.</exception>
    public static async Task UntilHealthyAsync(Ui ui, ContainerEngine engine, Deployment deployment, TimeSpan timeout, CancellationToken cancellation)
    {
        var clock = Stopwatch.StartNew();
        Task Wait(string name, string failing, Func<Task<string?>> check, string done) => ui.StepAsync(name, async report =>
        {
            while (await check() is { } missing)
            {
                report(missing);
                if (clock.Elapsed > timeout)
                    throw await TimedOutAsync(engine, deployment, $"{name} ({missing})", failing, timeout);
                await Task.Delay(Pause, cancellation);
            }
        }, done);

        var database = deployment.Topology.Database;
        await Wait("etcd", ClusterNames.EtcdAuth, () => JobDoneAsync(engine, deployment, ClusterNames.EtcdAuth, cancellation), $"{deployment.Topology.Etcd.Members} members, authentication on");
        await Wait("Database cluster", database.Hosts.First(), async () =>
        {
            var client = new ClusterClient(deployment, await engine.ContainersAsync(deployment.Choices.Name, cancellation));
            return Missing(database.Members, await client.MembersAsync(cancellation));
        }, database.Members == 1 ? "1 member" : $"1 leader, {database.Members - 1} streaming, quorum synchronous");
        var current = new ClusterClient(deployment, await engine.ContainersAsync(deployment.Choices.Name, cancellation));
        await current.ApplyDynamicConfigurationAsync(cancellation);
        await Wait("Migrations", ClusterNames.Migrations, () => JobDoneAsync(engine, deployment, ClusterNames.Migrations, cancellation), "done");
        await Wait("Copies of a commit", database.Hosts.First(), () => OnOneMemberAsync(deployment, cancellation), database.Members == 1 ? "1: this profile has one member" : "2");
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
        var ready = new Uri($"http://127.0.0.1:{deployment.HostPort(Ports.Rest)}/health/ready");
        await Wait("Ingest", ClusterNames.Ingest, () => NotReadyAsync(http, ready, cancellation), "ready");
    }

    /// <summary>Why what ingest acknowledges is, or would be, on one member only though there are several; null when it is not.</summary>
    private static async Task<string?> OnOneMemberAsync(Deployment deployment, CancellationToken cancellation)
    {
        try
        {
            var rows = await new DatabaseClient(deployment).QueryAsync(Roles.ReadOnly, Secrets.ReadOnly,
                "SELECT status, detail FROM analytics.system_health_check() WHERE check_name = 'synchronous_standby'", cancellation);
            return Verdict([.. rows.Select(row => ((string)row[0]!, (string)row[1]!))]);
        }
        catch (Exception problem) when (problem is OperationException or Npgsql.NpgsqlException)
        {
            return problem.Message;
        }
    }

    /// <summary>What the health check of synchronous standbys says against the hub, or null.</summary>
    internal static string? Verdict(IReadOnlyList<(string Status, string Detail)> rows) =>
        rows is [var (status, detail)] ? status == "critical" ? detail : null : "the database has no check for its synchronous standbys";

    /// <summary>What a cluster still lacks, or null.</summary>
    internal static string? Missing(int wanted, IReadOnlyList<PatroniMember> members)
    {
        if (members.Count == 0)
            return "waiting for Patroni";
        if (!members.Any(member => member.IsRunningLeader))
            return "waiting for a leader: " + Describe(members);
        var streaming = members.Count(member => member.IsStreaming);
        if (streaming < wanted - 1)
            return $"{streaming} of {wanted - 1} replicas stream: {Describe(members)}";
        return wanted > 1 && !members.Any(member => member.IsSynchronous) ? "waiting for a synchronous standby" : null;
    }

    /// <summary>Waits until a container that was restarted passes its health check.</summary>
    /// <exception cref="CliException">Not within a minute.</exception>
    public static async Task UntilContainerHealthyAsync(ContainerEngine engine, Deployment deployment, string container, CancellationToken cancellation)
    {
        var clock = Stopwatch.StartNew();
        while ((await engine.ContainersAsync(deployment.Choices.Name, cancellation)).GetValueOrDefault(container)?.Health != "healthy")
        {
            if (clock.Elapsed > ContainerTimeout)
                throw await TimedOutAsync(engine, deployment, container, container, ContainerTimeout);
            await Task.Delay(Pause, cancellation);
        }
    }

    private static string Describe(IEnumerable<PatroniMember> members) => string.Join(", ", members.Select(member => $"{member.Name} {member.State}"));

    private static async Task<string?> JobDoneAsync(ContainerEngine engine, Deployment deployment, string job, CancellationToken cancellation)
    {
        var containers = await engine.ContainersAsync(deployment.Choices.Name, cancellation);
        if (!containers.TryGetValue(job, out var state))
            return "its container does not exist yet";
        if (state.Status != "exited")
            return LastLine(await engine.RunAsync(cancellation, "logs", "--tail", "1", state.Name)) ?? state.Status;
        return state.ExitCode == 0
            ? null
            : throw new CliException($"{job} ended with exit code {state.ExitCode}:\n{await LogAsync(engine, state.Name)}", $"The complete log: ./hub logs {job}");
    }

    private static async Task<string?> NotReadyAsync(HttpClient http, Uri ready, CancellationToken cancellation)
    {
        try
        {
            using var response = await http.GetAsync(ready, cancellation);
            return response.IsSuccessStatusCode ? null : $"not ready: {(await response.Content.ReadAsStringAsync(cancellation)).ReplaceLineEndings(" ")}";
        }
        catch (HttpRequestException problem)
        {
            return problem.Message;
        }
        catch (TaskCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return "no answer within 5 s";
        }
    }

    private static async Task<CliException> TimedOutAsync(ContainerEngine engine, Deployment deployment, string what, string container, TimeSpan timeout)
    {
        var containers = await engine.ContainersAsync(deployment.Choices.Name, CancellationToken.None);
        var log = containers.TryGetValue(container, out var state) ? await LogAsync(engine, state.Name) : "(its container does not exist)";
        return new CliException($"Not healthy after {timeout.TotalSeconds:0} s: {what}. The last lines of {container}:\n{log}",
            $"The containers keep running: `./hub status` shows them, `./hub logs {container}` prints the complete log, `./hub up --timeout 600` waits longer.");
    }

    private static async Task<string> LogAsync(ContainerEngine engine, string container)
    {
        var result = await engine.RunAsync(CancellationToken.None, "logs", "--tail", "15", container);
        return "  " + string.Join("\n  ", Lines(result));
    }

    private static string? LastLine(ProcessResult result) => Lines(result).LastOrDefault();

    private static IEnumerable<string> Lines(ProcessResult result) =>
        (result.Output + result.Error).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(Readable);

    /// <summary>Hub's own programs log JSON: <c>{"Timestamp":"…","LogLevel":"Information","Message":"…"}</c>.</summary>
    private static string Readable(string line)
    {
        try
        {
            using var document = JsonDocument.Parse(line);
            return document.RootElement.TryGetProperty("Message", out var message) ? message.GetString() ?? line : line;
        }
        catch (JsonException)
        {
            return line;
        }
    }
}
