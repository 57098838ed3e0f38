using System.Text.Json.Serialization;
using k8s;
using k8s.Models;

namespace Analytics.Topology.Kubernetes;

/// <summary>One published file of objects.</summary>
/// <param name="Name">File name, such as <c>statefulset.yaml</c>.</param>
/// <param name="Purpose">One sentence for the file's head and the inventory.</param>
/// <param name="Objects">In the order in which they are applied.</param>
/// <param name="Optional">Left out of the kustomization: something that the cluster or the operator has to choose.</param>
public sealed record ManifestFile(string Name, string Purpose, IReadOnlyList<IKubernetesObject<V1ObjectMeta>> Objects,
    bool Optional = false);

/// <summary>An object of a kind that Kubernetes itself does not define (prometheus-operator, cert-manager).</summary>
public sealed class CustomObject : IKubernetesObject<V1ObjectMeta>
{
    [JsonPropertyName("apiVersion")]
    public string ApiVersion { get; set; } = "";

    [JsonPropertyName("kind")]
    public string Kind { get; set; } = "";

    [JsonPropertyName("metadata")]
    public V1ObjectMeta Metadata { get; set; } = new();

    [JsonPropertyName("spec")]
    public IReadOnlyDictionary<string, object> Spec { get; init; } = new Dictionary<string, object>();
}
