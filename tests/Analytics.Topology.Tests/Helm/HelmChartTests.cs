using System.Text.Json;
using System.Text.RegularExpressions;
using Analytics.Topology.Helm;
using Analytics.Topology.Kubernetes;
using Analytics.Topology.Publishing;
using YamlDotNet.Serialization;

namespace Analytics.Topology.Tests.Helm;

/// <summary>The chart gives, object for object, what the plain manifests give: by default, and with each of its values files.</summary>
public partial class HelmChartTests
{
    private static readonly Dictionary<string, string> Chart = HelmChart.Render(PublishSize.Default).ToDictionary(file => file.Path, file => file.Content);

    public static TheoryData<string, string, string?> Variants => new()
    {
        { "", PublishSize.DefaultName, null },
        { "values-dev.yaml", "dev", null },
        { "values-minimum.yaml", "minimum", null },
        { "values-gcp.yaml", PublishSize.DefaultName, "Gcp" },
        { "values-azure.yaml", PublishSize.DefaultName, "Azure" },
        { "values-generic.yaml", PublishSize.DefaultName, "Generic" },
    };

    [Theory, MemberData(nameof(Variants))]
    public void Renders_the_plain_manifests(string valuesFile, string size, string? cloud)
    {
        var values = valuesFile.Length == 0 ? Values("values.yaml") : Merge(Values("values.yaml"), Values(valuesFile));
        var chosen = PublishSize.Named(size).On(cloud is null ? null : Enum.Parse<Cloud>(cloud));
        var plain = KubernetesManifests.For(chosen.Topology, chosen.Options).Where(file => !file.Optional).SelectMany(file => Objects(ManifestYaml.Write(file))).ToList();
        Compare(plain, Render(values));
    }

    /// <summary>What is off by default is in the chart too.</summary>
    [Fact]
    public void Renders_the_optional_files_when_they_are_turned_on()
    {
        var values = Values("values.yaml");
        foreach (var section in new[] { "certManager", "ingress", "external", "openshift" })
            values[section] = Merge((Dictionary<string, object?>)values[section]!, new() { ["enabled"] = true });
        values["monitoring"] = Merge((Dictionary<string, object?>)values["monitoring"]!, new() { ["annotations"] = true });
        var plain = KubernetesManifests.For(PublishSize.Default.Topology, PublishSize.Default.Options).Where(file => file.Name != "secrets.yaml")
            .SelectMany(file => Objects(ManifestYaml.Write(file))).ToList();
        Compare(plain, Render(values));
    }

    [Fact]
    public void Moves_everything_to_another_namespace()
    {
        var values = Values("values.yaml");
        values["namespace"] = "elsewhere";
        values["monitoring"] = Merge((Dictionary<string, object?>)values["monitoring"]!, new() { ["runbooks"] = "https://runbooks.example/hub" });
        var moved = Presets.Recommended.With(cluster => cluster with { Namespace = "elsewhere", Monitoring = cluster.Monitoring with { Runbooks = "https://runbooks.example/hub" } });
        var plain = KubernetesManifests.For(moved, PublishSize.Default.Options).Where(file => !file.Optional).SelectMany(file => Objects(ManifestYaml.Write(file))).ToList();
        Compare(plain, Render(values));
    }

    /// <summary>A Job cannot be changed: another image is another Job.</summary>
    [Theory]
    [InlineData("migrations", "etcd-auth migrations")]
    [InlineData("etcd", "etcd-snapshot")]
    [InlineData("database", "etcd-snapshot")]
    public void Another_image_is_another_job(string image, string jobs)
    {
        var values = Values("values.yaml");
        var before = JobsOf(values);
        values["images"] = Merge((Dictionary<string, object?>)values["images"]!, new() { [image] = "registry.example/other:2" });
        Assert.Equal(3, before.Count);
        Assert.Equal(jobs, string.Join(' ', before.Except(JobsOf(values)).Select(name => name[..name.LastIndexOf('-')]).Order()));
    }

    private static List<string> JobsOf(Dictionary<string, object?> values) =>
        [.. Render(values).Keys.Where(key => key.StartsWith("batch/v1/Job/", StringComparison.Ordinal)).Select(key => key.Split('/')[^1])];

    [Fact]
    public void Text_with_braces_of_its_own_stays_as_it_is()
    {
        string Rendered(string file) => new GoTemplate(Values("values.yaml")).Render(Chart[$"templates/{file}"]);
        Assert.Contains("{{ $labels.instance }}", Rendered("monitoring.yaml"), StringComparison.Ordinal);
        Assert.Contains("{{status}}", Rendered("grafana-dashboards.yaml"), StringComparison.Ordinal);
    }

    [Fact]
    public void Notes_render() => Assert.Contains("ingest.timescaledb:4317", new GoTemplate(Values("values.yaml")).Render(Chart["templates/NOTES.txt"]), StringComparison.Ordinal);

