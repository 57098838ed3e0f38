using Analytics.Topology.Kubernetes;
using Analytics.Topology.Publishing;
using Map = System.Collections.Generic.Dictionary<string, object>;

namespace Analytics.Topology.Helm;

/// <summary>The chart's values for one size: read out of the plain manifests at the places that the rules name.</summary>
internal static class ChartValues
{
    /// <summary>Images by their key below <c>images</c>.</summary>
    public static IReadOnlyDictionary<string, Func<Images, string>> Images { get; } = new Dictionary<string, Func<Images, string>>
    {
        ["database"] = images => images.Database,
        ["etcd"] = images => images.Etcd,
        ["haproxy"] = images => images.HaProxy,
        ["pgbouncer"] = images => images.PgBouncer,
        ["postgresExporter"] = images => images.PostgresExporter,
        ["pgbouncerExporter"] = images => images.PgBouncerExporter,
        ["ingest"] = images => images.Ingest,
        ["migrations"] = images => images.Migrations,
        ["backup"] = images => images.Backup,
    };

    /// <summary>In the order in which values.yaml shows them.</summary>
    private static readonly string[] Sections =
        ["namespace", "createNamespace", "clusterDomain", "images", "storage", "priorityClasses", "database", "etcd", "gateway", "ingest",
            "backup", "monitoring", "certManager", "ingress", "external", "openshift", "quota", "limits", "config"];

    /// <param name="size">Whose values.</param>
    /// <param name="general">Values that stand for those which the size does not have, such as the scale of an autoscaler that is
    /// off.</param>
    public static Map For(PublishSize size, Map? general = null)
    {
        var values = Of(size);
        foreach (var rule in ChartRule.All.Where(rule => general is not null && Get(values, rule.Value) is null
            && Get(general, rule.Value) is not null))
            Set(values, rule.Value, Get(general!, rule.Value)!);
        return Sections.Where(values.ContainsKey).ToDictionary(section => section, section => values[section]);
    }

    private static Map Of(PublishSize size)
    {
        var topology = size.Topology;
        var values = new Map();
        Set(values, "namespace", topology.Definition.Namespace);
        Set(values, "clusterDomain", size.Options.ClusterDomain);
        foreach (var (key, image) in Images)
            Set(values, $"images.{key}", image(topology.Images));
        Set(values, "etcd.quotaBackendBytes", topology.Etcd.QuotaBackend.Bytes.ToString(System.Globalization.CultureInfo.InvariantCulture));
        Set(values, "monitoring.runbooks", topology.Monitoring.Runbooks);
        Set(values, "ingress.host", Ingresses.Host);
        Set(values, "ingress.className", "");
        var files = KubernetesManifests.For(topology, size.Options);
        foreach (var item in files.SelectMany(file => file.Objects).Select(ManifestYaml.Tree))
        {
            foreach (var rule in Rules(item))
            {
                foreach (var (holder, key) in TreePath.Find(item, rule.Path).Where(place => place.Holder.ContainsKey(place.Key)))
                    Set(values, rule.Value, holder[key]);
            }
        }

        foreach (var (what, value) in ChartRule.Switches)
            Set(values, value,
                files.Where(file => !file.Optional)
                    .Any(file => file.Name == what || file.Objects.Any(item => Matches(what, item.Kind, item.Metadata.Name))));
        foreach (var rule in ChartRule.All.Where(rule => rule.Optional && Get(values, rule.Value) is null))
            Set(values, rule.Value,
                rule.Path.EndsWith("replicas", StringComparison.Ordinal) ? 0L : rule.Path == "parameters" ? new Map() : "");
        return values;
    }

    /// <summary>What of a size's values is not as by default: its values file.</summary>
    public static Map Difference(Map values, Map defaults, string path = "", bool whole = false)
    {
        var difference = new Map();
        foreach (var (key, value) in values)
        {
            var place = path.Length == 0 ? key : $"{path}.{key}";
            if (defaults.GetValueOrDefault(key) is Map other && value is Map map)
            {
                if (Difference(map, other, place, whole || ChartRule.All.Any(rule => rule.Value == place)) is { Count: > 0 } inner)
                    difference[key] = inner;
            }
            else if (!Same(value, defaults.GetValueOrDefault(key)))
            {
                difference[key] = value;
            }
        }

        // Helm merges maps: of one that belongs together (an affinity, a disk's parameters) the keys that are gone must be said.
        foreach (var gone in whole ? defaults.Keys.Except(values.Keys) : [])
            difference[gone] = null!;
        return difference;
    }

    public static IEnumerable<ChartRule> Rules(Map item)
    {
        var name = (string)((Map)item["metadata"])["name"];
        return ChartRule.All.Where(rule => rule.Kind == (string)item["kind"] && NameMatches(rule.Name, name));
    }

    public static bool Matches(string what, string kind, string name) =>
        what.Split('/') is [var wantedKind, var wantedName] && wantedKind == kind && NameMatches(wantedName, name);

    private static bool NameMatches(string pattern, string name) =>
        pattern.StartsWith('*') ? name.EndsWith(pattern[1..], StringComparison.Ordinal) : pattern == name;

    private static bool Same(object value, object? other) => other is not null && Config.Yaml.Write(value) == Config.Yaml.Write(other);

    public static object? Get(Map values, string path)
    {
        object? node = values;
        foreach (var key in path.Split('.'))
            node = (node as Map)?.GetValueOrDefault(key);
        return node;
    }

    private static void Set(Map values, string path, object value)
    {
        var keys = path.Split('.');
        var node = values;
        foreach (var key in keys[..^1])
        {
            if (!node.TryGetValue(key, out var inner))
                node[key] = inner = new Map();
            node = (Map)inner;
        }

        node[keys[^1]] = value;
    }
}
