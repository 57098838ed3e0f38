using Hub.Operations.Processes;

namespace Hub.Operations.Tests;

public sealed class ProcessRunnerTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_program_gets_input_and_environment_and_leaves_output_error_and_exit_code()
    {
        var lines = new List<string>();
        var result = await ProcessRunner.RunAsync("sh", ["-c", "cat; echo $WORD; echo wrong >&2; exit 3"], Cancel, "given\n", line =>
        {
            lock (lines)
                lines.Add(line);
        }, new Dictionary<string, string> { ["WORD"] = "set" });
        Assert.Equal((3, "given\nset\n", "wrong\n"), (result.ExitCode, result.Output, result.Error));
        Assert.Equal(["given", "set", "wrong"], lines.Order(StringComparer.Ordinal));
        var problem = Assert.Throws<OperationException>(() => result.OrThrow("It failed", "Try again."));
        Assert.StartsWith("It failed: `sh -c ", problem.Message, StringComparison.Ordinal);
        Assert.Equal("Try again.", problem.Hint);
    }

    [Fact]
    public async Task A_program_that_takes_too_long_is_killed_and_counts_as_failed()
    {
        var result = await ProcessRunner.RunWithinAsync(TimeSpan.FromMilliseconds(200), "sleep", ["600"], Cancel);
        Assert.Equal((ProcessResult.TimedOut, "no answer within 0 s"), (result.ExitCode, result.Error));
    }

    [Fact]
    public async Task A_cancelled_program_is_killed_with_its_children()
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var child = 0;
        var run = ProcessRunner.RunAsync("sh", ["-c", "sleep 600 & echo $!; wait"], stop.Token, onLine: line =>
        {
            child = int.Parse(line, System.Globalization.CultureInfo.InvariantCulture);
            stop.Cancel();
        });
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run);
        await Eventually.TrueAsync(() => Task.FromResult(!File.Exists($"/proc/{child}/stat") || File.ReadAllText($"/proc/{child}/stat").Contains(" Z ", StringComparison.Ordinal)),
            TimeSpan.FromSeconds(30), () => "the child lives", Cancel);
    }

    [Fact]
    public async Task A_program_that_is_not_there_is_named() =>
        Assert.Contains("no-such-program", (await Assert.ThrowsAsync<OperationException>(() => ProcessRunner.RunAsync("no-such-program", [], Cancel))).Message, StringComparison.Ordinal);
}
