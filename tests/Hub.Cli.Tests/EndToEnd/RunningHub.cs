using System.Diagnostics;
using System.Text;
using Hub.Cli.Engine;
using Hub.Operations.Processes;

namespace Hub.Cli.Tests.EndToEnd;

/// <summary>
/// A hub brought up by the command line itself, as a user does, beside any other that runs here: own name, ports and state.
/// </summary>
public sealed class RunningHub : IAsyncLifetime
{
    private static int hubs;

    private readonly int portOffset = PortOffsets.Free();
    private readonly CliProcess cli = new();

    /// <summary>What `up` printed.</summary>
    internal string UpOutput { get; private set; } = "";

    /// <summary>Its own even beside another class's hub of the same run.</summary>
    internal string Name { get; } = $"hub-e2e-{Environment.ProcessId}-{Interlocked.Increment(ref hubs)}";

    internal string State => cli.State;

    internal string ApiKey => File.ReadAllText(Path.Combine(State, "api-key")).Trim();

    public int Port(int port) => port + portOffset;

    public async ValueTask InitializeAsync()
    {
        await RequireEngineAsync();
        var result = await RunAsync("up", "--name", Name, "--port-offset", $"{portOffset}");
        if (result.ExitCode != 0)
        {
            await DisposeAsync();
            Assert.Fail($"hub up failed ({result.ExitCode}):\n{result.Output}\n{result.Error}");
        }

        UpOutput = result.Output;
    }

    /// <summary>The container of a service.</summary>
    internal async Task<string> ContainerAsync(string service)
    {
        var engine = await ContainerEngine.ConnectAsync(TestContext.Current.CancellationToken);
        return (await engine.ContainersAsync(Name, TestContext.Current.CancellationToken))[service].Id;
    }

    internal Task<ProcessResult> RunAsync(params string[] arguments) => cli.RunAsync(arguments);

    internal Task<ProcessResult> RunAsync(IReadOnlyDictionary<string, string> environment, params string[] arguments) =>
        cli.RunAsync(environment, arguments);

    public async ValueTask DisposeAsync()
    {
        // What did not come up is not there to go down; why it did not is what has to be told.
        if (!Directory.Exists(State))
            return;
        var result = await RunAsync("down", "--volumes", "--state");
        Assert.True(result.ExitCode == 0, result.Output + result.Error);
        var left = new StringBuilder();
        foreach (var kind in new[] { "ps --all", "network ls", "volume ls" })
            left.Append(
                (await ProcessRunner.RunAsync("docker",
                    [.. kind.Split(' '), "--quiet", "--filter", $"label=com.docker.compose.project={Name}"],
                    CancellationToken.None)).Output);
        Assert.Equal("", left.ToString());
        Assert.False(Directory.Exists(State), "down --state kept " + State);
    }

    private static async Task RequireEngineAsync()
    {
        try
        {
            await ContainerEngine.ConnectAsync(CancellationToken.None);
        }
        catch (CliException problem)
        {
            Prerequisites.Missing(problem.Message);
        }
    }
}
