using System.Globalization;
using Hub.Cli.Send.Replay;
using Spectre.Console;

namespace Hub.Cli.Send;

/// <summary>
/// Shows how far a replay is: a bar on a terminal, elsewhere a line every two seconds. Written to the error stream; the summary is the
/// output.
/// </summary>
internal sealed class SendProgress(TextWriter error, TimeProvider time) : IProgress<ReplayProgress>
{
    private static readonly TimeSpan LineEvery = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan FrameEvery = TimeSpan.FromMilliseconds(100);
    private volatile ReplayProgress? latest;

    public void Report(ReplayProgress value) => latest = value;

    /// <summary>Shows progress until the replay is over.</summary>
    public async Task<ReplayResult> ShowAsync(Task<ReplayResult> replay, int total)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(error) });
        if (console.Profile.Out.IsTerminal && console.Profile.Capabilities.Interactive) await BarAsync(console, replay, total);
        else await LinesAsync(replay);
        return await replay;
    }

    /// <summary>What a line says.</summary>
    public static string Line(ReplayProgress progress)
    {
        var seconds = progress.Elapsed.TotalSeconds;
        var parts = new List<string>
        {
            Text($"{progress.Acknowledged} of {progress.Total} rows acknowledged"),
            Text($"{(seconds > 0 ? progress.Acknowledged / seconds : 0):0} rows/s"),
        };
        if (progress.Refused > 0) parts.Add(Text($"{progress.Refused} refused"));
        if (progress.Unknown > 0) parts.Add(Text($"{progress.Unknown} unknown"));
        if (progress.Retries > 0) parts.Add(Text($"{progress.Retries} retries"));
        if (progress.Trouble is { } trouble) parts.Add(trouble);
        return string.Join(", ", parts);
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private Task BarAsync(IAnsiConsole console, Task replay, int total) =>
        console.Progress().AutoClear(true)
            .Columns(new ProgressBarColumn(), new PercentageColumn(), new TaskDescriptionColumn { Alignment = Justify.Left })
            .StartAsync(async context =>
            {
                var task = context.AddTask("sending", maxValue: total);
                while (!replay.IsCompleted)
                {
                    if (latest is { } now)
                    {
                        task.Value = now.Done;
                        task.Description = Markup.Escape(Line(now));
                    }

                    await Task.WhenAny(replay, Task.Delay(FrameEvery, time));
                }
            });

    private async Task LinesAsync(Task replay)
    {
        while (await Task.WhenAny(replay, Task.Delay(LineEvery, time)) != replay)
        {
            if (latest is { } now) await error.WriteLineAsync(Line(now));
        }
    }
}
