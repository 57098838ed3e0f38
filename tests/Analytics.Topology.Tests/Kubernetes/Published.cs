using Analytics.Topology.Kubernetes;
using Analytics.Topology.Publishing;
using k8s;
using k8s.Models;

namespace Analytics.Topology.Tests.Kubernetes;

/// <summary>The published objects of one size on one cloud, and the questions that the policy tests ask of them.</summary>
internal sealed class Published
{
    private Published(PublishSize size)
    {
        Size = size;
        Files = KubernetesManifests.For(size.Topology, size.Options);
        Objects = [.. Files.SelectMany(file => file.Objects)];
    }

    public PublishSize Size { get; }

    public IReadOnlyList<ManifestFile> Files { get; }

    /// <summary>All objects, the optional ones too.</summary>
    public IReadOnlyList<IKubernetesObject<V1ObjectMeta>> Objects { get; }

    /// <summary>Every size, and the default one on every cloud.</summary>
    public static TheoryData<string, string?> Everywhere
    {
        get
        {
            var data = new TheoryData<string, string?>();
            foreach (var size in PublishSize.All)
                data.Add(size.Name, null);
            foreach (var cloud in Enum.GetNames<Cloud>())
                data.Add(PublishSize.DefaultName, cloud);
            return data;
        }
    }

    public static Published Of(string size, string? cloud = null) =>
        new(PublishSize.Named(size).On(cloud is null ? null : Enum.Parse<Cloud>(cloud)));

    public IEnumerable<T> All<T>() => Objects.OfType<T>();

    public T One<T>(string name)
        where T : IKubernetesObject<V1ObjectMeta> => All<T>().Single(item => item.Metadata.Name == name);

    /// <summary>Each pod template by the workload that it belongs to.</summary>
    public IEnumerable<(string Workload, V1PodTemplateSpec Template)> Pods => Objects.Select(item => item switch
    {
        V1StatefulSet set => (Name(set), set.Spec.Template),
        V1Deployment deployment => (Name(deployment), deployment.Spec.Template),
        V1Job job => (Name(job), job.Spec.Template),
        V1CronJob job => (Name(job), job.Spec.JobTemplate.Spec.Template),
        _ => (Name(item), null!),
    }).Where(pod => pod.Item2 is not null);

    /// <summary>Every container, init containers too.</summary>
    public IEnumerable<(string Where, V1PodSpec Pod, V1Container Container)> Containers =>
        Pods.SelectMany(pod => pod.Template.Spec.Containers.Concat(pod.Template.Spec.InitContainers ?? [])
            .Select(container => ($"{pod.Workload}, container {container.Name}", pod.Template.Spec, container)));

    /// <summary>Pods that run all the time, by their component.</summary>
    public IEnumerable<(string Workload, V1PodTemplateSpec Template)> Services =>
        Pods.Where(pod => pod.Workload.StartsWith("StatefulSet", StringComparison.Ordinal) || pod.Workload.StartsWith("Deployment",
            StringComparison.Ordinal));

    public static bool Selects(V1LabelSelector selector, IDictionary<string, string> labels) =>
        (selector.MatchLabels ?? new Dictionary<string, string>()).All(pair => labels.TryGetValue(pair.Key, out var value)
            && value == pair.Value);

    private static string Name(IKubernetesObject<V1ObjectMeta> item) => $"{item.Kind}/{item.Metadata.Name}";
}
