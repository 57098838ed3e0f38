using System.Diagnostics;
using Hub.Cli.Engine;
using Hub.Operations.Processes;

namespace Hub.Cli.Tests;

/// <summary>The built command line in a process of its own, with a state directory of its own: what a user's shell does.</summary>
internal sealed class CliProcess(string state) : IDisposable
{
    public CliProcess()
        : this(Path.Combine(Path.GetTempPath(), $"hub-test-{Guid.NewGuid():N}"))
    {
    }

    /// <summary>
    /// The command line's own build output, <c>bin/Hub.Cli/debug</c> beside <c>bin/Hub.Cli.Tests/debug</c>: the copy that lies with the tests
    /// lacks what their web framework brings.
    /// </summary>
    private static readonly string Program = Path.GetFullPath(
        Path.Combine(AppContext.BaseDirectory, "..", "..", "Hub.Cli", new DirectoryInfo(AppContext.BaseDirectory).Name, "Hub.Cli.dll"));

    public string State { get; } = state;

    public Task<ProcessResult> RunAsync(params string[] arguments) => RunAsync(new Dictionary<string, string>(), arguments);

    public Task<ProcessResult> RunAsync(IReadOnlyDictionary<string, string> environment, params string[] arguments) => ProcessRunner.RunAsync("dotnet",
        [Program, .. arguments], CancellationToken.None,
        environment: new Dictionary<string, string>(environment) { ["HUB_STATE"] = State, ["NO_COLOR"] = "1", ["COLUMNS"] = "200" });

    /// <summary>Starts it and does not wait for its end; what it writes can be read from the process.</summary>
    public Process Start(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [Program, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };
        (start.Environment["HUB_STATE"], start.Environment["NO_COLOR"], start.Environment["COLUMNS"]) = (State, "1", "200");
        return Process.Start(start)!;
    }

    public void Dispose()
    {
        if (Directory.Exists(State))
            Directory.Delete(State, recursive: true);
    }
}
