using System.ComponentModel;
using System.Diagnostics;
using Aspire.Hosting.Pipelines;
using Microsoft.Extensions.Logging;

#pragma warning disable ASPIREPIPELINES001

namespace AppHost.Deployment;

/// <summary>One run of deploy.sh as a pipeline step: each of its parts (<c>== name</c>) is a task, what it says below is that task's
/// log.</summary>
internal static class DeployScriptRun
{
    private static readonly TimeSpan TimeToHear = TimeSpan.FromSeconds(2), TimeToClean = TimeSpan.FromSeconds(20);

    /// <exception cref="InvalidOperationException">It failed; the message is what it said.</exception>
    public static async Task RunAsync(PipelineStepContext context, string script, IEnumerable<string> arguments,
        IReadOnlyDictionary<string, string> environment)
    {
        var start = new ProcessStartInfo("bash", [script, .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true
        };
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        using var process = Start(start);
        process.StandardInput.Close();
        var errors = new List<string>();
        var reading = Task.WhenAll(ReadPartsAsync(context, process.StandardOutput),
            ReadErrorsAsync(context, process.StandardError, errors));
        try
        {
            await process.WaitForExitAsync(context.CancellationToken);
        }
        catch (OperationCanceledException)
        {
            await StopAsync(process);
            throw;
        }

        await reading;
        if (process.ExitCode != 0)
            throw new InvalidOperationException(errors.Count > 0 ? string.Join('\n',
                errors) : $"deploy.sh ended with exit code {process.ExitCode}.");
    }

    /// <exception cref="InvalidOperationException">The program is not there.</exception>
    public static Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start) ?? throw new InvalidOperationException($"{start.FileName} does not start.");
        }
        catch (Win32Exception problem)
        {
            throw new InvalidOperationException($"{start.FileName} is not on the PATH: install it and run this again.", problem);
        }
    }

    private static async Task ReadPartsAsync(PipelineStepContext context, StreamReader output)
    {
        IReportingTask? part = null;
        var name = "";
        try
        {
            while (await output.ReadLineAsync(CancellationToken.None) is { } line)
            {
                if (line.StartsWith("== ", StringComparison.Ordinal))
                {
                    await EndAsync(part, name);
                    name = line[3..];
                    part = await context.ReportingStep.CreateTaskAsync(name, CancellationToken.None);
                }
                else if (line.Length > 0)
                {
                    context.ReportingStep.Log(LogLevel.Information, line.TrimEnd());
                }
            }
        }
        finally
        {
            await EndAsync(part, name);
        }
    }

    private static async Task EndAsync(IReportingTask? part, string name)
    {
        if (part is null)
            return;
        await part.CompleteAsync(name, cancellationToken: CancellationToken.None);
        await part.DisposeAsync();
    }

    /// <summary>Warnings are told as such; the last error, with what to do, is the reason of the failure.</summary>
    private static async Task ReadErrorsAsync(PipelineStepContext context, StreamReader error, List<string> errors)
    {
        while (await error.ReadLineAsync(CancellationToken.None) is { } line)
        {
            if (line.StartsWith("error: ", StringComparison.Ordinal)
                || (errors.Count > 0 && line.StartsWith("  -> ", StringComparison.Ordinal)))
                errors.Add(line.StartsWith("error: ", StringComparison.Ordinal) ? line["error: ".Length..] : line);
            else if (line.Length > 0)
                context.ReportingStep.Log(LogLevel.Warning,
                    line.StartsWith("warning: ", StringComparison.Ordinal) ? line["warning: ".Length..] : line);
        }
    }

    /// <summary>
    /// It removes its temporary files, which hold passwords, when it is told to stop. Ctrl-C in a terminal tells it too, and it is left
    /// alone then; otherwise what it waits for has to end first.
    /// </summary>
    private static async Task StopAsync(Process process)
    {
        if (await EndsWithinAsync(process, TimeToHear))
            return;
        using (var signals = Start(new ProcessStartInfo("sh", ["-c", "kill -TERM \"$0\"; pkill -TERM -P \"$0\"", $"{process.Id}"])))
            await signals.WaitForExitAsync(CancellationToken.None);
        if (!await EndsWithinAsync(process, TimeToClean))
            process.Kill(entireProcessTree: true);
    }

    private static async Task<bool> EndsWithinAsync(Process process, TimeSpan time)
    {
        using var limit = new CancellationTokenSource(time);
        try
        {
            await process.WaitForExitAsync(limit.Token);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }
}
