using Hub.Cli.Send.Replay;
using Hub.Cli.Send.Sampling;
using Hub.Cli.Send.Traces;

namespace Hub.Cli.Send;

/// <summary>One run of <c>./hub send</c>: reads, replays, tells.</summary>
internal sealed class SendRun(SendTarget target, TextWriter output, TextWriter error, TimeProvider time)
{
    public const int Complete = 0;
    public const int Incomplete = 1;
    public const int BadInput = 2;
    public const int Interrupted = 130;

    /// <summary>Returns the exit code.</summary>
    public async Task<int> RunAsync(SendArguments arguments, CancellationToken stop)
    {
        SampleTraffic traffic;
        ReplayOptions options;
        try
        {
            traffic = Traffic(arguments);
            options = arguments.ToOptions(target);
        }
        catch (Exception bad) when (bad is TraceFileException or SendException)
        {
            await error.WriteLineAsync(bad.Message);
            return BadInput;
        }

        using var http = ExportClient.CreateHttp(options);
        var progress = new SendProgress(error, time);
        var result = await progress.ShowAsync(new TraceReplayer(http, options, time).RunAsync(traffic, progress, stop: stop),
            traffic.Count);

        var summary = new SendSummary(arguments, target, options, traffic, result);
        await output.WriteAsync(arguments.Json ? summary.ToJson() : summary.ToText());
        return result.Stopped ? Interrupted : result.IsComplete ? Complete : Incomplete;
    }

    private SampleTraffic Traffic(SendArguments arguments)
    {
        var now = time.GetUtcNow().UtcDateTime;
        var second = now.AddTicks(-(now.Ticks % TimeSpan.TicksPerSecond));
        var rows = arguments.File is { } file
            ? TraceFile.Read(file, arguments.Count)
            : SyntheticTrace.Make(arguments.Count ?? SendArguments.SampleRows, arguments.Seed, second);
        var start = arguments.Start ?? (arguments.File is null ? TraceStart.Original : TraceStart.Yesterday);
        try
        {
            return new SampleTraffic(rows, start.ShiftOf(rows, now), arguments.Seed);
        }
        catch (ArgumentOutOfRangeException far)
        {
            throw new SendException($"--start does not fit this trace. {far.Message}", far);
        }
    }
}
