using Analytics.Topology.Containers;

namespace AppHost.Cluster;

/// <summary>Adds Hub's own programs: as projects, so that F5 debugs them, with arguments, environment and ports of their container.</summary>
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

            // Kestrel's ports are settings of the program; ASPNETCORE_URLS would only be overridden, with a warning.
            .WithEndpointsInEnvironment(_ => false);
        foreach (var (variable, value) in spec.Environment)
            program.WithEnvironment(context => context.EnvironmentVariables[variable] = HostValues.OnThisMachine(hub, spec, value));
        foreach (var port in spec.Ports)
            program.WithEndpoint(port.HostPort, port.Port, ClusterResources.Scheme(port), port.Name, isProxied: false);
        hub.Register(program, spec);
        return program;
    }
}
