using System.Diagnostics;
using System.Text;

namespace Analytics.Backup.Repository;

/// <summary>What a run of pgBackRest left.</summary>
/// <param name="ExitCode">0, or the code of its error.</param>
/// <param name="Output">Its standard output.</param>
/// <param name="Log">Its log.</param>
public sealed record PgBackRestResult(int ExitCode, string Output, IReadOnlyList<LogEntry> Log);

/// <summary>The program pgbackrest. It reads its configuration and its secrets by itself; none passes through here.</summary>
/// <param name="settings">Which stanza.</param>
/// <param name="log">Where its log goes while it runs, line by line.</param>
/// <param name="config">Another configuration than the environment's: a drill has its own.</param>
internal sealed class PgBackRest(BackupSettings settings, Action<string> log, string? config = null)
{
    // A backup that is stopped still has to tell the server so.
    private static readonly TimeSpan StopTime = TimeSpan.FromSeconds(20);

    /// <summary>Reads the state of the stanza.</summary>
    /// <exception cref="BackupException">The repository cannot be read.</exception>
    public async Task<RepositoryInfo> InfoAsync(CancellationToken cancel)
    {
        var result = await RunAsync("info", ["--output=json", "--repo=1"], cancel, level: "warn");
        return InfoParser.Parse(Require(result, "info").Output, settings.Stanza).RequireReadable();
    }

    /// <summary>What the program says of its version: <c>pgBackRest 2.55.1</c>.</summary>
    public async Task<string> VersionAsync(CancellationToken cancel)
    {
        var start = new ProcessStartInfo("pgbackrest", ["version"]) { RedirectStandardOutput = true };
        using var process = Start(start);
        var text = await process.StandardOutput.ReadToEndAsync(cancel);
        await process.WaitForExitAsync(cancel);
        return text;
    }

    /// <summary>Runs a command and fails when it fails.</summary>
    /// <exception cref="BackupException">What was wrong, in words.</exception>
    public async Task<PgBackRestResult> RequireAsync(string command, IEnumerable<string> arguments, CancellationToken cancel) =>
        Require(await RunAsync(command, arguments, cancel), command);

    /// <summary>Runs a command to its end.</summary>
    /// <param name="command">Such as <c>backup</c>.</param>
    /// <param name="arguments">Its options.</param>
    /// <param name="cancel">Asks it to stop, and waits until it has.</param>
    /// <param name="level">How much it logs: <c>info</c>, or <c>detail</c>, whose entries are kept but not shown.</param>
    /// <exception cref="BackupException">It cannot be started.</exception>
    public async Task<PgBackRestResult> RunAsync(string command, IEnumerable<string> arguments, CancellationToken cancel,
        string level = "info")
    {
        cancel.ThrowIfCancellationRequested();
        var start = new ProcessStartInfo("pgbackrest",
            [command, $"--stanza={settings.Stanza}", "--log-level-console=off", $"--log-level-stderr={level}",
            "--no-log-timestamp", .. config is null ? [] : new[] { $"--config={config}" }, .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardErrorEncoding = Encoding.UTF8,
            StandardOutputEncoding = Encoding.UTF8,
        };
        // Verbs that may do without it would otherwise read another file than the settings say.
        start.Environment["PGBACKREST_CONFIG"] = settings.PgBackRestConfig;
        // What a drill restores has nothing to do with the members of the cluster.
        if (config is not null)
        {
            foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("PGBACKREST_PG", StringComparison.Ordinal)
                || name == "PGBACKREST_CONFIG").ToList())
                start.Environment.Remove(name);
        }

        using var process = Start(start);
        var lines = new List<string>();
        var (output, error) = (process.StandardOutput.ReadToEndAsync(CancellationToken.None), ReadLogAsync(process.StandardError, lines));
        try
        {
            await process.WaitForExitAsync(cancel);
        }
        catch (OperationCanceledException)
        {
            await Signals.StopAsync(process, Signals.Terminate, StopTime);
            throw;
        }

        await error;
        var text = await output;
        // An option that it refuses is told before it knows where its log goes.
        return new PgBackRestResult(process.ExitCode, text,
            PgBackRestLog.Parse(process.ExitCode == 0 ? lines : [.. lines, .. text.Split('\n')]));
    }

    private async Task ReadLogAsync(StreamReader reader, List<string> lines)
    {
        var shown = true;
        while (await reader.ReadLineAsync() is { } line)
        {
            lines.Add(line);
            // A further line of an entry is indented.
            if (!line.StartsWith(' '))
                shown = !line.Contains("DETAIL: ", StringComparison.Ordinal) && !line.Contains(" command begin ", StringComparison.Ordinal);
            if (shown) log(PgBackRestLog.Printable(line));
        }
    }

    private static PgBackRestResult Require(PgBackRestResult result, string command) =>
        result.ExitCode == 0 ? result : throw PgBackRestErrors.Explain(command, result);

    private static Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new BackupException($"pgbackrest cannot be started: {e.Message}.",
                "Run hub-backup in the image that has it (stage backup), or install pgBackRest 2.55 or newer.", ExitCodes.Configuration);
        }
    }
}
