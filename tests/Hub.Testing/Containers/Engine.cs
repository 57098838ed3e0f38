using Analytics.Topology.Containers;
using Docker.DotNet;
using DotNet.Testcontainers.Builders;
using DotNet.Testcontainers.Configurations;
using DotNet.Testcontainers.Containers;
using DotNet.Testcontainers.Networks;
using Xunit;

namespace Hub.Testing;

/// <summary>Runs containers for tests. A missing engine or image ends the test by <see cref="Prerequisites.Missing"/>.</summary>
public static class Engine
{
    private const int RemovalAttempts = 20;
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(60);

    // A backup is one of the commands.
    private static readonly TimeSpan ExitTimeout = TimeSpan.FromMinutes(4);

    /// <summary>
    /// Runs another command in the container that a spec describes, and waits for its end: how a program is asked whether it takes its
    /// configuration. Standard input is closed.
    /// </summary>
    public static async Task<CheckResult> RunAsync(
        TestDeployment deployment, ContainerSpec spec, IReadOnlyList<string> command, INetwork? network = null, CancellationToken cancel = default, params string[] aliases)
    {
        ArgumentNullException.ThrowIfNull(spec);

        // Without ports: Testcontainers waits for their mapping, which a container that has ended no longer has.
        var once = spec with { Entrypoint = [command[0]], Arguments = [.. command.Skip(1)], Ports = [] };
        var wait = Wait.ForUnixContainer().AddCustomWaitStrategy(new HasEnded(), strategy => strategy.WithMode(WaitStrategyMode.OneShot).WithTimeout(ExitTimeout));
        await using var container = await StartAsync(() => SpecContainers.Build(deployment, once, wait, network, aliases), once.Image, cancel);
        return await ResultAsync(container, cancel);
    }

    /// <summary>Starts what a spec describes and leaves it running; the caller disposes of it.</summary>
    /// <param name="ready">Asked twice a second until it says yes, at most a minute.</param>
    public static async Task<IContainer> StartAsync(
        TestDeployment deployment, ContainerSpec spec, INetwork? network, Func<IContainer, Task<bool>> ready, CancellationToken cancel = default, params string[] aliases)
    {
        ArgumentNullException.ThrowIfNull(spec);
        var wait = Wait.ForUnixContainer()
            .AddCustomWaitStrategy(new IsReady(ready), strategy => strategy.WithTimeout(Timeout).WithInterval(TimeSpan.FromMilliseconds(500)));
        return await StartAsync(() => SpecContainers.Build(deployment, spec, wait, network, aliases), spec.Image, cancel);
    }

    /// <summary>Whether the image is on this machine. False without an engine.</summary>
    public static async Task<bool> HasImageAsync(string image, CancellationToken cancel = default) => await ImageIdAsync(image, cancel) is not null;

    /// <summary>The id of an image that is on this machine. Null where it is not, or without an engine.</summary>
    public static async Task<string?> ImageIdAsync(string image, CancellationToken cancel = default)
    {
        try
        {
            using var client = TestcontainersSettings.OS.DockerEndpointAuthConfig.GetDockerClientBuilder().Build();
            return (await client.Images.InspectImageAsync(image, cancel)).ID;
        }
        catch (Exception e) when (IsMissing(e) || e is HttpRequestException)
        {
            return null;
        }
    }

    /// <summary>
    /// Runs a line of shell as root in a running container, for what its own user may not change; fails the test when it does not end with
    /// 0.
    /// </summary>
    public static async Task AsRootAsync(IContainer container, string line, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(container);
        using var client = TestcontainersSettings.OS.DockerEndpointAuthConfig.GetDockerClientBuilder().Build();
        var made = await client.Exec.CreateContainerExecAsync(container.Id,
            new Docker.DotNet.Models.ContainerExecCreateParameters { User = "0", Cmd = ["sh", "-c", line], AttachStdout = true, AttachStderr = true }, cancel);
        using var stream = await client.Exec.StartContainerExecAsync(made.ID, new Docker.DotNet.Models.ContainerExecStartParameters(), cancel);
        var (output, error) = await stream.ReadOutputToEndAsync(cancel);
        new CheckResult((await client.Exec.InspectContainerExecAsync(made.ID, cancel)).ExitCode, output, error).Accepted();
    }

    /// <summary>Removes a container; one that is not there is as good as removed.</summary>
    public static async Task RemoveAsync(IContainer container)
    {
        ArgumentNullException.ThrowIfNull(container);
        var id = container.Id;
        await DisposeAsync(container);
        await InsistAsync(client => client.Containers.RemoveContainerAsync(id, new Docker.DotNet.Models.ContainerRemoveParameters { Force = true, RemoveVolumes = true }));
    }

    /// <summary>Removes named volumes that no container uses any more; one that is not there is as good as removed.</summary>
    public static async Task RemoveVolumesAsync(IEnumerable<string> names)
    {
        ArgumentNullException.ThrowIfNull(names);
        foreach (var name in names) await InsistAsync(client => client.Volumes.RemoveAsync(name, force: true));
    }

