using System.CommandLine;
using Hub.Cli;
using Hub.Cli.Commands;
using Hub.Operations;
using Spectre.Console;

// Piped output is read by programs and pasted from logs: no line of it may be broken at a terminal's width.
if (Console.IsOutputRedirected)
    AnsiConsole.Console.Profile.Width = 400;
var ui = new Ui(AnsiConsole.Console);
var root = HubCommand.Create(ui);
try
{
    var parsed = root.Parse(args);
    // After Ctrl-C a command still cleans up, and the user waits for it: members that are stopped in order, what a drill broke, a paused pool. After
    // two seconds, the default, it would be cut short.
    var exitCode = await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = TimeSpan.FromMinutes(5) });
    return parsed.Errors.Count > 0 ? 2 : exitCode;
}
catch (CliException problem)
{
    await RefuseAsync(problem.Message, problem.Hint);
    return problem.ExitCode;
}
catch (OperationException problem)
{
    await RefuseAsync(problem.Message, problem.Hint);
    return 1;
}
catch (Exception problem) when (problem is Analytics.Topology.TopologyException or IOException or UnauthorizedAccessException or System.Text.Json.JsonException or Npgsql.NpgsqlException)
{
    await Console.Error.WriteLineAsync($"error: {problem.Message}");
    return problem is Analytics.Topology.TopologyException ? 2 : 1;
}
catch (OperationCanceledException)
{
    await Console.Error.WriteLineAsync("Interrupted.");
    return 130;
}

static async Task RefuseAsync(string message, string? hint)
{
    await Console.Error.WriteLineAsync($"error: {message}");
    if (hint is not null)
        await Console.Error.WriteLineAsync($"  → {hint}");
}
