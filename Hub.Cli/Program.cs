using System.CommandLine;
using Hub.Cli;
using Hub.Cli.Commands;
using Hub.Cli.Send;
using Hub.Cli.State;
using Spectre.Console;

var ui = new Ui(AnsiConsole.Console);
var root = new RootCommand("Hub: LLM analytics on a highly available TimescaleDB cluster.")
{
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
    ApiKeys.Create(ui),
    ToolCommands.Images(ui),
    PublishCommand.Create(ui),
    TestCommand.Create(ui),
    DoctorCommand.Create(ui),
};

try
{
    var parsed = root.Parse(args);
    var exitCode = await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
    return parsed.Errors.Count > 0 ? 2 : exitCode;
}
catch (CliException problem)
{
    await Console.Error.WriteLineAsync($"error: {problem.Message}");
    if (problem.Hint is { } hint)
        await Console.Error.WriteLineAsync($"  → {hint}");
    return problem.ExitCode;
}
catch (OperationCanceledException)
{
    await Console.Error.WriteLineAsync("Interrupted.");
    return 130;
}
