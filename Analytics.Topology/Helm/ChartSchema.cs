using System.Text.Encodings.Web;
using System.Text.Json;
using Map = System.Collections.Generic.Dictionary<string, object>;

namespace Analytics.Topology.Helm;

/// <summary>
/// values.schema.json: a misspelled value is an error before anything is installed, and so are a scale that the pools are not made for and
/// a memory that PostgreSQL's settings are not made for.
/// </summary>
internal static class ChartSchema
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private const string PoolsPath = "config.pgbouncer", SettingsPath = "config.patroni";

    /// <summary>What the settings in config.patroni are computed from.</summary>
    private static readonly string[] SettingsInputs = ["database.resources.limits.memory", "database.resources.limits.cpu", "database.sharedMemory"];

    private static readonly Dictionary<string, string> Descriptions = new()
    {
        ["namespace"] = "The namespace of all objects. The certificates contain its name.",
        ["createNamespace"] = "Create the namespace, with Pod Security restricted. Set to false if it exists.",
        ["clusterDomain"] = "The cluster's DNS domain.",
        ["images"] = "Images. Tags of the database image are rebuilt: pin a digest (name:tag@sha256:…). "
            + "Hub's own (ingest, migrations, backup)\n"
            + "are in your registry: `hub images --push`, `hub publish --registry`. registry.invalid does not exist.",
        ["storage"] = "Volumes of each database member and their storage classes. className \"\" is the cluster's default class;\ncreate: create the classes.",
        ["priorityClasses"] = "Classes are not namespaced: a second release in one cluster uses those of the first (create: false here and in storage).",
        ["database"] = "Each database member. config.patroni is computed from resources.limits and sharedMemory; other figures beside it are refused.\nFor other resources use a values file, or supply a config.patroni of your own.",
        ["etcd"] = "Each etcd member.",
        ["gateway"] = "PgBouncer and HAProxy. The pools (config.pgbouncer) are computed for a number of gateways: a scale outside that range is refused.\nreplicas 0: the autoscaler decides.",
        ["ingest"] = "The ingest API. replicas 0: the autoscaler decides.",
        ["backup"] = "The backup runner: schedules (UTC), resources, the volume on which a drill restores the whole database.\nSecret backup-s3 names the repository; without it, and with required false, the cluster starts and has no backups.\nsuspend: the jobs do not run; for a cluster without a bucket.",
        ["monitoring"] = "ServiceMonitor, PodMonitor, PrometheusRule: need prometheus-operator. release: the name under which kube-prometheus-stack is\ninstalled; it selects only objects with that label. annotations: instead of these, Services with prometheus.io annotations and the rules as a ConfigMap.\nrunbooks: where docs/runbooks is served; each alert links there.",
        ["certManager"] = "Certificates by cert-manager instead of deploy.sh.",
        ["ingress"] = "Access to ingest from outside; Secret ingest-public-tls contains the certificate.",
        ["external"] = "Access with SQL from outside, for these address ranges.",
        ["openshift"] = "Let the service accounts use the security context constraint nonroot-v2.",
        ["quota"] = "The namespace's quota: computed for the largest scale during a rolling update.",
        ["limits"] = "The namespace's limit range.",
        ["config"] = "Configuration files, as the topology renders them. A change replaces the pods.",
    };

    public static string Describe(string section) => Descriptions[section];

    /// <param name="general">Values of the size that has every value.</param>
    /// <param name="sizes">Every size and cloud whose values the chart takes, and their gateways.</param>
    public static string Render(Map general, IEnumerable<(Map Values, GatewayTier Gateway)> sizes)
    {
        var document = new Map { ["$schema"] = "http://json-schema.org/draft-07/schema#", ["title"] = "Values of the hub chart" };
        foreach (var (key, value) in Node("", general))
            document[key] = value;
        var all = sizes.ToList();
        var pools = all.Select(size => (Pools: ChartValues.Get(size.Values, PoolsPath)!, size.Gateway)).DistinctBy(size => (string)size.Pools)
            .Select(size => new Map { ["if"] = At(PoolsPath, Const(size.Pools)), ["then"] = Scale(size.Gateway) });
        var settings = all.Select(size => size.Values).DistinctBy(values => (string)ChartValues.Get(values, SettingsPath)!)
            .Select(values => new Map
            {
                ["if"] = At(SettingsPath, Const(ChartValues.Get(values, SettingsPath)!)),
                ["then"] = new Map { ["allOf"] = SettingsInputs.Select(object (path) => At(path, Const(ChartValues.Get(values, path)!))).ToArray() },
            });
        document["allOf"] = pools.Concat(settings).Cast<object>().ToArray();
        return JsonSerializer.Serialize(document, Indented) + "\n";
    }

    private static Map Node(string path, object value)
    {
        var node = new Map();
        if (Descriptions.TryGetValue(path, out var text))
            node["description"] = text.ReplaceLineEndings(" ");
        switch (value)
        {
            case Map map when !Open(path):
                node["type"] = "object";
                node["additionalProperties"] = false;
                node["properties"] = map.ToDictionary(entry => entry.Key, object (entry) => Node(path.Length == 0 ? entry.Key : $"{path}.{entry.Key}", entry.Value));
                break;
            case Map:
                node["type"] = "object";
                break;
            case bool:
                node["type"] = "boolean";
                break;
            case long:
                node["type"] = "integer";
                node["minimum"] = 0;
                break;
            case string:
                node["type"] = "string";
                Pattern(node, path);
                break;
            default:
                node["type"] = "array";
                break;
        }

        return node;
    }

    /// <summary>The numbers of gateways for which the pools are computed. Pools of an operator's own are not judged.</summary>
    private static Map Scale(GatewayTier tier)
    {
        Map Between(int least) => new() { ["minimum"] = least, ["maximum"] = tier.MaxReplicas };
        var fixedNumber = At($"{Kubernetes.KubernetesNames.Gateway}.replicas", Between(0));
        var autoscaling = tier.MinReplicas == tier.MaxReplicas
            ? new Map { ["enabled"] = new Map { ["const"] = false } }
            : new Map { ["minReplicas"] = Between(tier.MinReplicas), ["maxReplicas"] = Between(tier.MinReplicas) };
        return new Map { ["allOf"] = new object[] { fixedNumber, At($"{Kubernetes.KubernetesNames.Gateway}.autoscaling", new Map { ["properties"] = autoscaling }) } };
    }

    private static Map Const(object value) => new() { ["const"] = value };

    /// <summary>What holds at a path of the values.</summary>
    private static Map At(string path, Map rule) =>
        path.Split('.').Reverse().Aggregate(rule, (inner, key) => new Map { ["properties"] = new Map { [key] = inner } });

    /// <summary>Kubernetes' own structures, which its API checks.</summary>
    private static bool Open(string path) => ChartRule.All.Any(rule => rule.Value == path);

    private static void Pattern(Map node, string path)
    {
        if (path == "namespace")
            node["pattern"] = "^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$";
        else if (path == "images.pullPolicy")
            node["enum"] = new[] { "Always", "IfNotPresent", "Never" };
        else if (path.StartsWith("images.", StringComparison.Ordinal))
            node["pattern"] = "^[a-z0-9./_:-]+(:[A-Za-z0-9._-]+|(:[A-Za-z0-9._-]+)?@sha256:[0-9a-f]{64})$";
        else if (path == "etcd.quotaBackendBytes")
            node["pattern"] = "^[0-9]+$";
    }
}
