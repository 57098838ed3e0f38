using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Analytics.Backup;

/// <summary>Asks a process to end, which .NET cannot: it can only kill one.</summary>
internal static class Signals
{
    /// <summary>SIGQUIT: PostgreSQL's immediate shutdown.</summary>
    public const int Quit = 3;

    /// <summary>SIGTERM.</summary>
    public const int Terminate = 15;

    /// <summary>Asks, waits, and kills a process that does not end in time.</summary>
    public static async Task StopAsync(Process process, int signal, TimeSpan timeout)
    {
        if (process.HasExited || Kill(process.Id, signal) != 0) return;
        using var end = new CancellationTokenSource(timeout);
        try
        {
            await process.WaitForExitAsync(end.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
        }
    }

    [DllImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Kill(int process, int signal);
}
