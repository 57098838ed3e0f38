using AppHost.Cluster;

namespace AppHost.Startup;

/// <summary>
/// The images of the containers, made by <c>hub images</c>: the same names as those of <c>./hub up</c>, built again when an input changed.
/// </summary>
internal static class HubImages
{
    /// <summary>Adds the builder, before the containers that start after it.</summary>
    /// <param name="hub">The hub.</param>
    /// <param name="name">The resource.</param>
    /// <param name="programs">Containers that run as programs here and need no image.</param>
    public static IResourceBuilder<ProjectResource> AddImages<TProject>(this DevelopmentHub hub, string name, params string[] programs)
        where TProject : IProjectMetadata, new()
    {
        var names = hub.Containers.Where(container => !programs.Contains(container.Name)).Select(container => container.Image).Distinct();
        var images = hub.Builder.AddProject<TProject>(name, project => project.ExcludeLaunchProfile = true)
            .WithArgs("images", "--engine")
            .WithArgs(context => context.Args.Add(hub.Engine))
            .WithArgs([.. names])
            .WithEnvironment("HUB_HOME", hub.Repository)
            .WithEnvironment(HubState.Variable, hub.State.Directory)
            .WithIconName("BoxMultiple");
        hub.Images = images;
        return images;
    }
}
