using System.CommandLine;
using System.Globalization;
using Hub.Cli.Engine;
using Hub.Cli.State;
using Hub.Operations.Switchovers;

namespace Hub.Cli.Commands;

/// <summary><c>hub switchover</c>: hands the leadership over, with the pool's clients waiting meanwhile.</summary>
internal static class SwitchoverCommand
{
    public static Command Create(Ui ui)
    {
        var to = new Option<string?>("--to") { Description = "The member that takes over [default: the synchronous standby that is ready first, which is faster]." };
        var command = new Command("switchover", "Move the leadership to another member. Clients of the pool wait meanwhile and see one slow query and no error.") { to };
        command.SetAction(async (parse, cancellation) =>
        {
            var deployment = Deployment.LoadExisting();
            using var alone = deployment.Lock();
            var cluster = await LocalHub.ConnectAsync(deployment, await ContainerEngine.ConnectAsync(cancellation), cancellation);
            await ui.StepAsync("Switchover", report => new Switchover(cluster).RunAsync(parse.GetValue(to), report, cancellation), Describe);
            return 0;
        });
        return command;
    }

    private static string Describe(SwitchoverResult result) => $"{result.From} → {result.To}, " + (result.Paused
        ? $"the pool's clients waited {result.Took.TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture)} s"
        : "the pool was not paused: its clients saw errors");
}
