using Analytics.Topology.Config;
using Analytics.Topology.Kubernetes;

namespace Analytics.Topology.Dashboards;

/// <summary>The names of Hub's alerts, as its rules file has them.</summary>
internal static class AlertNames
{
    /// <summary>A matcher that takes Hub's alerts and nobody else's.</summary>
    public static string Matcher { get; } = $"alertname=~\"{string.Join('|', Names().Order(StringComparer.Ordinal))}\"";

    private static IEnumerable<string> Names() =>
        ((IEnumerable<object>)YamlDocuments.Read(Templates.Read("alert-rules.yaml"))["groups"]).Cast<IDictionary<string, object>>()
            .SelectMany(group => ((IEnumerable<object>)group["rules"]).Cast<IDictionary<string, object>>())
            .Where(rule => rule.ContainsKey("alert")).Select(rule => (string)rule["alert"]).Distinct();
}
