using System.CommandLine;
using Analytics.Backup;
using Spectre.Console;

// Piped output is read by programs and pasted from logs: no line of it may be broken at a terminal's width.
if (Console.IsOutputRedirected)
    AnsiConsole.Console.Profile.Width = 400;
var root = Commands.Create(Environment.GetEnvironmentVariable, AnsiConsole.Console, Console.Error, TimeProvider.System);
try
{
    var parsed = root.Parse(args);
    // SIGTERM and Ctrl+C cancel; what a job has made is cleaned up before it ends, for which a server may have to stop.
    var exitCode = await parsed.InvokeAsync(new InvocationConfiguration
    {
        EnableDefaultExceptionHandler = false,
        ProcessTerminationTimeout = TimeSpan.FromMinutes(2)
    });
    return parsed.Errors.Count > 0 ? ExitCodes.Configuration : exitCode;
}
catch (BackupException problem)
{
    await Console.Error.WriteLineAsync($"error: {problem.Message}");
    if (problem.Todo is { } todo)
        await Console.Error.WriteLineAsync($"  → {todo}");
    return problem.ExitCode;
}
catch (OperationCanceledException)
{
    await Console.Error.WriteLineAsync("Interrupted.");
    return ExitCodes.Interrupted;
}
