using System.Net;
using System.Net.Sockets;
using Hub.Cli.Commands;
using Hub.Cli.Engine;
using Hub.Operations.Processes;

namespace Hub.Cli.Tests.Commands;

/// <summary>What cannot work is said in one message, with what to do, before anything is started.</summary>
public sealed class RefusalTests : IDisposable
{
    private readonly CliProcess cli = new();

    [Theory]
    [InlineData("up", "--port-offset", "70000")]
    [InlineData("up", "--profile", "huge")]
    [InlineData("up", "--timeout", "1")]
    [InlineData("down", "--state")]
    [InlineData("test", "--tier", "some")]
    [InlineData("drill", "run", "nonsense")]
    [InlineData("drill", "run", "primary-kill", "--repeat", "0")]
    [InlineData("publish", "--monitoring", "push")]
    [InlineData("publish", "--runbooks", "docs/runbooks")]
    [InlineData("publish", "--registry", "team/hub")]
    [InlineData("publish", "--version", "latest")]
    [InlineData("publish", "--digests", "/nonexistent/digests.json")]
    [InlineData("images", "--push")]
    [InlineData("images", "--push", "--pin", "--registry", "registry.example.com")]
    [InlineData("images", "--pin")]
    [InlineData("images", "--pin", "--size", "dev")]
    [InlineData("nonsense")]
    public async Task Contradictory_arguments_exit_with_2(params string[] arguments)
    {
        var result = await cli.RunAsync(arguments);
        Assert.Equal(2, result.ExitCode);
        Assert.False(Directory.Exists(cli.State));
    }

    [Theory]
    [InlineData("drill", "all")]
    [InlineData("switchover")]
    public async Task Without_a_hub_drill_and_switchover_are_refused(params string[] arguments)
    {
        var result = await cli.RunAsync(arguments);
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("There is no hub here yet", result.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(cli.State));
    }

    [Theory]
    [InlineData("unix:///var/run/docker.sock", true)]
    [InlineData("npipe:////./pipe/docker_engine", true)]
    [InlineData("tcp://10.0.0.7:2376", false)]
    [InlineData("ssh://build@host", false)]
    public void An_engine_behind_a_network_is_not_local(string host, bool local) => Assert.Equal(local, LocalHub.IsLocal(host));

    [Theory]
    [InlineData("up")]
    [InlineData("status")]
    [InlineData("images")]
    public async Task An_engine_that_does_not_run_is_named_with_how_to_start_it(string verb)
    {
        if (ProcessRunner.Find("docker") is null)
            Prerequisites.Missing("the docker command line");
        var result = await cli.RunAsync(new Dictionary<string, string> { ["DOCKER_HOST"] = "unix:///nonexistent/docker.sock" }, verb);
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("The container engine does not answer", result.Error, StringComparison.Ordinal);
        Assert.Contains("→ Start it", result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_an_engine_on_the_path_it_says_which_package_brings_one()
    {
        var result = await cli.RunAsync(new Dictionary<string, string> { ["PATH"] = "/nonexistent" }, "up");
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("`docker` is not on the PATH", result.Error, StringComparison.Ordinal);
        Assert.Contains("apt-get install docker.io", result.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("psql")]
    [InlineData("logs")]
    [InlineData("exec", "timescaledb-1", "--", "true")]
    [InlineData("key", "list")]
    public async Task Without_a_hub_it_says_how_to_start_one(params string[] arguments)
    {
        var result = await cli.RunAsync(arguments);
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("./hub up", result.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--days -3", "--days", "1 to 36500")]
    [InlineData("--days 99999", "--days", "1 to 36500")]
    [InlineData("--name ", "--name", "is empty")]
    public async Task Invalid_key_is_refused_before_the_database_is_queried(string option, string named, string why)
    {
        var result = await cli.RunAsync(["key", "create", "--project", "x", .. option.Split(' ')]);
        Assert.Equal(2, result.ExitCode);
        Assert.Contains(named, result.Error, StringComparison.Ordinal);
        Assert.Contains(why, result.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "at least one of --requests-per-second, --bytes-per-second and --calls-per-day")]
    [InlineData("--requests-per-second 0", "--requests-per-second: 0 is not 0.001 to 1000000, and not none")]
    [InlineData("--requests-per-second Infinity", "--requests-per-second: Infinity is not")]
    [InlineData("--bytes-per-second 1.5", "--bytes-per-second: 1.5 is not a whole number above 0, and not none")]
    [InlineData("--calls-per-day -1", "--calls-per-day: -1 is not a whole number above 0, and not none")]
    public async Task Invalid_limit_is_refused_before_the_database_is_queried(string options, string why)
    {
        var result = await cli.RunAsync(["key", "limit", "1", .. options.Split(' ', StringSplitOptions.RemoveEmptyEntries)]);
        Assert.Equal(2, result.ExitCode);
        Assert.Contains(why, result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Help_and_version_speak_of_hub()
    {
        var help = await cli.RunAsync("--help");
        Assert.Equal(0, help.ExitCode);
        Assert.Contains("hub [command] [options]", help.Output, StringComparison.Ordinal);
        Assert.Contains("hub key create [options]", (await cli.RunAsync("key", "create", "--help")).Output, StringComparison.Ordinal);
        Assert.Matches(@"^\d+\.\d+", (await cli.RunAsync("--version")).Output);
    }

    [Fact]
    [Trait(Tiers.Trait, Tiers.Integration)]
    public async Task A_taken_port_is_named_and_nothing_is_started()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        var offset = port - 8080;
        Assert.SkipWhen(offset is < 0 or > 50000, $"The system chose port {port}, which no offset reaches.");
        var result = await cli.RunAsync("up", "--name", "hub-taken", "--port-offset", $"{offset}");
        if (result.Error.Contains("engine", StringComparison.Ordinal) && result.Error.Contains("does not answer", StringComparison.Ordinal))
            Prerequisites.Missing(result.Error);
        Assert.Equal(1, result.ExitCode);
        Assert.Contains($"{port} (ingest, rest)", result.Error, StringComparison.Ordinal);
        Assert.Contains("--port-offset", result.Error, StringComparison.Ordinal);
        Assert.Equal("",
            (await ProcessRunner.RunAsync("docker", ["ps", "--all", "--quiet", "--filter", "label=com.docker.compose.project=hub-taken"],
                CancellationToken.None)).Output);
        Assert.False(Directory.Exists(cli.State));
    }

    public void Dispose() => cli.Dispose();
}
