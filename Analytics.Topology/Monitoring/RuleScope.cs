using System.Text.RegularExpressions;

namespace Analytics.Topology.Monitoring;

/// <summary>
/// Whose series the rules read. Two hubs may share a Prometheus, and each brings rules of its own: without a selector the failure of one
/// would alarm the other, and what is absent here would be hidden by what is there. The templates say nothing of it; it is put into each
/// selector when the rules are rendered, and what a rule makes carries the same label.
/// </summary>
/// <param name="Cluster">Value of the label <c>cluster</c>, which every scrape job of Hub's sets; no two hubs of a Prometheus share
/// it.</param>
/// <param name="Namespace">The namespace, by which figures of the kubelet and of kube-state-metrics are told apart; null outside
/// Kubernetes.</param>
public sealed partial record RuleScope(string Cluster, string? Namespace)
{
    private static readonly string[] OfTheCluster = ["kubelet_", "container_", "kube_"];
    private static readonly HashSet<string> Words = ["and", "or", "unless", "bool", "offset", "inf", "nan", "atan2"];

    /// <summary>A Prometheus beside the containers.</summary>
    public static RuleScope Local(ClusterTopology topology)
    {
        ArgumentNullException.ThrowIfNull(topology);
        return new RuleScope(topology.Name, null);
    }

    /// <summary>A Prometheus of a Kubernetes cluster, where every namespace may have a hub, most of them of the same name.</summary>
    public static RuleScope Kubernetes(ClusterTopology topology)
    {
        ArgumentNullException.ThrowIfNull(topology);
        var space = topology.Definition.Namespace;
        return new RuleScope($"{space}/{topology.Name}", space);
    }

    /// <summary>The expression with each of its selectors narrowed to this hub.</summary>
    public string Narrow(string expression)
    {
        ArgumentNullException.ThrowIfNull(expression);
        return Parts().Replace(expression,
            match => match.Groups["name"] is not { Success: true } name || Words.Contains(name.Value)
                || Matcher(name.Value) is not { } matcher
            ? match.Value
            : $"{name.Value}{{{string.Join(',', new[] { matcher, match.Groups["matchers"].Value }.Where(part => part.Length > 0))}}}");
    }

    private string? Matcher(string metric) =>
        !OfTheCluster.Any(prefix => metric.StartsWith(prefix, StringComparison.Ordinal)) ? $"cluster=\"{Cluster}\"" : Namespace is null
            ? null : $"namespace=\"{Namespace}\"";

    // Texts, groupings and ranges are passed over; what is left and no function is a selector:
    // sum by (le) (rate(x_bucket{path="a"}[5m])) / on (cluster) y
    [GeneratedRegex("""
        "(?:\\.|[^"\\])*"|\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)|\[[^\]]*\]|(?<![\w.:])(?<name>[a-zA-Z_:][\w:]*)\b(?!\s*\(|\s+(?:by|without)\b)(?:\{(?<matchers>(?:"(?:\\.|[^"\\])*"|[^}"])*)\})?
        """)]
    private static partial Regex Parts();
}
