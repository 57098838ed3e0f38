using System.Diagnostics;

namespace Analytics.Backup.Drill;

/// <summary>PostgreSQL's own programs.</summary>
internal static class Programs
{
    /// <summary>
    /// Where a program of a major version is: images carry several versions, and the one on the PATH need not be the backup's.
    /// </summary>
    public static string Find(string name, string major)
    {
        var versioned = $"/usr/lib/postgresql/{major}/bin/{name}";
        return File.Exists(versioned) ? versioned : name;
    }

    /// <summary>Runs a program to its end.</summary>
    /// <returns>Its exit code, and both its streams.</returns>
    /// <exception cref="BackupException">It cannot be started.</exception>
    public static async Task<(int ExitCode, string Output)> RunAsync(string program, IEnumerable<string> arguments,
        CancellationToken cancel)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        // The scratch instance is reached by its socket; nothing of the cluster's connection may leak in.
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("PG", StringComparison.Ordinal)
            && !name.StartsWith("PGBACKREST", StringComparison.Ordinal)).ToList())
            start.Environment.Remove(name);
        using var process = Start(start);
        var (output, error) = (process.StandardOutput.ReadToEndAsync(CancellationToken.None),
            process.StandardError.ReadToEndAsync(CancellationToken.None));
        try
        {
            await process.WaitForExitAsync(cancel);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }

        return (process.ExitCode, await output + await error);
    }

    /// <summary>Starts a server and does not wait for it: it is stopped with pg_ctl.</summary>
    public static Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new BackupException($"{start.FileName} cannot be started: {e.Message}.",
                "Run drills in the image that has PostgreSQL's programs (stage backup).", ExitCodes.Configuration);
        }
    }
}