    [Fact]
    public void Each_value_used_is_in_the_values_and_in_the_schema()
    {
        var values = Values("values.yaml");
        using var schema = JsonDocument.Parse(Chart["values.schema.json"]);
        var used = Chart.Where(file => file.Key.StartsWith("templates/", StringComparison.Ordinal)).SelectMany(file => ValuePath().Matches(file.Value)).Select(match => match.Groups[1].Value).Distinct().ToList();
        Assert.True(used.Count > 40);
        Assert.All(used, path =>
        {
            object? node = values;
            var described = schema.RootElement;
            foreach (var key in path.Split('.'))
            {
                node = Assert.IsType<Dictionary<string, object?>>(node)[key];
                described = described.GetProperty("properties").GetProperty(key);
            }
        });
    }

    /// <summary>A value that nothing reads would be a promise that the chart does not keep.</summary>
    [Fact]
    public void Each_value_is_used()
    {
        var used = Chart.Where(file => file.Key.StartsWith("templates/", StringComparison.Ordinal)).SelectMany(file => ValuePath().Matches(file.Value)).Select(match => match.Groups[1].Value).ToHashSet();
        Assert.DoesNotContain(Leaves("", Values("values.yaml")), leaf => !used.Any(path => leaf == path || leaf.StartsWith(path + ".", StringComparison.Ordinal)));
    }

    [Fact]
    public void The_schema_keeps_the_scale_for_which_the_pools_are_computed()
    {
        using var schema = JsonDocument.Parse(Chart["values.schema.json"]);
        var scaling = schema.RootElement.GetProperty("properties").GetProperty("gateway").GetProperty("properties").GetProperty("autoscaling").GetProperty("properties");
        Assert.Equal(10, scaling.GetProperty("maxReplicas").GetProperty("maximum").GetInt32());
        Assert.Equal(3, scaling.GetProperty("minReplicas").GetProperty("minimum").GetInt32());
        Assert.False(schema.RootElement.GetProperty("additionalProperties").GetBoolean());
    }

    private static Dictionary<string, string> Render(IReadOnlyDictionary<string, object?> values) => Chart
        .Where(file => file.Key.StartsWith("templates/", StringComparison.Ordinal) && file.Key.EndsWith(".yaml", StringComparison.Ordinal))
        .SelectMany(file => Objects(new GoTemplate(values).Render(file.Value))).ToDictionary();

    private static void Compare(List<KeyValuePair<string, string>> plain, Dictionary<string, string> rendered)
    {
        Assert.Equal(plain.Select(item => item.Key).Order(), rendered.Keys.Order());
        Assert.All(plain, item => Assert.Equal(item.Value, rendered[item.Key]));
    }

    /// <summary>Each document as canonical JSON, by API version, kind and name.</summary>
    private static IEnumerable<KeyValuePair<string, string>> Objects(string yaml) =>
        DocumentStart().Split(yaml).Select(document => Parse(document)).OfType<Dictionary<string, object?>>().Select(item =>
            KeyValuePair.Create($"{item["apiVersion"]}/{item["kind"]}/{((Dictionary<string, object?>)item["metadata"]!)["name"]}", JsonSerializer.Serialize(Sorted(item))));

    private static Dictionary<string, object?> Values(string file) => (Dictionary<string, object?>)Parse(Chart[file])!;

    /// <summary>As Helm merges a values file into the defaults: maps by key, null removes.</summary>
    private static Dictionary<string, object?> Merge(Dictionary<string, object?> defaults, Dictionary<string, object?> changes)
    {
        var merged = new Dictionary<string, object?>(defaults);
        foreach (var (key, value) in changes)
        {
            if (value is null)
                merged.Remove(key);
            else
                merged[key] = value is Dictionary<string, object?> map && merged.GetValueOrDefault(key) is Dictionary<string, object?> old ? Merge(old, map) : value;
        }

        return merged;
    }

    private static IEnumerable<string> Leaves(string path, object? node) => node is Dictionary<string, object?> { Count: > 0 } map
        ? map.SelectMany(entry => Leaves(path.Length == 0 ? entry.Key : $"{path}.{entry.Key}", entry.Value))
        : [path];

    private static object? Parse(string yaml) =>
        Plain(new DeserializerBuilder().WithAttemptingUnquotedStringTypeDeserialization().Build().Deserialize<object?>(yaml));

    private static object? Plain(object? node) => node switch
    {
        IDictionary<object, object> map => map.ToDictionary(entry => (string)entry.Key, entry => Plain(entry.Value)),
        IList<object> list => list.Select(Plain).ToList(),
        sbyte or byte or short or int or ushort or uint => Convert.ToInt64(node, System.Globalization.CultureInfo.InvariantCulture),
        _ => node,
    };

    private static object? Sorted(object? node) => node switch
    {
        Dictionary<string, object?> map => new SortedDictionary<string, object?>(map.ToDictionary(entry => entry.Key, entry => Sorted(entry.Value)), StringComparer.Ordinal),
        List<object?> list => list.Select(Sorted).ToList(),
        _ => node,
    };

    [GeneratedRegex(@"^---\n", RegexOptions.Multiline)]
    private static partial Regex DocumentStart();

    [GeneratedRegex(@"\.Values\.([A-Za-z]+(?:\.[A-Za-z]+)*)")]
    private static partial Regex ValuePath();
}
