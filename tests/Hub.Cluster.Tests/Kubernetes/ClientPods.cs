using k8s.Models;

namespace Hub.Cluster.Tests.Kubernetes;

/// <summary>Pods of a user of Hub: small, and as Pod Security's strictest profile wants them. Python is in every database image, for Patroni.</summary>
internal static class ClientPods
{
    public static V1Pod Python(string name, string image, string program, IEnumerable<string> arguments, IDictionary<string, string>? labels = null) => new()
    {
        ApiVersion = "v1",
        Kind = "Pod",
        Metadata = new V1ObjectMeta { Name = name, Labels = labels },
        Spec = new V1PodSpec
        {
            AutomountServiceAccountToken = false,
            TerminationGracePeriodSeconds = 1,
            RestartPolicy = "Always",
            SecurityContext = new V1PodSecurityContext { RunAsNonRoot = true, RunAsUser = 1000, SeccompProfile = new V1SeccompProfile { Type = "RuntimeDefault" } },
            Containers =
            [
                new V1Container
                {
                    Name = "client",
                    Image = image,
                    ImagePullPolicy = "IfNotPresent",
                    Command = ["python3", "-c", program, .. arguments],
                    SecurityContext = new V1SecurityContext { AllowPrivilegeEscalation = false, Capabilities = new V1Capabilities { Drop = ["ALL"] } },
                    Resources = new V1ResourceRequirements
                    {
                        Requests = Amounts("20m", "32Mi"),
                        Limits = Amounts("1", "256Mi"),
                    },
                },
            ],
        },
    };

    /// <summary>The same pod, made anew when it is gone.</summary>
    public static V1Deployment Deployment(V1Pod pod)
    {
        var labels = new Dictionary<string, string> { ["app"] = pod.Metadata.Name };
        return new V1Deployment
        {
            ApiVersion = "apps/v1",
            Kind = "Deployment",
            Metadata = new V1ObjectMeta { Name = pod.Metadata.Name },
            Spec = new V1DeploymentSpec { Selector = new V1LabelSelector { MatchLabels = labels }, Template = new V1PodTemplateSpec { Metadata = new V1ObjectMeta { Labels = labels }, Spec = pod.Spec } },
        };
    }

    public static V1Namespace Space(string name, params string[] labels) => new()
    {
        ApiVersion = "v1",
        Kind = "Namespace",
        Metadata = new V1ObjectMeta { Name = name, Labels = labels.ToDictionary(label => label, _ => "true") },
    };

    private static Dictionary<string, ResourceQuantity> Amounts(string cpu, string memory) => new() { ["cpu"] = new ResourceQuantity(cpu), ["memory"] = new ResourceQuantity(memory) };
}
