using System.Globalization;
using System.Text.RegularExpressions;
using Analytics.Topology.Config;
using Analytics.Topology.Kubernetes;
using Map = System.Collections.Generic.Dictionary<string, object>;

namespace Analytics.Topology.Monitoring;

/// <summary>
/// The rules of a cluster, read from Templates/rules: one file for each group, thresholds filled in from the topology. Prometheus' own file,
/// the PrometheusRule object, docs/ALERTS.md and the tests are made from what this returns.
/// </summary>
public static partial class AlertRules
{
    /// <summary>The groups of alerts, in the order in which they are shown.</summary>
    public static IReadOnlyList<string> Groups { get; } =
        ["postgresql", "replication", "patroni", "gateway", "etcd", "backup", "storage", "timescaledb", "ingest", "certificates"];

    /// <summary>The alerts that make sense for this cluster, group by group.</summary>
    public static IReadOnlyList<AlertRule> For(ClusterTopology topology)
    {
        ArgumentNullException.ThrowIfNull(topology);
        return [.. Groups.SelectMany(group => Rules(topology, group).Select(rule => Alert(group, rule)))];
    }

    /// <summary>The recording rules, which are evaluated before the alerts.</summary>
    public static IReadOnlyList<RecordingRule> Recording(ClusterTopology topology)
    {
        ArgumentNullException.ThrowIfNull(topology);
        return [.. Rules(topology, "recording").Select(rule => new RecordingRule((string)rule["record"], (string)rule["expr"]))];
    }

    /// <summary>What stands for <c>${name}</c> in the templates.</summary>
    internal static IReadOnlyDictionary<string, string> Values(ClusterTopology topology)
    {
        var (monitoring, backup) = (topology.Monitoring, topology.Definition.Backup);
        return new Dictionary<string, string>
        {
            ["database"] = ClusterNames.Database,
            ["standbys"] = Text(topology.Database.Members - 1),
            ["etcd_quorum"] = Text((topology.Etcd.Members / 2) + 1),
            ["rpo_seconds"] = Text((int)backup.RecoveryPointObjective.TotalSeconds),

            // A backup is due every day or every six hours; two hours are what it may take.
            ["full_backup_hours"] = "24",
            ["full_backup_seconds"] = Text(26 * 3600),
            ["any_backup_hours"] = "6",
            ["any_backup_seconds"] = Text(8 * 3600),
            ["backup_sets"] = Text(Math.Min(3, backup.KeepDaily)),
            ["availability"] = Percent(monitoring.IngestAvailability),
            ["availability_budget"] = Budget(monitoring.IngestAvailability),
            ["latency"] = Percent(monitoring.IngestLatency),
            ["latency_budget"] = Budget(monitoring.IngestLatency),

            ["latency_bound"] = monitoring.IngestLatencyBound.TotalSeconds.ToString("0.###", CultureInfo.InvariantCulture),

            // A whole boundary is "1.0" in OpenMetrics and "1" in Prometheus' older format; a scrape may agree on either.
            ["latency_le"] = Boundary(monitoring.IngestLatencyBound.TotalSeconds),
        };
    }

    private static IEnumerable<Map> Rules(ClusterTopology topology, string group)
    {
        var values = Values(topology);
        var text = Placeholder().Replace(Templates.Read($"rules/{group}.yaml"), match => values.TryGetValue(match.Groups[1].Value, out var value)
            ? value
            : throw new InvalidOperationException($"Templates/rules/{group}.yaml: ${{{match.Groups[1].Value}}} is not a value of the topology."));
        return ((object[])YamlDocuments.Read(text)["rules"]).Cast<Map>().Where(rule => Applies(topology, rule));
    }

    /// <summary>A rule about standbys could never fire where there are none.</summary>
    private static bool Applies(ClusterTopology topology, Map rule) => rule.GetValueOrDefault("needs") switch
    {
        null => true,
        "standbys" => topology.Database.Members > 1,
        "etcd_spare" => topology.Etcd.Members > 1,
        var other => throw new InvalidOperationException($"A rule needs '{other}', which is unknown."),
    };

    private static AlertRule Alert(string group, Map rule) => new(
        group, (string)rule["alert"], (string)rule["expr"], rule.TryGetValue("for", out var text) ? Duration((string)text) : TimeSpan.Zero,
        Enum.Parse<AlertSeverity>((string)rule["severity"], ignoreCase: true), (string)rule["summary"], (string)rule["description"]);

    private static TimeSpan Duration(string text)
    {
        var count = int.Parse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture);
        return text[^1] switch
        {
            's' => TimeSpan.FromSeconds(count),
            'm' => TimeSpan.FromMinutes(count),
            'h' => TimeSpan.FromHours(count),
            'd' => TimeSpan.FromDays(count),
            _ => throw new FormatException($"'{text}' is no duration."),
        };
    }

    private static string Text(int value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Boundary(double seconds)
    {
        var text = seconds.ToString("0.###", CultureInfo.InvariantCulture);
        return text.Contains('.', StringComparison.Ordinal) ? text : $"{text}|{text}.0";
    }

    private static string Percent(double share) => (share * 100).ToString("0.###", CultureInfo.InvariantCulture) + " %";

    private static string Budget(double objective) => (1 - objective).ToString("0.######", CultureInfo.InvariantCulture);

    [GeneratedRegex(@"\$\{(\w+)\}")]
    private static partial Regex Placeholder();
}
