using System.Net;
using System.Net.Sockets;
using Analytics.Topology;
using Analytics.Topology.Security;
using AppHost.Cluster;
using AppHost.Tests.Runs;

namespace AppHost.Tests;

/// <summary>What keeps a hub from starting is on the console and on the dashboard, with what to do.</summary>
[Trait(Tiers.Trait, Tiers.Integration)]
public sealed class A_start_that_fails
{
    /// <summary>Longer than the ten seconds that are promised after the failure: images are looked for first.</summary>
    private static readonly TimeSpan WaitLimit = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task For_a_port_that_is_taken_names_the_port()
    {
        await using var data = new RunData(HubProfile.Single);
        var port = Ports.OtlpHttp + data.PortOffset;
        using var taken = new TcpListener(IPAddress.Loopback, port);
        taken.Start();
        await using var run = await HubRun.StartAsync(data);
        await run.SaysAsync($"Port {port} of 127.0.0.1 is taken", WaitLimit);
        await run.SaysAsync($"{ClusterNames.Ingest} did not start", WaitLimit);
        Assert.Equal(KnownResourceStates.FailedToStart, run.Snapshot(ClusterNames.Ingest).State?.Text);
    }

    [Fact]
    public async Task For_another_AppHost_that_runs_says_how_to_start_beside_it()
    {
        await using var data = new RunData(HubProfile.Single);
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var port = ((IPEndPoint)other.LocalEndpoint).Port;
        var address = $"http://127.0.0.1:{port - data.PortOffset}";
        using var run = AppHostProcess.Start(data, ("ASPIRE_RESOURCE_SERVICE_ENDPOINT_URL", address));
        await run.SaysAsync($"Port {port} of 127.0.0.1, which Aspire's dashboard needs", WaitLimit);
        await run.SaysAsync($"HUB_PORT_OFFSET={data.PortOffset + 10000} HUB_VOLUMES=another-name HUB_STATE=another-directory", WaitLimit);
        Assert.Equal(1, await run.ExitCodeAsync(WaitLimit));
    }

    [Fact]
    public async Task For_a_profile_that_does_not_exist_names_those_that_do()
    {
        await using var data = new RunData(HubProfile.Single);
        using var run = AppHostProcess.Start(data, ("HUB_PROFILE", "huge"));
        await run.SaysAsync("HUB_PROFILE is 'huge'. Known profiles: cluster, single.", WaitLimit);
        Assert.Equal(1, await run.ExitCodeAsync(WaitLimit));
    }

    [Fact]
    public async Task For_an_unavailable_image_names_the_image()
    {
        await using var data = new RunData(HubProfile.Single);
        await using var run = await HubRun.StartAsync(data, settings: (Images.DatabaseVariable, "hub/no-such-image:1"));
        await run.SaysAsync("hub/no-such-image:1", WaitLimit);
        await run.SaysAsync("images ended with exit code 1", WaitLimit);
    }

    [Fact]
    public async Task For_passwords_that_are_gone_names_the_volumes_and_what_to_do()
    {
        await using var data = new RunData(HubProfile.Single);
        await using (var first = await HubRun.StartAsync(data))
            await first.UpAsync();
        File.Delete(Path.Combine(data.State, "aspire", SecretValues.FileName));

        // Twice: the first of these starts makes new passwords, which must not open the old data to the second.
        for (var start = 0; start < 2; start++)
        {
            await using var next = await HubRun.StartAsync(data);
            await next.SaysAsync($"volume {data.Volumes}-single-etcd-1 holds data of an earlier hub", WaitLimit);
            Assert.Equal(KnownResourceStates.FailedToStart, next.Snapshot("etcd-1").State?.Text);
        }
    }

    [Fact]
    public async Task Without_an_engine_says_so()
    {
        await using var data = new RunData(HubProfile.Single);
        using var run = AppHostProcess.Start(data, ("DOCKER_HOST", $"unix://{data.State}/no.sock"));
        await run.SaysAsync("error: The container engine does not answer: Cannot connect", WaitLimit);
        await run.SaysAsync("Start it: `systemctl start docker`", WaitLimit);
    }
}
