namespace Analytics.Topology.Kubernetes;

/// <summary>The labels of everything, and the part of them that selects pods. Selectors are immutable: they never grow.</summary>
internal static class Labels
{
    public const string NameKey = "app.kubernetes.io/name";
    public const string InstanceKey = "app.kubernetes.io/instance";

    public static Dictionary<string, string> For(ClusterTopology topology, string component) => new()
    {
        [NameKey] = component,
        [InstanceKey] = topology.Name,
        ["app.kubernetes.io/part-of"] = "llm-analytics-hub",
    };

    public static Dictionary<string, string> Selector(ClusterTopology topology, string component) => new()
    {
        [NameKey] = component,
        [InstanceKey] = topology.Name,
    };
}
