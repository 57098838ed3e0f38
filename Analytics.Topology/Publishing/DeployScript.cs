using System.Globalization;
using System.Net;
using System.Text;
using Analytics.Topology.Config;
using Analytics.Topology.Kubernetes;
using Analytics.Topology.Security;
using k8s;
using k8s.Models;

namespace Analytics.Topology.Publishing;

/// <summary>
/// deploy.sh: a script that is the same for every cluster, and the facts of this one. Its source is in four parts, which are
/// published as one file that can be copied alone.
/// </summary>
internal static class DeployScript
{
    public const string FileName = "deploy.sh";

    /// <summary>Never named by the user: the script creates their content, or an option of its own selects them.</summary>
    private static readonly string[] NotChosen = ["secrets.yaml", "cert-manager.yaml"];

    /// <param name="size">What is published.</param>
    /// <param name="files">Its objects, in the order in which they are applied.</param>
    public static OutputFile Render(PublishSize size, IReadOnlyList<ManifestFile> files)
    {
        ArgumentNullException.ThrowIfNull(size);
        ArgumentNullException.ThrowIfNull(files);
        var text = Templates.Read(FileName)
            .Replace("# @FACTS@\n", Facts(size, files), StringComparison.Ordinal)
            .Replace("# @CHECKS@\n", Part("deploy-checks.sh"), StringComparison.Ordinal)
            .Replace("# @SECRETS@\n", Part("deploy-secrets.sh"), StringComparison.Ordinal)
            .Replace("# @HELM@\n", Part("deploy-helm.sh"), StringComparison.Ordinal);
        return new OutputFile(FileName, text, Executable: true);
    }

    /// <summary>Without its first line, which tells shellcheck what a part alone does not.</summary>
    private static string Part(string name)
    {
        var text = Templates.Read(name);
        return text[(text.IndexOf('\n', StringComparison.Ordinal) + 1)..];
    }

    private static string Facts(PublishSize size, IReadOnlyList<ManifestFile> files)
    {
        var topology = size.Topology;
        var workloads = Workloads(files);
        decimal Asked(string resource) => workloads.Sum(item => item.Pods * item.Spec.Containers.Sum(container => container.Resources.Requests[resource].ToDecimal()));
        var provisioner = files.SelectMany(file => file.Objects).OfType<V1StorageClass>().Select(item => item.Provisioner).FirstOrDefault() ?? "";

        var text = new StringBuilder("# The facts of this cluster, by `hub publish`.\n");
        text.Append(CultureInfo.InvariantCulture, $"NAME={topology.Name}\nNAMESPACE={topology.Definition.Namespace}\n");
        text.Append("# The registry of images that were published without one; it does not exist.\n");
        text.Append(CultureInfo.InvariantCulture, $"NO_REGISTRY={Images.NoRegistry}/\n");
        text.Append("# What its pods ask for at the smallest scale, and who makes its volumes ('' is the cluster's default storage class).\n");
        text.Append(CultureInfo.InvariantCulture, $"NEEDS_NODES={(size.Options.SeparateNodes ? Math.Max(topology.Database.Members, topology.Etcd.Members) : 1)}\n");
        text.Append(CultureInfo.InvariantCulture, $"NEEDS_CPU_MILLIS={(int)(Asked("cpu") * 1000)}\nNEEDS_MEMORY_MIB={(int)(Asked("memory") / (1 << 20))}\nPROVISIONER='{provisioner}'\n");
        List(text, "MEMBERS", topology.Database.Hosts);
        text.Append("# Each file and what is waited for once it is applied.\n");
        List(text, "FILES", files.Where(file => !file.Optional).Select(file => Joined(file.Name, file.Objects.SelectMany(Awaited))));
        List(text, "OPTIONAL_FILES", files.Where(file => file.Optional && !NotChosen.Contains(file.Name)).Select(file => file.Name));
        text.Append("# The kinds that Kubernetes itself does not have, by file.\n");
        List(text, "DEFINITIONS", files.Where(file => file.Objects.Any(item => item is CustomObject))
            .Select(file => Joined(file.Name, file.Objects.OfType<CustomObject>().Select(Definition).Distinct())));
        List(text, "PASSWORDS", Secrets.All);
        text.Append("# Component and the names of its certificate; without names it gets the CA alone.\n");
        List(text, "CERTIFICATES", CertificateNames.For(topology).Select(component => $"{component.Key}={string.Join(',', component.Value.Select(Alternative))}")
            .Append($"{ClusterNames.Ingest}="));
        text.Append("# Those of them that need a common name; the others must not have one.\n");
        List(text, "COMMON_NAMES", CertificateNames.For(topology).Keys.Where(component => CertificateNames.CommonNameOf(component) is not null));
        text.Append(CultureInfo.InvariantCulture, $"# Whether backups go to a bucket that is named here: required, optional or unused.\nBUCKET={Bucket(topology.Backup.Repository)}\n");
        text.Append("# The certificates and the place of backups that each workload reads when it starts.\n");
        List(text, "MOUNTS", workloads.Select(item => Joined(item.Target, Certificates(item.Spec).Concat(Storage(item.Spec)))));
        return text.ToString();
    }

