using System.Diagnostics;
using System.Text;

namespace Hub.Cli.Engine;

/// <summary>What a finished program left: its exit code and what it wrote.</summary>
internal sealed record ProcessResult(string Command, int ExitCode, string Output, string Error)
{
    /// <exception cref="CliException">The exit code is not 0; the message ends with the last lines of what it wrote.</exception>
    public ProcessResult OrThrow(string what, string? hint = null)
    {
        if (ExitCode == 0)
            return this;
        var lines = (Error + "\n" + Output).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        throw new CliException($"{what}: `{Command}` ended with exit code {ExitCode}:\n  {string.Join("\n  ", lines.TakeLast(12))}", hint);
    }
}

/// <summary>Runs other programs.</summary>
internal static class Processes
{
    /// <summary>Runs to the end and returns what was written; a cancelled run is killed with its children.</summary>
    /// <exception cref="CliException">The program is not there.</exception>
    public static async Task<ProcessResult> RunAsync(string file, IEnumerable<string> arguments, CancellationToken cancellation,
        string? input = null, Action<string>? onLine = null, IReadOnlyDictionary<string, string>? environment = null)
    {
        var start = Start(file, arguments, environment);
        start.RedirectStandardOutput = start.RedirectStandardError = start.RedirectStandardInput = true;
        using var process = Launch(start);
        var output = new StringBuilder();
        var error = new StringBuilder();
        var reading = Task.WhenAll(Pump(process.StandardOutput, output, onLine), Pump(process.StandardError, error, onLine));
        if (input is not null)
            await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        await EndOf(process, cancellation);
        await reading;
        return new ProcessResult(Describe(start), process.ExitCode, output.ToString(), error.ToString());
    }

    /// <summary>Runs with this program's own terminal.</summary>
    public static async Task<int> AttachAsync(string file, IEnumerable<string> arguments, CancellationToken cancellation,
        IReadOnlyDictionary<string, string>? environment = null)
    {
        using var process = Launch(Start(file, arguments, environment));
        await EndOf(process, cancellation);
        return process.ExitCode;
    }

    /// <summary>The full path of a program, or null.</summary>
    public static string? Find(string name) => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        .Where(directory => directory.Length > 0)
        .Select(directory => Path.Combine(directory, name))
        .FirstOrDefault(File.Exists);

    private static ProcessStartInfo Start(string file, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment)
    {
        var start = new ProcessStartInfo(file) { UseShellExecute = false };
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
            start.Environment[name] = value;
        return start;
    }

    private static Process Launch(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start) ?? throw new CliException($"`{start.FileName}` did not start.");
        }
        catch (System.ComponentModel.Win32Exception problem)
        {
            throw new CliException($"`{start.FileName}` cannot be run: {problem.Message}.", "Run `./hub doctor` to see what is missing and how to install it.");
        }
    }

    private static async Task EndOf(Process process, CancellationToken cancellation)
    {
        try
        {
            await process.WaitForExitAsync(cancellation);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync(CancellationToken.None);
            throw;
        }
    }

    private static async Task Pump(StreamReader reader, StringBuilder text, Action<string>? onLine)
    {
        while (await reader.ReadLineAsync() is { } line)
        {
            text.Append(line).Append('\n');
            onLine?.Invoke(line);
        }
    }

    private static string Describe(ProcessStartInfo start) => string.Join(' ', start.ArgumentList.Take(4).Prepend(Path.GetFileName(start.FileName)));
}
