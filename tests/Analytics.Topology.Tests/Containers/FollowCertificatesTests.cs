using System.Diagnostics;
using Analytics.Topology.Config;

namespace Analytics.Topology.Tests.Containers;

/// <summary>follow-certificates.sh as a pod runs it, with a program of the test.</summary>
public sealed class FollowCertificatesTests : IDisposable
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(60);
    private readonly FakePrograms programs = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string Certificate => Path.Combine(programs.Directory, "tls", "tls.crt");

    [Fact]
    public async Task Signals_the_program_once_for_each_change_and_is_the_program_itself()
    {
        using var script = Start();
        Assert.Equal($"{script.Id} -f file", await LineAsync(script));
        await File.WriteAllTextAsync(Certificate, "second", Cancel);
        Assert.Equal("USR2", await LineAsync(script));
        await File.WriteAllTextAsync(Path.Combine(programs.Directory, "tls", "ca.crt"), "another", Cancel);
        Assert.Equal("USR2", await LineAsync(script));
        var next = LineAsync(script);
        Assert.False(await Task.WhenAny(next, Task.Delay(TimeSpan.FromSeconds(1), Cancel)) == next, "signalled without a change");
        using var kill = Process.Start("kill", ["-TERM", $"{script.Id}"]);
        await script.WaitForExitAsync(Cancel).WaitAsync(Timeout, Cancel);
        Assert.Equal(7, script.ExitCode);
    }

    public void Dispose() => programs.Dispose();

    private static async Task<string?> LineAsync(Process script) => await script.StandardOutput.ReadLineAsync(Cancel).AsTask().WaitAsync(Timeout, Cancel);

    private Process Start()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Certificate)!);
        File.WriteAllText(Certificate, "first");
        var program = programs.Add("program", """
            #!/bin/sh
            trap 'echo USR2' USR2
            trap 'exit 7' TERM
            echo "$$ $*"
            while :; do sleep 0.1; done
            """);

        // As published, but for the place of the files, which belongs to a pod.
        var script = Path.Combine(programs.Directory, "follow-certificates.sh");
        var published = Templates.Read("follow-certificates.sh");
        Assert.Contains($"{Paths.Tls}/*", published, StringComparison.Ordinal);
        File.WriteAllText(script, published.Replace($"{Paths.Tls}/*", $"{programs.Directory}/tls/*", StringComparison.Ordinal));
        var start = new ProcessStartInfo("/bin/sh", [script, "USR2", program, "-f", "file"]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["HUB_FOLLOW_SECONDS"] = "0.2";
        return Process.Start(start)!;
    }
}
