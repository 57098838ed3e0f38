using System.Text.RegularExpressions;
using Map = System.Collections.Generic.Dictionary<string, object>;

namespace Analytics.Topology.Helm;

/// <summary>Finds places in nested dictionaries and lists.</summary>
internal static partial class TreePath
{
    /// <summary>
    /// Every place that a path names, as its holder and its key. Below <c>data</c>, whose keys are file names, the rest is one key. The
    /// last key need not be there.
    /// </summary>
    public static IEnumerable<(Map Holder, string Key)> Find(Map root, string path)
    {
        var (head, rest) = Split(path);
        if (head.Item is null && rest is null)
            return [(root, head.Key)];
        if (!root.TryGetValue(head.Key, out var value))
            return [];
        if (head.Item is { } name)
            return value is IEnumerable<object> items ? items.OfType<Map>().Where(item => name == "*" || NameOf(item) == name)
                .SelectMany(item => Find(item, rest!)) : [];
        return value is Map map ? head.Key == "data" ? [(map, rest!)] : Find(map, rest!) : [];
    }

    private static ((string Key, string? Item) Head, string? Remainder) Split(string path)
    {
        var match = Step().Match(path);
        return ((match.Groups[1].Value, match.Groups[2].Success ? match.Groups[2].Value : null),
            match.Groups[3].Success ? match.Groups[3].Value : null);
    }

    private static string? NameOf(Map item) =>
        (item.GetValueOrDefault("name") ?? (item.GetValueOrDefault("metadata") as Map)?.GetValueOrDefault("name")) as string;

    [GeneratedRegex(@"^([^.\[]+)(?:\[([^\]]+)\])?(?:\.(.+))?$")]
    private static partial Regex Step();
}
