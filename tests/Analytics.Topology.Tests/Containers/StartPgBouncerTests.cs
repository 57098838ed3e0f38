using System.Diagnostics;
using Analytics.Topology.Containers;

namespace Analytics.Topology.Tests.Containers;

/// <summary>start-pgbouncer.sh as its container runs it, with programs in PgBouncer's and the name service's place.</summary>
public sealed class StartPgBouncerTests : IDisposable
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(60);
    private readonly FakePrograms programs = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Restarts_PgBouncer_when_HAProxy_has_another_address()
    {
        using var script = Start("10.0.0.9");
        Assert.Equal("started pgbouncer.ini", await LineAsync(script.StandardOutput));
        await MoveAsync("");
        await MoveAsync("10.0.0.14");
        Assert.Equal("haproxy had the address 10.0.0.9 haproxy and has 10.0.0.14 haproxy now: PgBouncer starts anew.",
            await LineAsync(script.StandardError));
        Assert.Equal("started pgbouncer.ini", await LineAsync(script.StandardOutput));
        await EndAsync(script, "TERM");
    }

    /// <summary>INT and TERM let PgBouncer finish what runs; it, not the script, decides when that is.</summary>
    [Theory, InlineData("INT"), InlineData("TERM")]
    public async Task Ends_as_PgBouncer_does_when_it_is_stopped(string signal)
    {
        using var script = Start("10.0.0.9");
        await LineAsync(script.StandardOutput);
        await EndAsync(script, signal);
    }

    [Fact]
    public async Task Hands_on_the_signal_to_read_the_configuration_again()
    {
        using var script = Start("10.0.0.9");
        await LineAsync(script.StandardOutput);
        await SignalAsync(script, "HUP");
        Assert.Equal("HUP", await LineAsync(script.StandardOutput));
        await EndAsync(script, "TERM");
    }

    /// <summary>Between two PgBouncers, or before the first, nobody is there to take it.</summary>
    [Fact]
    public async Task A_signal_that_comes_before_PgBouncer_is_for_the_one_that_comes()
    {
        var asked = Path.Combine(programs.Directory, "asked");
        using var script = Start("10.0.0.9", getent: $"#!/bin/sh\ntouch {asked}\nsleep 1\n");
        await Eventually.TrueAsync(() => Task.FromResult(File.Exists(asked)), Timeout, () => "the script asks for HAProxy's address",
            Cancel);
        await SignalAsync(script, "TERM");
        await script.WaitForExitAsync(Cancel).WaitAsync(Timeout, Cancel);
        Assert.NotEqual(0, script.ExitCode);
    }

    [Fact]
    public async Task Fails_as_PgBouncer_does()
    {
        using var script = Start("10.0.0.9", pgbouncer: "#!/bin/sh\nexit 3\n");
        await script.WaitForExitAsync(Cancel).WaitAsync(Timeout, Cancel);
        Assert.Equal(3, script.ExitCode);
    }

    public void Dispose() => programs.Dispose();

    private static async Task<string?> LineAsync(StreamReader reader) => await reader.ReadLineAsync(Cancel).AsTask().WaitAsync(Timeout,
        Cancel);

    private static async Task SignalAsync(Process process, string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", $"{process.Id}"]);
        await kill.WaitForExitAsync(Cancel);
    }

    private static async Task EndAsync(Process script, string signal)
    {
        await SignalAsync(script, signal);
        Assert.Equal(signal, await LineAsync(script.StandardOutput));
        await script.WaitForExitAsync(Cancel).WaitAsync(Timeout, Cancel);
        Assert.Equal(7, script.ExitCode);
    }

    /// <summary>In one step, as a name service has either answer and never half of one.</summary>
    private async Task MoveAsync(string address)
    {
        var file = Path.Combine(programs.Directory, "address");
        await File.WriteAllTextAsync(file + "-new", address.Length == 0 ? "" : $"{address} haproxy\n", Cancel);
        File.Move(file + "-new", file, overwrite: true);
    }

    private Process Start(string address, string? pgbouncer = null, string? getent = null)
    {
        File.WriteAllText(Path.Combine(programs.Directory, "address"), $"{address} haproxy\n");
        programs.Add("getent", getent ?? $"#!/bin/sh\n[ \"$1 $2\" = 'hosts haproxy' ] && cat {programs.Directory}/address\n");
        // A shell cannot trap a signal that was ignored when it began: SIGINT in the background, SIGHUP under nohup. A container
        // ignores none.
        programs.Add("pgbouncer", pgbouncer ?? """
            #!/usr/bin/env -S --default-signal=INT,HUP sh
            trap 'echo HUP' HUP
            trap 'echo INT; exit 7' INT
            trap 'echo TERM; exit 7' TERM
            echo "started $*"
            while :; do sleep 0.1; done
            """);
        var spec = ClusterContainers.For(Presets.Development).Single(spec => spec.Name == ClusterNames.PgBouncer);
        Assert.Equal(["/bin/sh", "/etc/hub/config/start-pgbouncer.sh", "/etc/hub/config/pgbouncer.ini", ClusterNames.HaProxy],
            spec.Entrypoint);
        var script = Path.Combine(programs.Directory, "start-pgbouncer.sh");
        File.WriteAllText(script,
            spec.Directories.SelectMany(mounted => mounted.Files).Single(file => file.Name == "start-pgbouncer.sh").Text!);
        var start = new ProcessStartInfo("/usr/bin/env",
            ["--default-signal=INT,HUP", "/bin/sh", script, "pgbouncer.ini", ClusterNames.HaProxy])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true
        };
        start.Environment["PATH"] = programs.SearchPath;
        return Process.Start(start)!;
    }
}
