using System.Collections.Concurrent;
using Analytics.Topology.Containers;

namespace Analytics.Topology.Tests.Native;

/// <summary>The presets on the local images, each with its certificates and passwords, made once.</summary>
internal static class NativeDeployments
{
    private static readonly ConcurrentDictionary<string, Lazy<TestDeployment>> Made = new();

    public static TestDeployment For(string preset) =>
        Made.GetOrAdd(preset, name => new(() => new TestDeployment(Local(Definitions.Presets[name])))).Value;

    /// <summary>The spec with one more file mounted, which only the test has.</summary>
    public static ContainerSpec WithFile(this ContainerSpec spec, string directory, string name, string text) =>
        spec with { Directories = [.. spec.Directories, new MountedDirectory("test", directory, [new MountedFile(name, text)])] };

    private static ClusterTopology Local(ClusterTopology topology) => topology.With(cluster => cluster with
    {
        Images = Images.Local.WithDatabase(Environment.GetEnvironmentVariable(Images.DatabaseVariable)),
    });
}
