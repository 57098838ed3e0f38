using System.Net.NetworkInformation;
using System.Net.Sockets;
using Analytics.Topology.Containers;
using AppHost.Startup;

namespace AppHost.Cluster;

/// <summary>
/// Adds Hub's own programs: as projects, so that F5 debugs them, with arguments, environment and ports of their container.
/// </summary>
internal static class HostPrograms
{
    /// <param name="hub">The hub.</param>
    /// <param name="name">The resource.</param>
    /// <param name="container">The container whose settings it takes; null: the one of that name.</param>
    public static IResourceBuilder<ProjectResource> AddProgram<TProject>(this DevelopmentHub hub, string name, string? container = null)
        where TProject : IProjectMetadata, new()
    {
        var spec = hub.Spec(container ?? name);
        var program = hub.Builder.AddProject<TProject>(name, project => project.ExcludeLaunchProfile = true)
            .WithArgs([.. spec.Arguments])

            // Readable logs, validated services; nothing of the topology hangs on it.
            .WithEnvironment("DOTNET_ENVIRONMENT", "Development")

            // Aspire's own default, always_on, also traces what a probe asks the database, although the probe's request is not traced: one
            // every two seconds, between which nobody finds a trace of their own.
            .WithEnvironment("OTEL_TRACES_SAMPLER", "parentbased_always_on")

            // Kestrel's ports are settings of the program; ASPNETCORE_URLS would only be overridden, with a warning.
            .WithEndpointsInEnvironment(_ => false);

        // A connection string is a reference to a database resource.
        foreach (var (variable, value) in spec.Environment.Where(variable => variable.Key != DatabaseConnections.Variable))
            program.WithEnvironment(variable, HostValues.OnThisMachine(hub, spec, value));
        foreach (var port in spec.Ports)
        {
            program.WithEndpoint(port.HostPort, port.HostPort, ClusterResources.Scheme(port), port.Name, port.Variable, isProxied: false)
                .WithFreePort(port.HostPort, hub);
        }

        hub.Register(program, spec);
        return program;
    }

    /// <summary>
    /// Where a program listens that people reach on 127.0.0.1 and Prometheus' container through its host's gateway: the address of the
    /// engine's default bridge, which no other machine reaches. Docker Desktop has no such bridge here and forwards to 127.0.0.1 by itself.
    /// </summary>
    public static string ListenAddresses()
    {
        var bridge = NetworkInterface.GetAllNetworkInterfaces()
            .FirstOrDefault(network => network.Name is "docker0" or "podman0" or "cni-podman0")?
            .GetIPProperties().UnicastAddresses.FirstOrDefault(
                address => address.Address.AddressFamily == AddressFamily.InterNetwork)?.Address;
        return bridge is null ? "127.0.0.1" : $"127.0.0.1,{bridge}";
    }
}
