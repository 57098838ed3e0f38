using YamlDotNet.Serialization;
using Map = System.Collections.Generic.Dictionary<string, object>;

namespace Analytics.Topology.Kubernetes;

/// <summary>Reads a YAML file of this assembly as nested dictionaries and lists; every scalar stays the text that it is.</summary>
internal static class YamlDocuments
{
    public static Map Read(string text) => (Map)Value(new DeserializerBuilder().Build().Deserialize<object>(text));

    private static object Value(object node) => node switch
    {
        IDictionary<object, object> map => map.ToDictionary(entry => (string)entry.Key, entry => Value(entry.Value)),
        IList<object> list => list.Select(Value).ToArray(),
        _ => node,
    };
}
