using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.RegularExpressions;
using Analytics.Topology.Helm;
using Analytics.Topology.Kubernetes;
using Analytics.Topology.Publishing;
using YamlDotNet.Serialization;

namespace Analytics.Topology.Tests.Helm;

/// <summary>
/// The chart of each size gives, object for object, what the plain manifests give: by default, and with each of its values files.
/// </summary>
public partial class HelmChartTests
{
    private static readonly ConcurrentDictionary<(string Size, string? Cloud), Dictionary<string, string>> Charts = new();

    private static readonly Dictionary<string, string> Chart = ChartOf(PublishSize.DefaultName, null);

    /// <summary>Charts as they are published, and each of their values files; none is the chart alone.</summary>
    public static TheoryData<string, string?, string?> Variants
    {
        get
        {
            var data = new TheoryData<string, string?, string?>();
            foreach (var (size, cloud) in new[] { ("dev", null), ("dev", "Generic"), ("minimum", null), (PublishSize.DefaultName, (string?)null) })
            {
                data.Add(size, cloud, null);
                foreach (var file in ChartOf(size, cloud).Keys.Where(path => path.StartsWith("values-", StringComparison.Ordinal)))
                    data.Add(size, cloud, file);
            }

            return data;
        }
    }

    [Theory, MemberData(nameof(Variants))]
    public void Renders_the_plain_manifests(string size, string? cloud, string? valuesFile)
    {
        var published = Chosen(size, cloud);
        var chart = ChartOf(size, cloud);
        var values = Merged(chart, valuesFile);
        var name = valuesFile is null ? "" : valuesFile["values-".Length..^".yaml".Length];
        var expected = name.Length == 0 ? published
            : PublishSize.All.Any(other => other.Name == name) ? PublishSize.Named(name)
            : published.On(Enum.Parse<Cloud>(name, ignoreCase: true));
        Compare(Plain(expected), Render(chart, values));
    }

    [Theory, MemberData(nameof(Variants))]
    public void Takes_its_own_values(string size, string? cloud, string? valuesFile)
    {
        var chart = ChartOf(size, cloud);
        Assert.Empty(JsonSchema.Problems(chart["values.schema.json"], Merged(chart, valuesFile)));
    }

    [Theory]
    [InlineData("recommended", "gateway.autoscaling.maxReplicas", 11L, "$.gateway.autoscaling.maxReplicas: 11 is above 10")]
    [InlineData("recommended", "gateway.autoscaling.minReplicas", 2L, "$.gateway.autoscaling.minReplicas: 2 is below 3")]
    [InlineData("recommended", "gateway.replicas", 11L, "$.gateway.replicas: 11 is above 10")]
    [InlineData("dev", "gateway.replicas", 2L, "$.gateway.replicas: 2 is above 1")]
    [InlineData("dev", "gateway.autoscaling.enabled", true, "$.gateway.autoscaling.enabled: not False")]
    [InlineData("recommended", "gateway.replica", 3L, "$.gateway.replica: is not known")]
    [InlineData("recommended", "ingest.replicas", "three", "$.ingest.replicas: is no integer")]
    [InlineData("recommended", "images.pullPolicy", "Sometimes", "$.images.pullPolicy: is none of Always, IfNotPresent, Never")]
    [InlineData("recommended", "namespace", "Upper", "$.namespace: does not match ^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$")]
    [InlineData("recommended", "database.resources.limits.memory", "16Gi", "$.database.resources.limits.memory: not 32Gi")]
    [InlineData("recommended", "database.resources.limits.cpu", "16", "$.database.resources.limits.cpu: not 8")]
    [InlineData("recommended", "database.sharedMemory", "64Mi", "$.database.sharedMemory: not 8Gi")]
    [InlineData("dev", "database.resources.limits.memory", "8Gi", "$.database.resources.limits.memory: not 1Gi")]
    public void Refuses_what_is_misspelled_and_figures_for_which_the_configuration_is_not_computed(string size, string path, object value, string problem)
    {
        var chart = ChartOf(size, null);
        object change = value;
        foreach (var key in path.Split('.').Reverse())
            change = new Dictionary<string, object?> { [key] = change };
        Assert.Equal([problem], JsonSchema.Problems(chart["values.schema.json"], Merge(Values(chart, "values.yaml"), (Dictionary<string, object?>)change)));
    }

