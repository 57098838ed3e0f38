using System.Reflection;

namespace Analytics.Topology;

/// <summary>
/// Hub's version: <c>Version</c> in Directory.Build.props, the one place. The tag of its images, the chart's version and appVersion follow.
/// </summary>
public static class HubVersion
{
    /// <summary>Such as <c>0.1.0</c>. What the compiler adds behind a plus, the commit, is left out: a tag has no plus.</summary>
    public static string Current { get; } =
        typeof(HubVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];
}
