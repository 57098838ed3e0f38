using System.Diagnostics;

namespace AppHost.Tests.Runs;

/// <summary>
/// The AppHost as a process of its own, as an IDE and <c>dotnet run</c> start it: it can be killed, and its console is what a user sees.
/// </summary>
internal sealed class AppHostProcess : IDisposable
{
    private static readonly TimeSpan StopTimeout = TimeSpan.FromMinutes(2);

    private readonly Process process;
    private readonly List<string> lines = [];

    private AppHostProcess(Process process) => this.process = process;

    /// <param name="data">Of this run.</param>
    /// <param name="environment">More variables.</param>
    public static AppHostProcess Start(RunData data, params (string Name, string Value)[] environment)
    {
        // Built with these tests, in their configuration.
        var configuration = new DirectoryInfo(AppContext.BaseDirectory).Name;
        var program = Path.Combine(AspireCli.Repository, "artifacts", "bin", "AppHost", configuration, "AppHost.dll");
        var start = new ProcessStartInfo("dotnet", [program]) { RedirectStandardOutput = true, RedirectStandardError = true };
        (string, string)[] dashboard =
        [
            ("ASPNETCORE_URLS", "http://127.0.0.1:0"), ("ASPIRE_ALLOW_UNSECURED_TRANSPORT", "true"),
            ("ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL", "http://127.0.0.1:0"), ("ASPIRE_RESOURCE_SERVICE_ENDPOINT_URL", "http://127.0.0.1:0"),
        ];
        foreach (var (name, value) in data.Settings.Concat(dashboard).Concat(environment))
            start.Environment[name] = value;
        var run = new AppHostProcess(Process.Start(start)!);
        run.process.OutputDataReceived += run.Read;
        run.process.ErrorDataReceived += run.Read;
        run.process.BeginOutputReadLine();
        run.process.BeginErrorReadLine();
        return run;
    }

    /// <summary>Waits until the console says it.</summary>
    public async Task SaysAsync(string text, TimeSpan? wait = null)
    {
        await Eventually.TrueAsync(
            () => Task.FromResult(process.HasExited || Has(text)), wait ?? HubRun.WaitLimit, () => Read(),
            TestContext.Current.CancellationToken);
        if (process.HasExited)
            await process.WaitForExitAsync(TestContext.Current.CancellationToken); // Until its last lines were read.
        Assert.True(Has(text), $"The AppHost ended without saying \"{text}\":\n{Read()}");
    }

    /// <summary>Ends it as Ctrl-C does.</summary>
    public void Interrupt()
    {
        using var interrupt = Process.Start("kill", ["-INT", process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        interrupt.WaitForExit();
    }

    /// <summary>Waits for its end.</summary>
    public async Task<int> ExitCodeAsync(TimeSpan wait)
    {
        await process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(wait, TestContext.Current.CancellationToken);
        return process.ExitCode;
    }

    /// <summary>Ends the process at once, without a word to the orchestrator.</summary>
    public void Kill() => process.Kill();

    public void Dispose()
    {
        if (!process.HasExited)
        {
            // Its containers have ended when their volumes are removed.
            Interrupt();
            if (!process.WaitForExit(StopTimeout))
                process.Kill();
        }

        process.Dispose();
    }

    private bool Has(string text) => Read().Contains(text, StringComparison.Ordinal);

    private string Read()
    {
        lock (lines)
            return string.Join('\n', lines);
    }

    private void Read(object sender, DataReceivedEventArgs line)
    {
        lock (lines)
            lines.Add(line.Data ?? "");
    }
}
