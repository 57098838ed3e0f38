using System.Text;
using System.Text.RegularExpressions;
using Analytics.Topology.Config;
using Analytics.Topology.Kubernetes;
using Analytics.Topology.Publishing;
using k8s.Models;
using Map = System.Collections.Generic.Dictionary<string, object>;

namespace Analytics.Topology.Helm;

/// <summary>
/// The chart's templates: the plain YAML with the tunable places replaced. Few constructs are used, so that the result can be read
/// and tested: a value as JSON (which is YAML), a value as it is, a hash of values, "if" and one "range".
/// </summary>
internal static partial class ChartTemplates
{
    // What stands for a value that appears inside longer texts, in an object rendered for the chart.
    private const string NamespaceMark = "hub-namespace-mark";
    private const string DomainMark = "hub-domain.mark";
    private const string RunbooksMark = "hub-runbooks-mark";
    private static readonly ByteSize QuotaMark = new(123_456_789);

    public static IEnumerable<OutputFile> Render(PublishSize size)
    {
        var marked = Marked(size);
        foreach (var file in KubernetesManifests.For(marked.Topology, marked.Options).Where(file => file.Name != "secrets.yaml"))
        {
            var text = new StringBuilder();
            var whole = ChartRule.Switches.Where(entry => entry.What == file.Name).Select(entry => entry.Value).FirstOrDefault();
            foreach (var item in file.Objects)
            {
                var document = "---\n" + Document(item is V1Job job ? Named(job) : ManifestYaml.Tree(item), item);
                var value = ChartRule.Switches.Where(entry => ChartValues.Matches(entry.What, item.Kind, item.Metadata.Name))
                    .Select(entry => entry.Value).FirstOrDefault();
                text.Append(value is null ? document : Conditional(value, document));
            }

            yield return new OutputFile($"templates/{file.Name}",
                $"# {file.Purpose}\n" + (whole is null ? text.ToString() : Conditional(whole, text.ToString())));
        }
    }

    /// <summary>The same cluster with marks for namespace, domain, images and etcd's quota.</summary>
    private static PublishSize Marked(PublishSize size) => size with
    {
        Options = size.Options with { ClusterDomain = DomainMark },
        Topology = size.Topology.With(cluster => cluster with
        {
            Namespace = NamespaceMark,
            Monitoring = cluster.Monitoring with { Runbooks = RunbooksMark },
            Etcd = cluster.Etcd with { QuotaBackend = QuotaMark },
            Images = new Images
            {
                Database = ImageMark("database"),
                Etcd = ImageMark("etcd"),
                HaProxy = ImageMark("haproxy"),
                PgBouncer = ImageMark("pgbouncer"),
                PostgresExporter = ImageMark("postgresExporter"),
                PgBouncerExporter = ImageMark("pgbouncerExporter"),
                Prometheus = ImageMark("prometheus"),
                Ingest = ImageMark("ingest"),
                Migrations = ImageMark("migrations"),
                Backup = ImageMark("backup"),
            },
        }),
    };

    private static string ImageMark(string key) => $"hub-image-mark/{key}:mark";

    private static string Conditional(string value, string text) => $"{{{{- if .Values.{value} }}}}\n{text}{{{{- end }}}}\n";

