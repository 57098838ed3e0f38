using AppHost.Cluster;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace AppHost.Startup;

/// <summary>
/// Conditions under which a resource would fail without a clear message. They are reported before it starts, in its log, in its state and on
/// the console.
/// </summary>
internal static class StartConditions
{
    /// <summary>What the orchestrator writes on each of its containers; true would mean that it outlives the run.</summary>
    private const string SessionLabel = "com.microsoft.developer.usvc-dev.persistent=false";

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <summary>Fails the resource when another program has its port; a run that was killed a moment ago gets the time to end.</summary>
    /// <param name="resource">The resource.</param>
    /// <param name="port">A port of 127.0.0.1; null: any free one.</param>
    /// <param name="hub">The hub.</param>
    public static IResourceBuilder<T> WithFreePort<T>(this IResourceBuilder<T> resource, int? port, DevelopmentHub hub) where T : IResource =>
        port is null ? resource : resource.OnBeforeResourceStarted(async (_, start, cancellation) =>
        {
            if (LocalPorts.IsFree(port.Value))
                return;
            var holders = (await ContainersAsync(hub, filter: null, cancellation))
                .Where(container => container.Ports.Contains($":{port}->", StringComparison.Ordinal)).Select(container => container.Name).ToList();
            var wait = holders.Count > 0 ? LocalPorts.WaitForLastRun : LocalPorts.WaitForPrograms;
            var problem = $"Port {port} of 127.0.0.1 is taken{Names(holders)}. "
                + "If a hub of `./hub up` or another AppHost runs, stop it (`./hub down`); "
                + $"otherwise see who listens (`{LocalPorts.ListenersOf(port.Value)}`), "
                + $"or start with {HubProfile.PortOffsetVariable}={hub.Profile.PortOffset + 10000}.";
            if (!await BecomesAsync(resource.Resource, start.Services, problem, wait,
                _ => Task.FromResult(LocalPorts.IsFree(port.Value)), cancellation))
                throw new DistributedApplicationException(problem);
        });

    /// <summary>
    /// Lets the resource wait while its container of another run has its volumes: two servers on the same files would destroy them.
    /// </summary>
    public static IResourceBuilder<ContainerResource> WithOwnVolumes(this IResourceBuilder<ContainerResource> resource, DevelopmentHub hub) =>
        resource.OnBeforeResourceStarted(async (container, start, cancellation) =>
        {
            foreach (var volume in container.Annotations.OfType<ContainerMountAnnotation>()
                .Where(mount => mount.Type is ContainerMountType.Volume && !mount.IsReadOnly))
            {
                // A volume may be another resource's too, as a member's is its backup server's; the same resource runs once.
                async Task<List<string>> Others(CancellationToken cancel) =>
                    [.. (await ContainersAsync(hub, $"volume={volume.Source}", cancel)).Select(other => other.Name).Where(name => IsOf(container, name))];

                var others = await Others(cancellation);
                if (others.Count == 0)
                    continue;
                var problem = $"The volume {volume.Source} is in use{Names(others)}. "
                    + $"Stop the other AppHost, or give this one data of its own: {HubProfile.VolumesVariable}=another-name.";
                if (!await BecomesAsync(container, start.Services, problem, LocalPorts.WaitForLastRun,
                    async cancel => (await Others(cancel)).Count == 0, cancellation))
                    throw new DistributedApplicationException(problem);
            }
        });

    /// <summary>
    /// Fails the resource when its volume holds data that were made with passwords that are gone: no part could log in, and every part
    /// behind it would wait without an end.
    /// </summary>
    public static IResourceBuilder<ContainerResource> WithOwnData(this IResourceBuilder<ContainerResource> resource, DevelopmentHub hub) =>
        resource.OnBeforeResourceStarted((_, _, _) =>
        {
            var own = resource.Resource.Annotations.OfType<ContainerMountAnnotation>().Select(mount => mount.Source);
            var kept = hub.ForeignVolumes.Intersect(own).ToList();
            if (kept.Count > 0)
            {
                throw new DistributedApplicationException(
                    $"The volume {string.Join(", ", kept)} holds data of an earlier hub, but its passwords and CA are not in {hub.State.Directory} any more. "
                    + $"Bring that directory back, take other volumes ({HubProfile.VolumesVariable}=another-name), or, when no other "
                    + "checkout needs them, stop this AppHost and begin anew: "
                    + $"{hub.Engine} volume rm $({hub.Engine} volume ls --quiet --filter name={hub.Profile.VolumePrefix})");
            }

            return Task.CompletedTask;
        });

    /// <summary>Waits for a run that was killed a moment ago; says at once what is wrong, in case it was not.</summary>
    private static async Task<bool> BecomesAsync(
        IResource resource, IServiceProvider services, string problem, TimeSpan wait,
        Func<CancellationToken, Task<bool>> isSo, CancellationToken cancellation)
    {
        ILogger[] logs =
        [
            services.GetRequiredService<ResourceLoggerService>().GetLogger(resource),
            services.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(StartConditions)),
        ];
        foreach (var log in logs)
            log.LogWarning("{Resource} cannot start yet. {Problem} It waits up to {Seconds} s: the last run may still be stopping.",
                resource.Name, problem, (int)wait.TotalSeconds);
        var time = services.GetRequiredService<TimeProvider>();
        var started = time.GetTimestamp();
        while (time.GetElapsedTime(started) < wait)
        {
            await Task.Delay(Pause, time, cancellation);
            if (await isSo(cancellation))
                return true;
        }

        return false;
    }

    /// <summary>The running session containers of any AppHost, with their published ports.</summary>
    private static async Task<IReadOnlyList<(string Name, string Ports)>> ContainersAsync(DevelopmentHub hub, string? filter, CancellationToken cancellation)
    {
        string[] more = filter is null ? [] : ["--filter", filter];
        var (exit, output) = await Engine.RunAsync(hub.Engine, ["ps", "--filter", $"label={SessionLabel}", .. more, "--format", "{{.Names}}\t{{.Ports}}"], cancellation);
        if (exit != 0)
            throw new DistributedApplicationException($"The engine does not list its containers: {output}");
        var lines = output.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return [.. lines.Select(line => line.Split('\t')).Select(parts => (parts[0], parts.ElementAtOrDefault(1) ?? ""))];
    }

    /// <summary>The orchestrator names a container <c>resource-suffix</c>.</summary>
    internal static bool IsOf(IResource resource, string container) =>
        container.StartsWith(resource.Name + "-", StringComparison.Ordinal) && !container[(resource.Name.Length + 1)..].Contains('-', StringComparison.Ordinal);

    private static string Names(IReadOnlyList<string> containers) => containers.Count == 0 ? "" : $" by {string.Join(", ", containers)}";
}