    private static List<(string Target, int Pods, V1PodSpec Spec)> Workloads(IReadOnlyList<ManifestFile> files)
    {
        var objects = files.SelectMany(file => file.Objects).ToList();
        var scalers = objects.OfType<V2HorizontalPodAutoscaler>().ToDictionary(scaler => scaler.Metadata.Name, scaler => scaler.Spec.MinReplicas ?? 1);
        return
        [
            .. objects.OfType<V1StatefulSet>().Select(item => (Awaited(item).Single(), item.Spec.Replicas ?? 1, item.Spec.Template.Spec)),
            .. objects.OfType<V1Deployment>().Select(item =>
                (Awaited(item).Single(), scalers.GetValueOrDefault(item.Metadata.Name, item.Spec.Replicas ?? 1), item.Spec.Template.Spec)),
        ];
    }

    /// <summary>What <c>kubectl rollout status</c> or the end of a Job tells about.</summary>
    private static IEnumerable<string> Awaited(IKubernetesObject<V1ObjectMeta> item) => item switch
    {
        V1StatefulSet => [$"statefulset/{item.Metadata.Name}"],
        V1Deployment => [$"deployment/{item.Metadata.Name}"],
        V1Job => [$"job/{item.Metadata.Name}"],
        _ => [],
    };

    private static IEnumerable<string> Certificates(V1PodSpec pod) =>
        pod.Volumes.Where(volume => volume.Name.StartsWith("tls-", StringComparison.Ordinal) && volume.Secret is not null).Select(volume => volume.Secret.SecretName);

    private static IEnumerable<string> Storage(V1PodSpec pod) => pod.Containers.SelectMany(container => container.Env ?? [])
        .Select(variable => variable.ValueFrom?.SecretKeyRef?.Name).OfType<string>().Where(name => name == KubernetesNames.BackupStorage).Distinct();

    private static string Definition(CustomObject item) => $"{item.Kind.ToLowerInvariant()}s.{item.ApiVersion.Split('/')[0]}";

    private static string Alternative(string name) => (IPAddress.TryParse(name, out _) ? "IP:" : "DNS:") + name;

    private static string Joined(string first, IEnumerable<string> others) => string.Join(' ', others.Prepend(first));

    private static void List(StringBuilder text, string name, IEnumerable<string> items)
    {
        text.Append(name).Append("=(\n");
        foreach (var item in items)
            text.Append("  '").Append(item).Append("'\n");
        text.Append(")\n");
    }

    private static string Bucket(BackupRepository repository) => repository switch
    {
        S3Repository { Bucket: null, Required: true } => "required",
        S3Repository { Bucket: null } => "optional",
        _ => "unused",
    };
}
