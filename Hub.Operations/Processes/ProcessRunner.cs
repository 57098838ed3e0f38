using System.Diagnostics;
using System.Text;

namespace Hub.Operations.Processes;

/// <summary>
/// Runs other programs: the engine's command line above all, so that whatever context or socket is set up is used. Environment values do
/// not appear in the list of processes, arguments do.
/// </summary>
/// <remarks>
/// Not CliWrap: it always redirects the streams, and programs here also get this program's terminal (<see cref="AttachAsync"/>) or are spoken
/// with line by line (<see cref="Start"/>).
/// </remarks>
internal static class ProcessRunner
{
    /// <summary>What takes longer hangs: on a frozen container, for one.</summary>
    public static readonly TimeSpan EngineTimeout = TimeSpan.FromSeconds(90);

    /// <summary>Runs to the end and returns what was written; a cancelled run is killed with its children.</summary>
    /// <exception cref="OperationException">The program is not there.</exception>
    public static async Task<ProcessResult> RunAsync(string file, IEnumerable<string> arguments, CancellationToken cancellation,
        string? input = null, Action<string>? onLine = null, IReadOnlyDictionary<string, string>? environment = null)
    {
        using var process = Start(file, arguments, environment);
        var written = new Written(process, onLine);
        await EndAsync(process, input, cancellation);
        return await written.ResultAsync(process.ExitCode);
    }

    /// <summary>Runs a program that may wait for something that is gone. After the timeout it is killed and counts as failed.</summary>
    /// <exception cref="OperationException">The program is not there.</exception>
    public static async Task<ProcessResult> RunWithinAsync(
        TimeSpan timeout, string file, IReadOnlyList<string> arguments, CancellationToken cancellation,
        string? input = null, Action<string>? onLine = null, IReadOnlyDictionary<string, string>? environment = null)
    {
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        bound.CancelAfter(timeout);
        using var process = Start(file, arguments, environment);
        var written = new Written(process, onLine);
        try
        {
            await EndAsync(process, input, bound.Token);
            return await written.ResultAsync(process.ExitCode);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            var soFar = await written.ResultAsync(ProcessResult.TimedOut);
            return soFar with { Error = $"{soFar.Error}no answer within {timeout.TotalSeconds:0} s" };
        }
    }

    /// <summary>The engine's command line.</summary>
    public static Task<ProcessResult> DockerAsync(CancellationToken cancellation, params string[] arguments) =>
        RunWithinAsync(EngineTimeout, "docker", arguments, cancellation);

    /// <summary>Runs with this program's own terminal.</summary>
    public static async Task<int> AttachAsync(string file, IEnumerable<string> arguments, CancellationToken cancellation,
        IReadOnlyDictionary<string, string>? environment = null)
    {
        using var process = Launch(Description(file, arguments, environment));
        await EndAsync(process, input: null, cancellation);
        return process.ExitCode;
    }

    /// <summary>Starts a program with its streams redirected, for whoever speaks with it.</summary>
    /// <exception cref="OperationException">The program is not there.</exception>
    public static Process Start(
        string file, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment = null)
    {
        var start = Description(file, arguments, environment);
        start.RedirectStandardOutput = start.RedirectStandardError = start.RedirectStandardInput = true;
        return Launch(start);
    }

    /// <summary>The full path of a program, or null.</summary>
    public static string? Find(string name) => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        .Where(directory => directory.Length > 0)
        .Select(directory => Path.Combine(directory, name))
        .FirstOrDefault(File.Exists);

    private static ProcessStartInfo Description(string file, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment)
    {
        var start = new ProcessStartInfo(file, arguments) { UseShellExecute = false };
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
            start.Environment[name] = value;
        return start;
    }

    private static Process Launch(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start) ?? throw new OperationException($"`{start.FileName}` did not start.");
        }
        catch (System.ComponentModel.Win32Exception problem)
        {
            throw new OperationException(
                $"`{start.FileName}` cannot be run: {problem.Message}.", "Run `./hub doctor` to see what is missing and how to get it.");
        }
    }

    /// <summary>Gives the program its input, where its streams are redirected, and waits for its end; a cancelled one is killed.</summary>
    private static async Task EndAsync(Process process, string? input, CancellationToken cancellation)
    {
        try
        {
            if (process.StartInfo.RedirectStandardInput)
            {
                await process.StandardInput.WriteAsync(input.AsMemory(), cancellation);
                process.StandardInput.Close();
            }

            await process.WaitForExitAsync(cancellation);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync(CancellationToken.None);
            throw;
        }
    }

    /// <summary>What a program writes, read as it comes.</summary>
    private sealed class Written
    {
        private readonly StringBuilder output = new(), error = new();
        private readonly Task reading;
        private readonly string command;

        public Written(Process process, Action<string>? onLine)
        {
            command = string.Join(' ', process.StartInfo.ArgumentList.Take(4).Prepend(Path.GetFileName(process.StartInfo.FileName)));
            reading = Task.WhenAll(ReadAsync(process.StandardOutput, output, onLine), ReadAsync(process.StandardError, error, onLine));
        }

        public async Task<ProcessResult> ResultAsync(int exitCode)
        {
            await reading;
            return new ProcessResult(command, exitCode, output.ToString(), error.ToString());
        }

        private static async Task ReadAsync(StreamReader reader, StringBuilder text, Action<string>? onLine)
        {
            while (await reader.ReadLineAsync() is { } line)
            {
                text.Append(line).Append('\n');
                onLine?.Invoke(line);
            }
        }
    }
}
