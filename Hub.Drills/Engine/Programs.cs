using System.Diagnostics;
using System.Text;

namespace Hub.Drills.Engine;

/// <summary>What a finished program left.</summary>
internal sealed record ProgramResult(string Command, int ExitCode, string Output, string Error)
{
    /// <exception cref="DrillException">The exit code is not 0.</exception>
    public ProgramResult OrThrow(string what) => ExitCode == 0
        ? this
        : throw new DrillException($"{what}: `{Command}` ended with exit code {ExitCode}: {(Error + Output).Trim()}");
}

/// <summary>Runs programs: the engine's command line, so that whatever context or socket is set up is used, and nsenter.</summary>
internal static class Programs
{
    /// <summary>What takes longer hangs: on a frozen container, for one.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    public static Task<ProgramResult> DockerAsync(CancellationToken cancel, params string[] arguments) => RunAsync("docker", arguments, cancel);

    /// <param name="file">The program.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="cancel">Kills it with its children.</param>
    /// <param name="environment">Variables beside those of this program.</param>
    /// <param name="patience">When it is taken to hang. Default 90 s.</param>
    /// <param name="input">What it reads. Default nothing.</param>
    /// <param name="onLine">Told each line as it is written.</param>
    /// <exception cref="DrillException">The program is not there.</exception>
    public static async Task<ProgramResult> RunAsync(string file, IReadOnlyList<string> arguments, CancellationToken cancel, IReadOnlyDictionary<string, string>? environment = null,
        TimeSpan? patience = null, string? input = null, Action<string>? onLine = null)
    {
        var command = $"{file} {string.Join(' ', arguments.Take(4))}";
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        bound.CancelAfter(patience ?? Patience);
        using var process = Start(file, arguments, environment);
        var output = ReadAsync(process.StandardOutput, onLine);
        var error = ReadAsync(process.StandardError, onLine);
        try
        {
            await process.StandardInput.WriteAsync((input ?? "").AsMemory(), bound.Token);
            process.StandardInput.Close();
            await process.WaitForExitAsync(bound.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync(CancellationToken.None);
            cancel.ThrowIfCancellationRequested();
            return new ProgramResult(command, 124, await output, await error + $"no end within {(patience ?? Patience).TotalSeconds:0} s");
        }

        return new ProgramResult(command, process.ExitCode, await output, await error);
    }

    private static async Task<string> ReadAsync(StreamReader reader, Action<string>? onLine)
    {
        if (onLine is null)
            return await reader.ReadToEndAsync(CancellationToken.None);
        var text = new StringBuilder();
        while (await reader.ReadLineAsync(CancellationToken.None) is { } line)
        {
            text.Append(line).Append('\n');
            onLine(line);
        }

        return text.ToString();
    }

    /// <summary>Starts a program with its streams redirected. Environment values do not appear in the list of processes, arguments do.</summary>
    public static Process Start(string file, IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string>? environment = null)
    {
        var start = new ProcessStartInfo(file) { UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
            start.Environment[name] = value;
        try
        {
            return Process.Start(start) ?? throw new DrillException($"`{file}` did not start.");
        }
        catch (System.ComponentModel.Win32Exception problem)
        {
            throw new DrillException($"`{file}` cannot be run: {problem.Message}.");
        }
    }
}
