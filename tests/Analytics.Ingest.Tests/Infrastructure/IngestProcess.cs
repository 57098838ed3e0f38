using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;

namespace Analytics.Ingest.Tests.Infrastructure;

/// <summary>The service as a process, to be stopped as an orchestrator stops it.</summary>
internal sealed partial class IngestProcess : IAsyncDisposable
{
    private const int SigTerm = 15;

    private readonly Process process;
    private readonly StringBuilder output = new();

    public IngestProcess(string? connectionString, params (string Name, string Value)[] settings)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "Analytics.Ingest.dll")])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = AppContext.BaseDirectory,
        };
        foreach (var name in new[] { "RestPort", "OtlpHttpPort", "OtlpGrpcPort" })
            start.Environment[$"Ingest__{name}"] = FreePort().ToString(CultureInfo.InvariantCulture);
        if (connectionString is not null) start.Environment["ConnectionStrings__analytics"] = connectionString;
        foreach (var (name, value) in settings) start.Environment[name] = value;
        Rest = new Uri($"http://127.0.0.1:{start.Environment["Ingest__RestPort"]}");
        OtlpHttp = new Uri($"http://127.0.0.1:{start.Environment["Ingest__OtlpHttpPort"]}");
        OtlpGrpc = new Uri($"http://127.0.0.1:{start.Environment["Ingest__OtlpGrpcPort"]}");
        process = Process.Start(start)!;
        process.OutputDataReceived += (_, line) => Keep(line.Data);
        process.ErrorDataReceived += (_, line) => Keep(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public Uri Rest { get; }

    public Uri OtlpHttp { get; }

    public Uri OtlpGrpc { get; }

    public bool HasExited => process.HasExited;

    /// <summary>The most memory that it has had, in bytes: VmHWM of Linux, in KiB there.</summary>
    public long PeakMemory =>
        1024 * long.Parse(File.ReadLines($"/proc/{process.Id}/status").First(line => line.StartsWith("VmHWM:", StringComparison.Ordinal))
        .Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);

    public string Output
    {
        get
        {
            lock (output) return output.ToString();
        }
    }

    public async Task WaitUntilReadyAsync()
    {
        using var client = new HttpClient { BaseAddress = Rest };
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (true)
        {
            try
            {
                using var response = await client.GetAsync("/health/ready", timeout.Token);
                if (response.IsSuccessStatusCode) return;
            }
            catch (HttpRequestException)
            {
                Assert.False(process.HasExited, Output);
            }

            await Task.Delay(100, timeout.Token);
        }
    }

    public void Terminate() => _ = Kill(process.Id, SigTerm);

    public async Task<int> WaitForExitAsync()
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        await process.WaitForExitAsync(timeout.Token);
        return process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited) process.Kill();
        await process.WaitForExitAsync();
        process.Dispose();
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private void Keep(string? line)
    {
        lock (output) output.AppendLine(line);
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);
}
