using System.Diagnostics;
using Analytics.Topology.Containers;

namespace Analytics.Topology.Tests.Containers;

/// <summary>start-database.sh as a member runs it, with a program in Patroni's place.</summary>
public sealed class StartScriptTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly string directory = Directory.CreateTempSubdirectory("hub-start-").FullName;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Starts_Patroni_with_the_directory_of_its_configuration()
    {
        using var script = Start();
        Assert.Equal($"patroni {directory}/config", (await script.StandardOutput.ReadToEndAsync(Cancel).WaitAsync(Patience, Cancel)).Trim());
    }

    [Fact]
    public async Task Starts_it_by_way_of_its_own_interpreter()
    {
        var python = Program("python3", "#!/bin/sh\necho python \"$@\"\n");
        using var script = Start(patroni: $"#! {python}\n");
        Assert.Equal($"python {directory}/config/start-patroni.py {directory}/config", (await script.StandardOutput.ReadToEndAsync(Cancel).WaitAsync(Patience, Cancel)).Trim());
    }

    [Theory]
    [InlineData("hold")]
    [InlineData("hold-timescaledb-2")]
    public async Task Starts_nothing_while_it_is_held(string file)
    {
        using var script = Start(file);
        Assert.Contains("timescaledb-2 is held", await script.StandardError.ReadLineAsync(Cancel).AsTask().WaitAsync(Patience, Cancel), StringComparison.Ordinal);
        var output = script.StandardOutput.ReadToEndAsync(Cancel);
        Assert.False(output.IsCompleted);
        File.Delete(Path.Combine(directory, "config", file));
        Assert.Equal($"patroni {directory}/config", (await output.WaitAsync(Patience, Cancel)).Trim());
    }

    [Fact]
    public async Task Is_not_held_by_what_holds_another()
    {
        using var script = Start("hold-timescaledb-1");
        Assert.Equal($"patroni {directory}/config", (await script.StandardOutput.ReadToEndAsync(Cancel).WaitAsync(Patience, Cancel)).Trim());
    }

    [Fact]
    public async Task Ends_when_it_is_stopped_while_held()
    {
        using var script = Start("hold");
        await script.StandardError.ReadLineAsync(Cancel).AsTask().WaitAsync(Patience, Cancel);
        using var kill = Process.Start("kill", ["-TERM", $"{script.Id}"]);
        await script.WaitForExitAsync(Cancel).WaitAsync(Patience, Cancel);
        Assert.Equal(0, script.ExitCode);
    }

    public void Dispose() => Directory.Delete(directory, recursive: true);

    private string Program(string name, string text)
    {
        var program = Path.Combine(Directory.CreateDirectory(Path.Combine(directory, "bin")).FullName, name);
        File.WriteAllText(program, text);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return program;
    }

    private Process Start(string? file = null, string patroni = "#!/bin/sh\necho patroni \"$@\"\n")
    {
        var (config, programs) = (Directory.CreateDirectory(Path.Combine(directory, "config")).FullName, Path.GetDirectoryName(Program("patroni", patroni)));
        if (file is not null)
            File.WriteAllText(Path.Combine(config, file), "");
        // As published, but for the place of the log's links, which belongs to a member's container.
        var published = DatabaseContainers.For(Presets.Development).First().Directories.SelectMany(mounted => mounted.Files).Single(file => file.Name == "start-database.sh").Text!;
        var script = Path.Combine(directory, "start-database.sh");
        File.WriteAllText(script, published.Replace("log=/tmp/postgresql-log", $"log={directory}/log", StringComparison.Ordinal).Replace("/proc/1/fd/2", "/nonexistent/fd", StringComparison.Ordinal)
            .Replace("echo \"PostgreSQL's log", ": \"PostgreSQL's log", StringComparison.Ordinal));
        var start = new ProcessStartInfo("/bin/sh", [script, config]) { RedirectStandardOutput = true, RedirectStandardError = true };
        (start.Environment["PATH"], start.Environment["PATRONI_NAME"]) = ($"{programs}:{Environment.GetEnvironmentVariable("PATH")}", "timescaledb-2");
        return Process.Start(start)!;
    }
}
