using System.Text.Json;
using Hub.Cli.Engine;
using Hub.Operations.Processes;

namespace Hub.Cli.Tests.EndToEnd;

/// <summary>A running hub gets a new CA while calls come in. A hub of its own: who connects with the old CA afterwards is refused.</summary>
[Trait(Tiers.Trait, Tiers.Fault)]
public sealed class CertificateTests(RunningHub hub, ITestOutputHelper output) : IClassFixture<RunningHub>
{
    [Fact]
    public async Task The_CA_is_replaced_under_load_and_no_call_fails_and_no_server_is_restarted()
    {
        var (authority, started) = (await File.ReadAllTextAsync(AuthorityFile, TestContext.Current.CancellationToken), await StartedAsync());
        var report = Path.Combine(Path.GetTempPath(), $"hub-test-{Guid.NewGuid():N}.json");
        try
        {
            var drill = await hub.RunAsync("drill", "run", "certificates", "--json", report);
            output.WriteLine(drill.Output);
            Assert.True(drill.ExitCode == 0, drill.Output + drill.Error);
            using var document = JsonDocument.Parse(await File.ReadAllTextAsync(report, TestContext.Current.CancellationToken));
            // Whoever speaks SQL may be told once that the server is read-only: HAProxy's new worker asks who leads only after it has begun.
            var ingest = Assert.Single(document.RootElement.GetProperty("results")[0].GetProperty("paths").EnumerateArray(), path => path.GetProperty("path").GetString() == "ingest");
            Assert.True(ingest.GetProperty("written").GetInt32() > 0);
            Assert.Equal(ingest.GetProperty("written").GetInt32(), ingest.GetProperty("acknowledged").GetInt32());
        }
        finally
        {
            File.Delete(report);
        }

        Assert.NotEqual(authority, await File.ReadAllTextAsync(AuthorityFile, TestContext.Current.CancellationToken));
        Assert.Equal(started, await StartedAsync());
        Assert.False(File.Exists(Path.Combine(hub.State, "ca", "next.crt")));
        var list = await hub.RunAsync("certificates", "list");
        Assert.Contains("tls/timescaledb/tls.crt", list.Output, StringComparison.Ordinal);
        Assert.Single(list.Output.Split('\n'), line => line.Contains("ca/ca.crt", StringComparison.Ordinal));
    }

    private string AuthorityFile => Path.Combine(hub.State, "ca", "ca.crt");

    /// <summary>When each member's PostgreSQL was started, by the servers themselves.</summary>
    private async Task<string[]> StartedAsync()
    {
        var started = new List<string>();
        foreach (var member in new[] { "timescaledb-1", "timescaledb-2", "timescaledb-3" })
        {
            var file = await ProcessRunner.RunAsync("docker", ["exec", await hub.ContainerAsync(member), "sed", "-n", "3p", $"{Analytics.Topology.Paths.PgData}/postmaster.pid"], TestContext.Current.CancellationToken);
            started.Add(file.OrThrow($"{member} does not run").Output.Trim());
        }

        return [.. started];
    }
}
