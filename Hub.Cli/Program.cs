using System.CommandLine;
using System.CommandLine.Help;
using Hub.Cli;
using Hub.Cli.Commands;
using Hub.Cli.Send;
using Hub.Cli.State;
using Spectre.Console;

// Piped output is read by programs and pasted from logs: no line of it may be broken at a terminal's width.
if (Console.IsOutputRedirected)
    AnsiConsole.Console.Profile.Width = 400;
var ui = new Ui(AnsiConsole.Console);
// Not a RootCommand: that takes the name of the program's file into the help, and what users type is hub.
var root = new Command("hub", "Hub: LLM analytics on a highly available TimescaleDB cluster.")
{
    new HelpOption { Recursive = true },
    new VersionOption(),
    UpCommand.Create(ui),
    DownCommand.Create(ui),
    StatusCommand.Create(ui),
    SendCommand.Create(() =>
    {
        var deployment = Deployment.Load();
        return SendTarget.Local(deployment.Directory, deployment.Choices.PortOffset);
    }),
    ToolCommands.Logs(),
    ToolCommands.Psql(),
    BackupCommand.Create(ui),
    RestoreCommand.Create(ui),
    SwitchoverCommand.Create(ui),
    CertificatesCommand.Create(ui),
    DrillCommand.Create(ui),
    ApiKeys.Create(ui),
    ToolCommands.Images(ui),
    PublishCommand.Create(ui),
    TestCommand.Create(ui),
    DoctorCommand.Create(ui),
};

try
{
    var parsed = root.Parse(args);
    // Whoever presses Ctrl-C waits for what a command then tidies up: members that are stopped in order, what a drill broke, a paused pool. After
    // two seconds, the default, it would be cut short.
    var exitCode = await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = TimeSpan.FromMinutes(5) });
    return parsed.Errors.Count > 0 ? 2 : exitCode;
}
catch (CliException problem)
{
    await Console.Error.WriteLineAsync($"error: {problem.Message}");
    if (problem.Hint is { } hint)
        await Console.Error.WriteLineAsync($"  → {hint}");
    return problem.ExitCode;
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