    private static string Document(Map tree, k8s.IKubernetesObject<V1ObjectMeta> item)
    {
        foreach (var rule in ChartValues.Rules(tree))
        {
            foreach (var (holder, key) in TreePath.Find(tree, rule.Path).ToList())
                holder[key] = $"__{(rule.Optional ? "optional" : "json")}.{rule.Value}__";
        }

        Mark(tree, item);
        var text = Yaml.Write(tree).Replace("{{", "{{ \"{{\" }}", StringComparison.Ordinal);
        text = OptionalMark().Replace(text, match => $"{{{{- if .Values.{match.Groups[3].Value} "
            + $"}}}}\n{match.Groups[1].Value}{match.Groups[2].Value}: {Json(match.Groups[3].Value)}\n{{{{- end }}}}\n");
        text = JsonMark().Replace(text, match => Json(match.Groups[1].Value));
        text = ExpressionMark().Replace(text, match => Expressions[match.Groups[1].Value]);
        text = JobMark().Replace(text, match => NameOf((V1Job)item, match.Groups[1].Value, match.Groups[2].Value));
        text = RangesMark().Replace(text, match =>
        {
            var indent = new string(' ', match.Groups[1].Length);
            return $"{match.Groups[1].Value}from:\n{indent}  {{{{- range .Values.external.sourceRanges }}}}\n{indent}  - "
                + $"ipBlock:\n{indent}      cidr: {{{{ . | toJson }}}}\n{indent}  {{{{- end }}}}\n";
        });
        text = ImageMarks().Replace(text, match => $"{{{{ .Values.images.{match.Groups[1].Value} }}}}");
        return text.Replace(Ingresses.Host, "{{ .Values.ingress.host }}", StringComparison.Ordinal).Replace(NamespaceMark,
            "{{ .Values.namespace }}", StringComparison.Ordinal)
            .Replace(RunbooksMark, "{{ .Values.monitoring.runbooks }}", StringComparison.Ordinal).Replace(DomainMark,
                "{{ .Values.clusterDomain }}", StringComparison.Ordinal)
            .Replace($"quota-backend-bytes={QuotaMark.Bytes}", "quota-backend-bytes={{ .Values.etcd.quotaBackendBytes }}",
                StringComparison.Ordinal);
    }

    private static string Json(string value) => $"{{{{ .Values.{value} | toJson }}}}";

    private static IReadOnlyDictionary<string, string> Expressions { get; } = new Dictionary<string, string>
    {
        ["database"] =
            "{{ printf \"%s%s%s\" .Values.config.patroni .Values.config.pgbackrest .Values.config.exporterQueries | sha256sum }}",
        ["gateway"] = "{{ printf \"%s%s\" .Values.config.haproxy .Values.config.pgbouncer | sha256sum }}",
    };

    /// <summary>A Job's name changes with its image, as in the plain manifests.</summary>
    private static Map Named(V1Job job)
    {
        var tree = ManifestYaml.Tree(job);
        var component = job.Metadata.Labels[Labels.NameKey];
        ((Map)tree["metadata"])["name"] = $"__job.{component}.{Jobs.ContentOf(job)}__";
        return tree;
    }

    private static string NameOf(V1Job job, string component, string content)
    {
        var images = Jobs.ContainersOf(job).Select(container => $".Values.images.{ImageMarks().Match(container.Image).Groups[1].Value}")
            .ToList();
        if (component == ClusterNames.Migrations)
            images.Add(".Values.images.database");
        var format = string.Join(' ', Enumerable.Repeat("%s", images.Count + 2));
        return $"{component}-{{{{ printf \"{format}\" {string.Join(' ', images)} .Values.images.pullPolicy \"{content}\" | sha256sum | "
            + $"trunc 10 }}}}";
    }

    /// <summary>Places whose value is made of several, or lies in a list.</summary>
    private static void Mark(Map tree, k8s.IKubernetesObject<V1ObjectMeta> item)
    {
        if (item is V1StatefulSet { Metadata.Name: ClusterNames.TimescaleDb } or V1Deployment { Metadata.Name: KubernetesNames.Gateway })
        {
            var (holder, key) = TreePath.Find(tree, "spec.template.metadata.annotations").Single();
            ((Map)holder[key])[KubernetesNames.ChecksumAnnotation] = item is V1StatefulSet
                ? "__expression.database__" : "__expression.gateway__";
        }

        if (item is V1NetworkPolicy { Metadata.Name: KubernetesNames.ExternalService })
        {
            foreach (var (holder, key) in TreePath.Find(tree, "spec.ingress[*].from").ToList())
                holder[key] = "__ranges__";
        }
    }

    [GeneratedRegex(@"^( *)(\w+): __optional\.([\w.]+)__\n", RegexOptions.Multiline)]
    private static partial Regex OptionalMark();

    [GeneratedRegex(@"__json\.([\w.]+)__")]
    private static partial Regex JsonMark();

    [GeneratedRegex(@"__expression\.(\w+)__")]
    private static partial Regex ExpressionMark();

    [GeneratedRegex(@"__job\.([a-z-]+)\.([0-9a-f]+)__")]
    private static partial Regex JobMark();

    [GeneratedRegex(@"^([ -]*)from: __ranges__\n", RegexOptions.Multiline)]
    private static partial Regex RangesMark();

    [GeneratedRegex(@"hub-image-mark/(\w+):mark")]
    private static partial Regex ImageMarks();
}
