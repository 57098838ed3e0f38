using System.Globalization;
using System.Net;
using System.Text;
using Analytics.Topology.Config;
using Analytics.Topology.Kubernetes;
using Analytics.Topology.Security;
using k8s.Models;

namespace Analytics.Topology.Publishing;

/// <summary>deploy.sh: a script that is the same for every cluster, and the facts of this one.</summary>
internal static class DeployScript
{
    public const string FileName = "deploy.sh";

    public static OutputFile Render(PublishSize size, IReadOnlyList<ManifestFile> files) =>
        new(FileName, Templates.Read(FileName).Replace("# @FACTS@\n", Facts(size, files), StringComparison.Ordinal), Executable: true);

    private static string Facts(PublishSize size, IReadOnlyList<ManifestFile> files)
    {
        var topology = size.Topology;
        var objects = files.SelectMany(file => file.Objects).ToList();
        var scalers = objects.OfType<V2HorizontalPodAutoscaler>().ToDictionary(scaler => scaler.Metadata.Name, scaler => scaler.Spec.MinReplicas ?? 1);
        var pods = objects.OfType<V1StatefulSet>().Select(set => (set.Spec.Template.Spec.Containers, Count: set.Spec.Replicas ?? 1))
            .Concat(objects.OfType<V1Deployment>().Select(item => (item.Spec.Template.Spec.Containers, Count: scalers.GetValueOrDefault(item.Metadata.Name, item.Spec.Replicas ?? 1)))).ToList();
        decimal Asked(string resource) => pods.Sum(pod => pod.Count * pod.Containers.Sum(container => container.Resources.Requests[resource].ToDecimal()));

        var text = new StringBuilder("# The facts of this cluster, by `hub publish`.\n");
        text.Append(CultureInfo.InvariantCulture, $"NAME={topology.Name}\nNAMESPACE={topology.Definition.Namespace}\n");
        text.Append(CultureInfo.InvariantCulture, $"NEEDS_NODES={(size.Options.SeparateNodes ? Math.Max(topology.Database.Members, topology.Etcd.Members) : 1)}\n");
        text.Append(CultureInfo.InvariantCulture, $"NEEDS_CPU_MILLIS={(int)(Asked("cpu") * 1000)}\nNEEDS_MEMORY_MIB={(int)(Asked("memory") / (1 << 20))}\n");
        text.Append("DEFAULT_STORAGE=").Append(size.Options.Cloud == Cloud.Default ? "true" : "false").Append('\n');
        List(text, "MEMBERS", topology.Database.Hosts);
        List(text, "FILES", files.Where(file => !file.Optional).Select(file => file.Name));
        List(text, "PASSWORDS", Secrets.All);
        text.Append("# Component and the names of its certificate; without names it gets the CA alone.\n");
        List(text, "CERTIFICATES", CertificateNames.For(topology).Select(component => $"{component.Key}={string.Join(',', component.Value.Select(Alternative))}")
            .Append($"{ClusterNames.Ingest}="));
        return text.ToString();
    }

    private static string Alternative(string name) => (IPAddress.TryParse(name, out _) ? "IP:" : "DNS:") + name;

    private static void List(StringBuilder text, string name, IEnumerable<string> items)
    {
        text.Append(name).Append("=(\n");
        foreach (var item in items)
            text.Append("  '").Append(item).Append("'\n");
        text.Append(")\n");
    }
}
