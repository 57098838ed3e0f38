using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Text;

namespace AppHost.Tests;

/// <summary>The real <c>aspire</c>, as the repository's tool manifest names it, with the AppHost that was built with these tests.</summary>
internal static class AspireCli
{
    private static readonly SemaphoreSlim OneAtATime = new(1);
    private static bool restored;

    public static string Repository { get; } = Here();

    public static async Task<(int ExitCode, string Text)> RunAsync(IReadOnlyDictionary<string, string> environment, string command,
        string[] options, params string[] arguments)
    {
        await OneAtATime.WaitAsync(TestContext.Current.CancellationToken);
        try
        {
            if (!restored)
            {
                var restore = await DotnetAsync(environment, "tool", "restore");
                if (restore.Text.Contains("is not found in NuGet feeds", StringComparison.Ordinal))
                    Prerequisites.Missing($"Aspire.Cli in the package registry: {restore.Text}");
                Assert.True(restore.ExitCode == 0, restore.Text);
                restored = true;
            }

            // Its own build is a debug build; that of the tests is the same unless they are a release build.
            string[] built = new DirectoryInfo(AppContext.BaseDirectory).Name == "debug" ? ["--no-build"] : [];
            return await DotnetAsync(environment,
                ["aspire", command, "--non-interactive", "--nologo", .. built, .. options, "--", .. arguments]);
        }
        finally
        {
            OneAtATime.Release();
        }
    }

    private static string Here([CallerFilePath] string source = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(source)!, "../.."));

    private static async Task<(int ExitCode, string Text)> DotnetAsync(IReadOnlyDictionary<string, string> environment,
        params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", arguments)
        {
            WorkingDirectory = Repository,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true
        };
        (start.Environment["NO_COLOR"], start.Environment["ASPIRE_CLI_TELEMETRY_OPTOUT"],
            start.Environment["DOTNET_CLI_TELEMETRY_OPTOUT"]) = ("1", "true", "1");
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var text = new StringBuilder();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromMinutes(4));
        try
        {
            await Task.WhenAll(ReadAsync(process.StandardOutput), ReadAsync(process.StandardError));
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"dotnet {string.Join(' ', arguments)} does not end. It wrote: {text}");
        }

        return (process.ExitCode, text.ToString());

        async Task ReadAsync(StreamReader reader)
        {
            while (await reader.ReadLineAsync(limit.Token) is { } line)
            {
                lock (text)
                    text.Append(line).Append('\n');
            }
        }
    }
}
