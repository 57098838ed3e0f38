using System.Diagnostics;
using Analytics.Topology.Containers;

namespace Analytics.Topology.Tests.Containers;

/// <summary>start-database.sh as a member runs it, with a program in Patroni's place.</summary>
public sealed class StartScriptTests : IDisposable
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(60);
    private readonly FakePrograms programs = new();

    private string Root => programs.Directory;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Starts_Patroni_with_the_directory_of_its_configuration()
    {
        using var script = Start();
        Assert.Equal($"patroni {Root}/config", (await script.StandardOutput.ReadToEndAsync(Cancel).WaitAsync(Timeout, Cancel)).Trim());
    }

    [Fact]
    public async Task Starts_Patroni_with_its_own_interpreter()
    {
        var python = programs.Add("python3", "#!/bin/sh\necho python \"$@\"\n");
        using var script = Start(patroni: $"#! {python}\n");
        Assert.Equal($"python {Root}/config/start-patroni.py {Root}/config", (await script.StandardOutput.ReadToEndAsync(Cancel).WaitAsync(Timeout, Cancel)).Trim());
    }

    [Theory]
    [InlineData("3.3.2", 1)]
    [InlineData("4.0.7", 0)]
    public async Task Ends_at_once_with_a_Patroni_that_is_too_old(string version, int exitCode)
    {
        using var script = Start(patroni: $"#!/bin/sh\n[ \"$1\" != --version ] || echo patroni {version}\n");
        var error = await script.StandardError.ReadToEndAsync(Cancel).WaitAsync(Timeout, Cancel);
        await script.WaitForExitAsync(Cancel).WaitAsync(Timeout, Cancel);
        Assert.Equal(exitCode, script.ExitCode);
        Assert.Equal(exitCode == 1, error.Contains("has Patroni 3, and Hub needs 4.0.0 or later", StringComparison.Ordinal));
    }

    /// <summary>start-patroni.py asks the package that it is about to start, here one that has nothing but its version.</summary>
    [Theory]
    [InlineData("3.0.2", true)]
    [InlineData("4.0.0", false)]
    [InlineData("4.1.5.dev1", false)]
    public async Task Ends_at_once_with_a_Patroni_package_that_is_too_old(string version, bool tooOld)
    {
        if (Environment.GetEnvironmentVariable("PATH")!.Split(':').All(directory => !File.Exists(Path.Combine(directory, "python3"))))
            Prerequisites.Missing("python3 on the PATH");
        var package = Directory.CreateDirectory(Path.Combine(Root, "package", "patroni")).FullName;
        await File.WriteAllTextAsync(Path.Combine(package, "__init__.py"), "", Cancel);
        await File.WriteAllTextAsync(Path.Combine(package, "version.py"), $"__version__ = '{version}'\n", Cancel);
        await File.WriteAllTextAsync(Path.Combine(package, "__main__.py"), "def main():\n    print('started')\n", Cancel);
        var script = Path.Combine(Root, "start-patroni.py");
        await File.WriteAllTextAsync(script, Topology.Config.Templates.Read("start-patroni.py"), Cancel);
        using var python = Process.Start(new ProcessStartInfo("python3", [script])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["PYTHONPATH"] = Path.GetDirectoryName(package) },
        })!;
        var output = python.StandardOutput.ReadToEndAsync(Cancel);
        var error = await python.StandardError.ReadToEndAsync(Cancel).WaitAsync(Timeout, Cancel);
        await python.WaitForExitAsync(Cancel).WaitAsync(Timeout, Cancel);
        Assert.Equal(tooOld ? "" : "started", (await output).Trim());
        Assert.Equal(tooOld ? 1 : 0, python.ExitCode);
        Assert.Equal(tooOld, error.Contains($"this database image has Patroni {version}, and Hub needs 4.0.0 or later", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Removes_the_lock_of_a_killed_server()
    {
        var sockets = Directory.CreateDirectory(Path.Combine(Root, "sockets")).FullName;
        foreach (var name in new[] { ".s.PGSQL.5432", ".s.PGSQL.5432.lock", "another" })
            await File.WriteAllTextAsync(Path.Combine(sockets, name), "1", Cancel);
        using var script = Start();
        await script.StandardOutput.ReadToEndAsync(Cancel).WaitAsync(Timeout, Cancel);
        Assert.Equal(["another"], Directory.EnumerateFiles(sockets).Select(Path.GetFileName));
    }

    [Theory]
    [InlineData("hold")]
    [InlineData("hold-timescaledb-2")]
    public async Task Starts_nothing_while_it_is_held(string file)
    {
        using var script = Start(file);
        Assert.Contains("timescaledb-2 is held", await script.StandardError.ReadLineAsync(Cancel).AsTask().WaitAsync(Timeout, Cancel), StringComparison.Ordinal);
        var output = script.StandardOutput.ReadToEndAsync(Cancel);
        Assert.False(output.IsCompleted);
        File.Delete(Path.Combine(Root, "config", file));
        Assert.Equal($"patroni {Root}/config", (await output.WaitAsync(Timeout, Cancel)).Trim());
    }

    [Fact]
    public async Task Is_not_held_by_what_holds_another()
    {
        using var script = Start("hold-timescaledb-1");
        Assert.Equal($"patroni {Root}/config", (await script.StandardOutput.ReadToEndAsync(Cancel).WaitAsync(Timeout, Cancel)).Trim());
    }

    [Fact]
    public async Task Ends_when_it_is_stopped_while_held()
    {
        using var script = Start("hold");
        await script.StandardError.ReadLineAsync(Cancel).AsTask().WaitAsync(Timeout, Cancel);
        using var kill = Process.Start("kill", ["-TERM", $"{script.Id}"]);
        await script.WaitForExitAsync(Cancel).WaitAsync(Timeout, Cancel);
        Assert.Equal(0, script.ExitCode);
    }

    public void Dispose() => Directory.Delete(Root, recursive: true);

    private Process Start(string? file = null, string patroni = "#!/bin/sh\necho patroni \"$@\"\n")
    {
        var config = Directory.CreateDirectory(Path.Combine(Root, "config")).FullName;
        programs.Add("patroni", patroni);
        if (file is not null)
            File.WriteAllText(Path.Combine(config, file), "");
        // As published, but for the places of the log's links and of the sockets, which belong to a member's container.
        var sockets = $"sockets={Paths.SocketDirectory}";
        var published = DatabaseContainers.For(Presets.Development).First().Directories.SelectMany(mounted => mounted.Files).Single(file => file.Name == "start-database.sh").Text!;
        var script = Path.Combine(Root, "start-database.sh");
        Assert.Contains(sockets + "\n", published, StringComparison.Ordinal);
        File.WriteAllText(script, published.Replace(sockets, $"sockets={Root}/sockets", StringComparison.Ordinal).Replace("log=/tmp/postgresql-log", $"log={Root}/log", StringComparison.Ordinal).Replace("/proc/1/fd/2", "/nonexistent/fd", StringComparison.Ordinal)
            .Replace("echo \"PostgreSQL's log", ": \"PostgreSQL's log", StringComparison.Ordinal));
        var start = new ProcessStartInfo("/bin/sh", [script, config]) { RedirectStandardOutput = true, RedirectStandardError = true };
        (start.Environment["PATH"], start.Environment["PATRONI_NAME"]) = (programs.SearchPath, "timescaledb-2");
        return Process.Start(start)!;
    }
}
