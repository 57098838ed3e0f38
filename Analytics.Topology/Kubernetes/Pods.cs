using System.Security.Cryptography;
using System.Text;
using Analytics.Topology.Config;
using Analytics.Topology.Containers;
using k8s.Models;

namespace Analytics.Topology.Kubernetes;

/// <summary>What the pods of all tiers have in common.</summary>
internal static class Pods
{
    private const string Host = "kubernetes.io/hostname";
    private const string Zone = "topology.kubernetes.io/zone";

    public static V1PodTemplateSpec Template(ManifestContext context, string component, string priority, V1PodSpec spec,
        string? configuration = null)
    {
        spec.ServiceAccountName = component;
        spec.AutomountServiceAccountToken = false;
        spec.EnableServiceLinks = false; // Variables for every Service of the namespace, which nothing reads.
        spec.PriorityClassName = context.PriorityClass(priority);
        spec.SecurityContext = new V1PodSecurityContext
        {
            RunAsNonRoot = true,
            RunAsUser = ClusterNames.Uid,
            RunAsGroup = ClusterNames.Uid,
            FsGroup = ClusterNames.Uid,

            // Not "Always": that would give the group write access to PGDATA at each start, which PostgreSQL refuses.
            FsGroupChangePolicy = "OnRootMismatch",
            SeccompProfile = new V1SeccompProfile { Type = "RuntimeDefault" },
        };
        return new V1PodTemplateSpec
        {
            Metadata = new V1ObjectMeta
            {
                Labels = Labels.For(context.Topology, component),
                Annotations = configuration is null
                    ? null : new Dictionary<string, string> { [KubernetesNames.ChecksumAnnotation] = Checksum(configuration) },
            },
            Spec = spec,
        };
    }

    /// <summary>
    /// What the containers mount of ConfigMaps, in one text: each is read once, when its program starts, so a changed one must roll the
    /// pods. Without the exporters' web.yml and the script that follows certificates, which only a release changes.
    /// </summary>
    public static string Configuration(params ContainerSpec[] specs) =>
        string.Concat(specs.SelectMany(spec => spec.Directories).DistinctBy(directory => directory.Source)
            .SelectMany(directory => directory.Files)
            .Where(file => !file.Secret && file.Name is not (WebConfig.FileName or PodContainers.Script)).Select(file => file.Text));

    /// <summary>Members of a quorum: never two on one node (unless there is only one), and over zones as evenly as nodes allow.</summary>
    public static void KeepApart(V1PodSpec spec, ManifestContext context, string component, bool required)
    {
        var term = new V1PodAffinityTerm { TopologyKey = Host, LabelSelector = context.Selector(component) };
        spec.Affinity = new V1Affinity
        {
            PodAntiAffinity = required && context.Options.SeparateNodes
                ? new V1PodAntiAffinity { RequiredDuringSchedulingIgnoredDuringExecution = [term] }
                : new V1PodAntiAffinity
                {
                    PreferredDuringSchedulingIgnoredDuringExecution = [
                    new V1WeightedPodAffinityTerm { Weight = 100, PodAffinityTerm = term }]
                },
        };
        spec.TopologySpreadConstraints =
        [
            new V1TopologySpreadConstraint { MaxSkew = 1, TopologyKey = Zone, WhenUnsatisfiable = "ScheduleAnyway",
                LabelSelector = context.Selector(component) },
        ];
    }

    /// <summary>Short names of the members behind a headless service resolve as they do on every other host.</summary>
    public static V1PodDNSConfig Searches(ManifestContext context, params string[] services) =>
        new() { Searches = [.. services.Select(context.DomainOf)] };

    public static V1Probe Http(string path, string port, bool tls, int period, int failures, int timeout = 5) => new()
    {
        HttpGet = new V1HTTPGetAction { Path = path, Port = port, Scheme = tls ? "HTTPS" : "HTTP" },
        PeriodSeconds = period,
        FailureThreshold = failures,
        TimeoutSeconds = timeout,
    };

    public static V1Probe Tcp(string port, int period, int failures) => new()
    {
        TcpSocket = new V1TCPSocketAction { Port = port },
        PeriodSeconds = period,
        FailureThreshold = failures,
        TimeoutSeconds = 3,
    };

    /// <summary>SHA-256 in hexadecimal.</summary>
    public static string Checksum(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
