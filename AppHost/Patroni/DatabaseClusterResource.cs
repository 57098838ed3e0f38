namespace AppHost.Patroni;

/// <summary>
/// The database as a whole: the parent of its members on the dashboard, what others wait for, and where its operations are.
/// </summary>
/// <param name="name">The resource.</param>
/// <param name="members">Its members.</param>
internal sealed class DatabaseClusterResource(string name, IReadOnlyList<ContainerResource> members) : Resource(name)
{
    public IReadOnlyList<ContainerResource> Members { get; } = members;
}
