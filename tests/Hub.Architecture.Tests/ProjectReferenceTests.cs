using System.Xml.Linq;

namespace Hub.Architecture.Tests;

/// <summary>Which project may refer to which.</summary>
public sealed class ProjectReferenceTests
{
    /// <summary>
    /// Every project with those that it may refer to. A project stands below those that it refers to, so no two can refer to each other. Tests
    /// may refer to everything.
    /// </summary>
    private static readonly (string Project, string[] MayReferTo)[] Layers =
    [
        // What production runs refers to nothing that runs it.
        ("ServiceDefaults", []),
        ("Analytics.Topology", []),
        ("Analytics.Backup", []),
        ("Analytics.Ingest", ["ServiceDefaults"]),
        ("Analytics.Migrations", ["ServiceDefaults"]),
        // What production uses does not live with the drills.
        ("Hub.Operations", ["Analytics.Topology"]),
        ("Hub.Drills", ["Analytics.Topology", "Hub.Operations"]),
        ("Hub.Cli", ["Analytics.Topology", "Hub.Operations", "Hub.Drills"]),
        // Built before the AppHost, which starts their programs; it does not use their code.
        ("AppHost", ["Analytics.Topology", "Hub.Operations", "Analytics.Ingest", "Analytics.Migrations", "Hub.Cli"]),
    ];

    [Fact]
    public void Every_project_refers_only_to_those_that_it_may_refer_to()
    {
        var projects = Directory.EnumerateFiles(Repository, "*.csproj", SearchOption.AllDirectories)
            .Where(file => !file.StartsWith(Path.Combine(Repository, "artifacts"), StringComparison.Ordinal)
                && !file.StartsWith(Path.Combine(Repository, "tests"), StringComparison.Ordinal))
            .ToDictionary(file => Path.GetFileNameWithoutExtension(file), ReferencesOf);
        Assert.Equal(Layers.Select(layer => layer.Project).Order(StringComparer.Ordinal), projects.Keys.Order(StringComparer.Ordinal));
        Assert.Empty(Layers.SelectMany(layer => projects[layer.Project].Except(layer.MayReferTo).Select(other => $"{layer.Project} → {other}")));
    }

    [Fact]
    public void A_project_may_refer_only_to_those_above_it() => Assert.All(Layers, (layer, index) =>
        Assert.Subset(Layers.Take(index).Select(above => above.Project).ToHashSet(), layer.MayReferTo.ToHashSet()));

    private static IReadOnlyList<string> ReferencesOf(string project) =>
    [
        .. XDocument.Load(project).Descendants("ProjectReference").Select(reference => (string?)reference.Attribute("Include") ?? "")
            .SelectMany(include => include.Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
            .Select(path => Path.GetFileNameWithoutExtension(path.Replace('\\', '/'))),
    ];

    private static string Repository
    {
        get
        {
            var directory = new DirectoryInfo(AppContext.BaseDirectory);
            while (!File.Exists(Path.Combine(directory.FullName, "Hub.sln")))
                directory = directory.Parent ?? throw new InvalidOperationException("There is no Hub.sln above the test.");
            return directory.FullName;
        }
    }
}
