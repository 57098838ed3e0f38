using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using AppHost.Cluster;

namespace AppHost.Startup;

/// <summary>What would let a resource fail in a way that tells nobody why: said before it starts, in its log, its state and on the console.</summary>
internal static class StartConditions
{
    /// <summary>Fails the resource when another program has its port.</summary>
    /// <param name="resource">The resource.</param>
    /// <param name="port">A port of 127.0.0.1; null: any free one.</param>
    public static IResourceBuilder<T> WithFreePort<T>(this IResourceBuilder<T> resource, int? port) where T : IResource => port is null ? resource
        : resource.OnBeforeResourceStarted((_, _, _) => IsFree(port.Value) ? Task.CompletedTask : throw new DistributedApplicationException(
            $"Port {port} of 127.0.0.1 is taken. If a hub of `./hub up` or another AppHost runs, stop it (`./hub down`); otherwise see who listens "
            + $"(`ss -ltnp sport = :{port}`), or start with {HubProfile.PortOffsetVariable}=10000."));

    /// <summary>
    /// Fails the resource when its volume holds data that were made with passwords which are gone: nobody could log in, and every part behind it
    /// would wait without an end.
    /// </summary>
    public static IResourceBuilder<ContainerResource> WithOwnData(this IResourceBuilder<ContainerResource> resource, DevelopmentHub hub) =>
        !hub.State.IsNew ? resource : resource.OnBeforeResourceStarted(async (_, start, cancellation) =>
        {
            var engine = await Engine.ProgramAsync(start.Services, cancellation);
            var (exit, output) = await Engine.RunAsync(engine, ["volume", "ls", "--quiet"], cancellation);
            if (exit != 0)
                throw new DistributedApplicationException($"The engine does not list its volumes: {output}");
            var own = resource.Resource.Annotations.OfType<ContainerMountAnnotation>().Select(mount => mount.Source);
            var kept = output.Split('\n', StringSplitOptions.TrimEntries).Intersect(own).ToList();
            if (kept.Count > 0)
            {
                throw new DistributedApplicationException(
                    $"The volume {string.Join(", ", kept)} holds data of an earlier hub, but its passwords and CA are not in {hub.State.Directory} any more. "
                    + $"Bring that directory back, or begin anew: {engine} volume rm $({engine} volume ls --quiet --filter name={hub.Profile.VolumePrefix})");
            }
        });

    private static bool IsFree(int port)
    {
        // Sockets of closed connections do not count, as they do not for whoever will listen.
        if (IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners().Any(listener => listener.Port == port
            && (listener.Address.Equals(IPAddress.Loopback) || listener.Address.Equals(IPAddress.Any) || listener.Address.Equals(IPAddress.IPv6Any))))
            return false;
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