    [Fact]
    public void Takes_any_memory_beside_settings_of_an_operators_own()
    {
        var chart = ChartOf("recommended", null);
        var values = Merge(Values(chart, "values.yaml"), new Dictionary<string, object?>
        {
            ["config"] = new Dictionary<string, object?> { ["patroni"] = "scope: own" },
            ["database"] = new Dictionary<string, object?>
            {
                ["resources"] = new Dictionary<string, object?> { ["limits"] = new Dictionary<string, object?> { ["memory"] = "48Gi" } },
            },
        });
        Assert.Empty(JsonSchema.Problems(chart["values.schema.json"], values));
    }

    /// <summary>A values file changes the size, not the place for which the chart was published.</summary>
    [Fact]
    public void Values_files_keep_the_namespace_the_runbooks_and_the_witnesses()
    {
        var published = PublishSize.Named("dev") with
        {
            Topology = Presets.Development.With(cluster => cluster with
            {
                Namespace = "elsewhere",
                Monitoring = cluster.Monitoring with { Runbooks = "https://runbooks.example/hub" },
                Database = cluster.Database.WithLeaseWitnesses(),
                Backup = PublishSize.Named("dev").Topology.Backup,
            }),
        };
        var chart = ChartOf(published);
        Compare(Plain(PublishSize.Named("minimum").InPlaceOf(published)), Render(chart, Merged(chart, "values-minimum.yaml")));
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
        Compare(Plain(PublishSize.Default with { Topology = moved }), Render(values));
    }

    /// <summary>A Job cannot be changed: another image is another Job.</summary>
    [Theory]
    [InlineData("migrations", "etcd-auth migrations")]
    [InlineData("etcd", "etcd-snapshot")]
    [InlineData("database", "etcd-snapshot migrations")]
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

    private static PublishSize Chosen(string size, string? cloud) => PublishSize.Named(size).On(cloud is null ? null : Enum.Parse<Cloud>(cloud));

    private static Dictionary<string, string> ChartOf(string size, string? cloud) => Charts.GetOrAdd((size, cloud), key => ChartOf(Chosen(key.Size, key.Cloud)));

    private static Dictionary<string, string> ChartOf(PublishSize size) => HelmChart.Render(size).ToDictionary(file => file.Path, file => file.Content);

    private static List<KeyValuePair<string, string>> Plain(PublishSize size) =>
        [.. KubernetesManifests.For(size.Topology, size.Options).Where(file => !file.Optional).SelectMany(file => Objects(ManifestYaml.Write(file)))];

    private static Dictionary<string, object?> Merged(Dictionary<string, string> chart, string? valuesFile) =>
        valuesFile is null ? Values(chart, "values.yaml") : Merge(Values(chart, "values.yaml"), Values(chart, valuesFile));

    private static Dictionary<string, string> Render(IReadOnlyDictionary<string, object?> values) => Render(Chart, values);

    private static Dictionary<string, string> Render(Dictionary<string, string> chart, IReadOnlyDictionary<string, object?> values) => chart
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

    private static Dictionary<string, object?> Values(string file) => Values(Chart, file);

    private static Dictionary<string, object?> Values(Dictionary<string, string> chart, string file) => (Dictionary<string, object?>)Parse(chart[file])!;

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
        Simple(new DeserializerBuilder().WithAttemptingUnquotedStringTypeDeserialization().Build().Deserialize<object?>(yaml));

    private static object? Simple(object? node) => node switch
    {
        IDictionary<object, object> map => map.ToDictionary(entry => (string)entry.Key, entry => Simple(entry.Value)),
        IList<object> list => list.Select(Simple).ToList(),
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
