using System.Reflection;
using ArchUnitNET.Loader;

namespace Hub.Architecture.Tests;

/// <summary>
/// Which namespace of an assembly may refer to which. A namespace stands below those that it may refer to, so no two can refer to each other.
/// </summary>
/// <param name="Root">The namespace of the assembly; the table leaves it out of every name, so "" is the root itself.</param>
/// <param name="Layers">Every namespace with those that it may refer to.</param>
/// <param name="Generated">Namespaces of code that a generator makes, which count for nothing.</param>
internal sealed record NamespaceRules(string Root, IReadOnlyList<(string Namespace, string[] MayReferTo)> Layers, params string[] Generated)
{
    /// <summary>The assembly refers as the rules say, and the rules say no more than it does.</summary>
    public void Hold(Assembly assembly)
    {
        Assert.All(Layers, (layer, index) =>
            Assert.Subset(Layers.Take(index).Select(above => above.Namespace).ToHashSet(), layer.MayReferTo.ToHashSet()));

        var references = ReferencesOf(assembly);
        var allowed = Layers.SelectMany(layer => layer.MayReferTo.Select(other => (From: layer.Namespace, To: other))).ToHashSet();
        Assert.Empty(references.Where(reference => !allowed.Contains((reference.From, reference.To)))
            .Select(reference => $"{reference.From}: {reference.Type} refers to {reference.To}: {reference.Target}").Order(StringComparer.Ordinal));
        Assert.Empty(allowed.Except(references.Select(reference => (reference.From, reference.To)))
            .Select(unused => $"{unused.From} refers to nothing in {unused.To}: take the permission away"));
        Assert.Equal(Layers.Select(layer => layer.Namespace).Order(StringComparer.Ordinal),
            references.SelectMany(reference => new[] { reference.From, reference.To }).Distinct().Order(StringComparer.Ordinal));
    }

    private HashSet<(string From, string To, string Type, string Target)> ReferencesOf(Assembly assembly) =>
    [
        .. new ArchLoader().LoadAssemblies(assembly).Build().Types.Where(type => IsOwn(type.Namespace?.FullName))
            .SelectMany(type => type.Dependencies.Where(dependency => IsOwn(dependency.Target.Namespace?.FullName)).Select(dependency =>
                (From: Short(type.Namespace.FullName), To: Short(dependency.Target.Namespace.FullName), Type: type.Name, Target: dependency.Target.Name)))
            .Where(reference => reference.From != reference.To),
    ];

    // What the compiler makes, such as a collection's type, has no namespace.
    private bool IsOwn(string? name) =>
        name is not null && (name == Root || name.StartsWith(Root + ".", StringComparison.Ordinal)) && !Generated.Contains(name);

    private string Short(string name) => name == Root ? "" : name[(Root.Length + 1)..];
}
