using System.CommandLine;

namespace Hub.Cli.Send;

/// <summary><c>./hub send [FILE]</c>.</summary>
internal static class SendCommand
{
    // Longer than the replay waits for requests in flight: System.CommandLine would end the process after 2 s, without a summary.
    private static readonly TimeSpan TerminationTimeout = TimeSpan.FromSeconds(30);

    /// <param name="target">The hub that is sent to by default; null: the one of the current directory or of HUB_STATE, on the usual ports.</param>
    /// <param name="time">The clock; null: the system's.</param>
    public static Command Create(Func<SendTarget>? target = null, TimeProvider? time = null)
    {
        var options = new SendOptions();
        var command = new Command(
            "send",
            "Replay a trace of LLM calls as OpenTelemetry traffic, or send generated traffic, and print what was acknowledged. "
            + "Rows that are sent again are not stored twice.");
        options.AddTo(command);
        command.SetAction((parsed, stop) =>
        {
            var streams = parsed.InvocationConfiguration;
            streams.ProcessTerminationTimeout = TerminationTimeout;
            var run = new SendRun(target?.Invoke() ?? SendTarget.Local(), streams.Output, streams.Error, time ?? TimeProvider.System);
            return run.RunAsync(options.Read(parsed), stop);
        });
        return command;
    }
}