    /// <summary>A network of its own; the caller disposes of it after its containers, which insists on its removal.</summary>
    public static async Task<INetwork> CreateNetworkAsync(CancellationToken cancel = default)
    {
        try
        {
            var network = new NetworkBuilder().Build();
            await network.CreateAsync(cancel);
            return new TestNetwork(network);
        }
        catch (Exception e) when (IsMissing(e))
        {
            Prerequisites.Missing($"a container engine: {e.Message}");
            throw;
        }
    }

    /// <summary>
    /// What it could not remove is for <see cref="InsistAsync"/>: a busy engine may answer late, or that it is just at it.
    /// </summary>
    private static async Task DisposeAsync(IAsyncDisposable resource)
    {
        try
        {
            await resource.DisposeAsync();
        }
        catch (Exception e) when (IsPassing(e))
        {
        }
    }

    /// <summary>Removes something until it is gone, for networks and volumes were found after runs in which no test had failed.</summary>
    private static async Task InsistAsync(Func<DockerClient, Task> remove)
    {
        using var client = TestcontainersSettings.OS.DockerEndpointAuthConfig.GetDockerClientBuilder().Build();
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await remove(client);
                return;
            }
            catch (DockerApiException e) when (e.StatusCode == System.Net.HttpStatusCode.NotFound)
            {
                return;
            }
            catch (Exception e) when (IsPassing(e) && attempt < RemovalAttempts)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(500));
            }
        }
    }

    private static bool IsPassing(Exception e) => e is DockerApiException or HttpRequestException or IOException or TimeoutException or OperationCanceledException;

    private static async Task<IContainer> StartAsync(Func<IContainer> build, string image, CancellationToken cancel)
    {
        IContainer? container = null;
        try
        {
            container = build();
            await container.StartAsync(cancel);
            return container;
        }
        catch (Exception e) when (IsMissing(e))
        {
            if (container is not null)
                await container.DisposeAsync();
            Prerequisites.Missing($"a container engine with the image {image} (./hub images builds it): {e.Message}");
            throw;
        }
        catch (Exception e) when (container is not null)
        {
            var output = container.State == TestcontainersStates.Undefined ? "" : (await ResultAsync(container, CancellationToken.None)).ToString();
            await container.DisposeAsync();
            throw new InvalidOperationException($"{image} did not start: {e.Message}\n{output}", e);
        }
    }

    private static async Task<CheckResult> ResultAsync(IContainer container, CancellationToken cancel)
    {
        var (output, error) = await container.GetLogsAsync(timestampsEnabled: false, ct: cancel);
        var running = container.State == TestcontainersStates.Running;
        return new CheckResult(running ? null : await container.GetExitCodeAsync(cancel), output, error);
    }

    private static bool IsMissing(Exception? e) => e is DockerUnavailableException or DockerImageNotFoundException || (e is not null && IsMissing(e.InnerException));

    /// <summary>
    /// An engine may keep an endpoint of a container that it has removed, and then keeps the network until it is started again
    /// (moby/moby#17217): that is told, and is no fault of a test.
    /// </summary>
    private sealed class TestNetwork(INetwork network) : INetwork
    {
        public string Name => network.Name;

        public Task CreateAsync(CancellationToken ct = default) => network.CreateAsync(ct);

        public Task DeleteAsync(CancellationToken ct = default) => network.DeleteAsync(ct);

        public async ValueTask DisposeAsync()
        {
            var name = Name;
            await Engine.DisposeAsync(network);
            try
            {
                await InsistAsync(client => client.Networks.DeleteNetworkAsync(name));
            }
            catch (DockerApiException e) when (e.Message.Contains("has active endpoints", StringComparison.Ordinal))
            {
                await Console.Error.WriteLineAsync($"The engine keeps network {name} until its next start: {e.Message}");
            }
        }
    }

    private sealed class HasEnded : IWaitUntil
    {
        public Task<bool> UntilAsync(IContainer container) => Task.FromResult(container.State is TestcontainersStates.Exited or TestcontainersStates.Dead);
    }

    private sealed class IsReady(Func<IContainer, Task<bool>> ready) : IWaitUntil
    {
        public Task<bool> UntilAsync(IContainer container) => ready(container);
    }
}

/// <summary>How a command in a container ended.</summary>
/// <param name="ExitCode">Null while it still runs.</param>
/// <param name="Output">Standard output.</param>
/// <param name="Error">Standard error.</param>
public sealed record CheckResult(long? ExitCode, string Output, string Error)
{
    /// <summary>The test fails with what the program said, unless it ended with 0.</summary>
    public CheckResult Accepted()
    {
        Assert.True(ExitCode == 0, ToString());
        return this;
    }

    public override string ToString() => $"exit code {(ExitCode is { } code ? code : "none, it still runs")}\n{Output}{Error}";
}
