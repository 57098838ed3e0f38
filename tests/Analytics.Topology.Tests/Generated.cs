using Analytics.Topology.Compose;
using Analytics.Topology.Containers;

namespace Analytics.Topology.Tests;

/// <summary>All files that a preset generates and that may be published.</summary>
internal static class Generated
{
    public static IReadOnlyList<(string Path, string Text)> Files(string preset)
    {
        var topology = Definitions.Presets[preset];
        var containers = ClusterContainers.For(topology);
        return [.. ComposeFile.Configuration(containers).Append(ComposeFile.Render(topology, containers)).Select(file => (file.Path, file.Content))];
    }

    public static string Text(string preset, string path) => Files(preset).Single(file => file.Path == path).Text;

    public static string Compose(string preset) => Text(preset, ComposeFile.FileName);
}
