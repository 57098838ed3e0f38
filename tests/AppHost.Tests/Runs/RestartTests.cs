using System.Diagnostics;
using AppHost.Cluster;
using AppHost.Startup;
using AppHost.Tests.Runs;

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
            var database = containers["timescaledb-1"];
            var network = await HubRun.EngineAsync("inspect", "--format", "{{range .NetworkSettings.Networks}}{{.NetworkID}}{{end}}",
                database);
            string[] exitCodes = ["events", "--filter", $"container={database}", "--filter", "event=die", "--format",
                "{{.Actor.Attributes.exitCode}}"];
            using var ends = Process.Start(new ProcessStartInfo("docker", exitCodes) { RedirectStandardOutput = true })!;

            try
            {
                await first.StopAsync();
                Assert.Equal("0", await ends.StandardOutput.ReadLineAsync(Cancel).AsTask().WaitAsync(TimeSpan.FromMinutes(1), Cancel));
            }
            finally
            {
                ends.Kill();
            }

            var kept = await HubRun.EngineAsync("ps", "--all", "--no-trunc", "--quiet");
            Assert.DoesNotContain(containers.Values, id => kept.Contains(id, StringComparison.Ordinal));
            Assert.DoesNotContain(network, await HubRun.EngineAsync("network", "ls", "--no-trunc", "--quiet"), StringComparison.Ordinal);
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
        using (var killed = AppHostProcess.Start(data))
        {
            await killed.SaysAsync("The hub is up");
            killed.Kill();
        }

        // A real process again: Ctrl-C ends it, every container first.
        using var next = AppHostProcess.Start(data);
        await next.SaysAsync("The hub is up");
        next.Interrupt();
        Assert.Equal(0, await next.ExitCodeAsync(TimeSpan.FromMinutes(2)));
        await next.SaysAsync($"Stopped. The data are kept in the volumes {data.Volumes}-single-*");
        var mounts = await HubRun.EngineAsync("ps", "--all", "--no-trunc", "--format", "{{.Mounts}}");
        Assert.DoesNotContain(data.Volumes, mounts, StringComparison.Ordinal);
    }
}
