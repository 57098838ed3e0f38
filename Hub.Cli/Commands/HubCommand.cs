using System.CommandLine;
using System.CommandLine.Help;
using Hub.Cli.Send;
using Hub.Cli.State;

namespace Hub.Cli.Commands;

/// <summary><c>hub</c>: everything that can be asked of it.</summary>
internal static class HubCommand
{
    // Not a RootCommand: that takes the name of the program's file into the help, and what users type is hub.
    public static Command Create(Ui ui) => new Command("hub", "Hub: LLM analytics on a highly available TimescaleDB cluster.")
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
        ToolCommands.Exec(),
        BackupCommand.Create(ui),
        RestoreCommand.Create(ui),
        SwitchoverCommand.Create(ui),
        CertificatesCommand.Create(ui),
        DrillCommand.Create(ui),
        ApiKeys.Create(ui),
        ImagesCommand.Create(ui),
        PublishCommand.Create(ui),
        TestCommand.Create(ui),
        DoctorCommand.Create(ui),
    };
}
