using System.Globalization;
using System.Runtime.CompilerServices;
using Analytics.Topology.Config;
using Analytics.Topology.Kubernetes;
using Analytics.Topology.Monitoring;
using Map = System.Collections.Generic.Dictionary<string, object>;

namespace Analytics.Topology.Tests.Monitoring;

/// <summary>
/// Series that make one alert fire, and series close to them that do not: the files under Cases, one for each group. Two hubs of the same
/// name share the Prometheus of every test: beside the one that fires stands one that is well, and beside the one that is well one that
/// fires.
/// </summary>
/// <param name="Fires">Series, "NAME VALUES" in promtool's notation.</param>
/// <param name="Quiet">Series that a rule with a looser threshold or a wrong label would take for the fault.</param>
/// <param name="Others">More of either kind, by what they show.</param>
/// <param name="At">When the expression becomes true in <paramref name="Fires"/>.</param>
internal sealed record AlertCase(IReadOnlyList<string> Fires, IReadOnlyList<string> Quiet,
    IReadOnlyList<(string Shows, bool Fires, IReadOnlyList<string> Series)> Others, TimeSpan At)
{
    /// <summary>How the name of a file of tests begins.</summary>
    public const string TestPrefix = "test-";

    public static IReadOnlyDictionary<string, AlertCase> Of(string group) =>
        YamlDocuments.Read(File.ReadAllText(Path.Combine(Directory(), group + ".yaml"))).ToDictionary(entry => entry.Key,
            entry => Read((Map)entry.Value));

    /// <summary>The rules of a group and their tests, as files for <c>promtool test rules</c>.</summary>
    public static IEnumerable<(string Name, string Text)> Files(ClusterTopology topology, string group)
    {
        var cases = Of(group);
        var rules = AlertRules.For(topology).Where(rule => rule.Group == group).ToList();
        var scope = RuleScope.Kubernetes(topology);
        var groups = RuleFile.Groups(topology, scope).Cast<Map>().ToList();
        yield return ($"rules-{group}.yaml",
            Yaml.Write(new Map
            {
                ["groups"] = groups.Where(item => (string)item["name"] == "hub-" + group || (string)item["name"] == "hub-recording")
                .ToArray()
            }));

        // promtool evaluates as often as a file says: every 15 s only where something happens in between.
        foreach (var tests in rules.SelectMany(rule => cases[rule.Name].Tests(rule, scope)).GroupBy(test => (string)test["interval"]))
        {
            yield return ($"{TestPrefix}{group}-{tests.Key}.yaml", Yaml.Write(new Map
            {
                ["rule_files"] = new[] { $"rules-{group}.yaml" },
                ["evaluation_interval"] = tests.Key,
                ["group_eval_order"] = new[] { "hub-recording", "hub-" + group },
                ["tests"] = tests.ToArray(),
            }));
        }
    }

    /// <summary>Pending just before its time is up, firing when it is; and neither, as long again, with the quiet series.</summary>
    private IEnumerable<Map> Tests(AlertRule rule, RuleScope scope)
    {
        var other = scope with { Cluster = "elsewhere/hub", Namespace = "elsewhere" };
        var interval = rule.For > TimeSpan.FromMinutes(5) || At >= TimeSpan.FromMinutes(5)
            || At.TotalSeconds % 60 == 0 && At > TimeSpan.Zero ? TimeSpan.FromMinutes(1) : TimeSpan.FromSeconds(15);
        var firing = $$"""ALERTS{alertname="{{rule.Name}}", alertstate="firing"}""";
        var pending = $$"""ALERTS{alertname="{{rule.Name}}", alertstate="pending"}""";
        var due = At + rule.For;
        var steps = (int)(due / interval) + 40;
        var expected = new List<object> { Expectation($"count({firing})", due, 1) };
        if (rule.For > TimeSpan.Zero)
            expected.AddRange([Expectation($"count({firing}) or vector(0)", due - interval, 0),
                Expectation($"count({pending})", due - interval, 1)]);
        else
            expected.Add(Expectation($"count({firing}) or vector(0)", due - interval, 0));
        List<object> never = [
            .. Enumerable.Range(0,
                5).Select(i => Expectation($$"""count(ALERTS{alertname="{{rule.Name}}"}) or vector(0)""",
                    (due * 1.2 + interval * 2) / 5 * (i + 1), 0))];
        yield return Test(rule.Name + " fires", interval, [.. In(scope, Fires), .. In(other, Quiet)], steps, expected);
        yield return Test(rule.Name + " is quiet", interval, [.. In(scope, Quiet), .. In(other, Fires)], steps, never);

        // What passes by itself may be pending for a while.
        List<object> silent = [.. Enumerable.Range(0, steps).Select(i => Expectation($"count({firing}) or vector(0)", interval * i, 0))];
        foreach (var (shows, fires, series) in Others)
            yield return Test($"{rule.Name}: {shows}", interval, [.. In(scope, series)], steps, fires ? expected : silent);
    }

    /// <summary>The series as a hub's scrape jobs label them; the kubelet's know the namespace alone.</summary>
    private static IEnumerable<string> In(RuleScope scope, IEnumerable<string> series) => series.Select(text =>
    {
        text = text.Replace("namespace=\"n\"", $"namespace=\"{scope.Namespace}\"", StringComparison.Ordinal);
        if (text.StartsWith("kube", StringComparison.Ordinal) || text.StartsWith("container_", StringComparison.Ordinal))
            return text;
        var selector = Selector(text);
        return selector.EndsWith('}') ? $"{selector[..^1]},cluster=\"{scope.Cluster}\"}}{text[selector.Length..]}"
            : $"{selector}{{cluster=\"{scope.Cluster}\"}}{text[selector.Length..]}";
    });

    private static Map Test(string name, TimeSpan interval, IReadOnlyList<string> series, int steps, List<object> expected) => new()
    {
        ["name"] = name,
        ["interval"] = Seconds(interval),
        ["input_series"] = series.Select(text => new Map
        {
            ["series"] = Selector(text),
            ["values"] = Values(text[Selector(text).Length..].Trim(), steps)
        }).ToArray(),
        ["promql_expr_test"] = expected.ToArray(),
    };

    private static Map Expectation(string expression, TimeSpan at, int value) => new()
    {
        ["expr"] = expression,
        ["eval_time"] = Seconds(at),
        ["exp_samples"] = new object[] { new Map { ["labels"] = "{}", ["value"] = value } },
    };

    private static string Selector(string text) =>
        text[..(text.Contains('}') ? text.LastIndexOf('}') + 1 : text.IndexOf(' ', StringComparison.Ordinal))];

    private static string Values(string text, int steps) => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out _)
        ? $"{text}x{steps}" : text;

    private static string Seconds(TimeSpan time) => string.Create(CultureInfo.InvariantCulture, $"{(int)time.TotalSeconds}s");

    private static AlertCase Read(Map map) => new(Texts(map["fires"]), Texts(map["quiet"]),
        [.. Named(map, "also_fires").Select(entry => (entry.Key, true, Texts(entry.Value))),
            .. Named(map, "also_quiet").Select(entry => (entry.Key, false, Texts(entry.Value)))],
        !map.TryGetValue("at", out var at) ? TimeSpan.Zero : ((string)at)[^1] == 's'
            ? TimeSpan.FromSeconds(int.Parse(((string)at)[..^1], CultureInfo.InvariantCulture))
            : TimeSpan.FromMinutes(int.Parse(((string)at)[..^1], CultureInfo.InvariantCulture)));

    private static Map Named(Map map, string key) => (Map)map.GetValueOrDefault(key, new Map());

    private static IReadOnlyList<string> Texts(object value) => [.. ((object[])value).Cast<string>()];

    private static string Directory([CallerFilePath] string source = "") => Path.Combine(Path.GetDirectoryName(source)!, "Cases");
}
