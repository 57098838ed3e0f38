using System.Diagnostics;
using Analytics.Topology.Config;

namespace Analytics.Topology.Tests.Postgres;

/// <summary>post-bootstrap.sh in the system's own shell, with programs in the place of psql and pgbackrest.</summary>
public sealed class PostBootstrapTests : IDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("hub-bootstrap-").FullName;

    [Fact]
    public async Task Waits_for_another_pgBackRest_that_holds_the_lock()
    {
        // A cluster that was restored under load: its own archive-push is at work.
        var result = await RunAsync("[ \"$(wc -l < calls)\" -gt 2 ] || exit 50");
        Assert.Equal((0, 3), (result.ExitCode, result.Calls));
    }

    [Theory]
    [InlineData(28)]
    [InlineData(101)]
    public async Task Refuses_a_repository_that_cannot_be_used_at_once(int code)
    {
        var result = await RunAsync($"exit {code}");
        Assert.Equal((1, 1), (result.ExitCode, result.Calls));
        Assert.Contains("the backup repository cannot be used", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Asks_for_no_repository_where_none_is_named_and_none_required()
    {
        var result = await RunAsync("exit 28", ("HUB_BACKUP_REQUIRED", "false"));
        Assert.Equal((0, 0), (result.ExitCode, result.Calls));
        Assert.Equal(1, (await RunAsync("exit 28", ("HUB_BACKUP_REQUIRED", "false"), ("PGBACKREST_REPO1_S3_BUCKET", "b"))).ExitCode);
    }

    public void Dispose() => Directory.Delete(directory, recursive: true);

    private async Task<(int ExitCode, int Calls, string Error)> RunAsync(string pgBackRest, params (string Name, string Value)[] variables)
    {
        if (OperatingSystem.IsWindows())
        {
            Prerequisites.Missing("/bin/sh");
            return default;
        }

        Program("psql", "");
        Program("pgbackrest", $"echo called >> calls\n{pgBackRest}");
        var calls = Path.Combine(directory, "calls");
        await File.WriteAllTextAsync(calls, "", TestContext.Current.CancellationToken);
        var start = new ProcessStartInfo("/bin/sh", ["-s", "dbname=postgres"])
        {
            RedirectStandardInput = true,
            RedirectStandardError = true,
            WorkingDirectory = directory
        };
        start.Environment["PATH"] = $"{directory}:{Environment.GetEnvironmentVariable("PATH")}";
        start.Environment["HUB_BACKUP_STANZA"] = "hub";
        foreach (var (name, value) in variables)
            start.Environment[name] = value;
        using var shell = Process.Start(start)!;
        await shell.StandardInput.WriteAsync(Templates.Read("post-bootstrap.sh"));
        shell.StandardInput.Close();
        var error = await shell.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await shell.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromMinutes(1),
            TestContext.Current.CancellationToken);
        return (shell.ExitCode, File.ReadAllLines(calls).Length, error);

        [System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
        void Program(string name, string script)
        {
            var file = Path.Combine(directory, name);
            File.WriteAllText(file, $"#!/bin/sh\n{script}\n");
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }
}
