using System.Diagnostics;
using AppHost.Cluster;
using AppHost.Tests.Runs;
using AppHost.Startup;

namespace AppHost.Tests;

[Trait(Tiers.Trait, Tiers.Integration)]
public sealed class The_end_of_a_run
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Leaves_nothing_but_volumes_and_the_next_run_has_the_data()
    {
        await using var data = new RunData(HubProfile.Single);
        var model = $"gpt-{Guid.NewGuid():N}";
        await using (var first = await HubRun.StartAsync(data))
        {
            await first.UpAsync();
            await first.SendTraceAsync(model, inputTokens: 5);
            var containers = first.Containers();
            Assert.Contains("timescaledb-1", containers.Keys);
            var network = await EngineAsync("inspect", "--format", "{{range $name, $_ := .NetworkSettings.Networks}}{{$name}} {{end}}", containers["timescaledb-1"]);
            using var ends = new Ends(containers["timescaledb-1"]);

            await first.StopAsync();

            Assert.Equal("0", await ends.ExitCodeAsync(Cancel));
            var kept = await EngineAsync("ps", "--all", "--no-trunc", "--quiet");
            Assert.DoesNotContain(containers.Values, id => kept.Contains(id, StringComparison.Ordinal));
            Assert.DoesNotContain(network, await EngineAsync("network", "ls", "--format", "{{.Name}}"), StringComparison.Ordinal);
        }

        await using var second = await HubRun.StartAsync(data);
        await second.UpAsync();
        Assert.Equal((1, 5), (await second.UsageAsync()).GetValueOrDefault(model));
    }

    /// <summary>An IDE's stop button and a crash end the AppHost like this.</summary>
    [Fact]
    public async Task By_a_kill_lets_the_next_run_come_up_on_the_same_ports_and_data()
    {
        await using var data = new RunData(HubProfile.Single);
        var info = new ProcessStartInfo("dotnet", ["run", "--no-build", "--no-launch-profile", "--project", HubRun.ProjectDirectory])
        {
            RedirectStandardOutput = true,
            Environment = { ["ASPIRE_ALLOW_UNSECURED_TRANSPORT"] = "true", ["ASPNETCORE_URLS"] = "http://127.0.0.1:0", ["ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL"] = "http://127.0.0.1:0" },
        };
        foreach (var (name, value) in data.Settings)
            info.Environment[name] = value;
        using (var killed = Process.Start(info)!)
        {
            var lines = new List<string>();
            while (await killed.StandardOutput.ReadLineAsync(Cancel) is { } line)
            {
                lines.Add(line);
                if (line.Contains("The hub is up", StringComparison.Ordinal))
                    break;
            }

            Assert.True(lines.Count > 0 && lines[^1].Contains("The hub is up", StringComparison.Ordinal), string.Join('\n', lines));
            killed.Kill(entireProcessTree: false);
            foreach (var apphost in Process.GetProcessesByName("AppHost").Where(process => IsChildOf(process, killed.Id)))
                apphost.Kill();
        }

        await using var next = await HubRun.StartAsync(data);
        await next.UpAsync();
    }
}
