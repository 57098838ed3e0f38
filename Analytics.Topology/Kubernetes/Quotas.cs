using k8s;
using k8s.Models;

namespace Analytics.Topology.Kubernetes;

/// <summary>
/// What the namespace may use: everything at its largest scale, in the middle of a rolling update, with every job running, and one pod
/// more to look around. Computed, so that a quota never refuses the topology it belongs to.
/// </summary>
internal static class Quotas
{
    /// <summary>One that is being made, and one that has not ended yet.</summary>
    private const int RollingUpdatePods = Deployments.Surge + 1;

    private static readonly string[] Counted = ["cpu", "memory", "ephemeral-storage"];

    /// <summary>For containers that name nothing, such as a psql somebody starts.</summary>
    private static readonly V1ResourceRequirements Unnamed =
        Quantities.Of(new Resources(50, 500, ByteSize.MiB(64), ByteSize.MiB(256)), ByteSize.MiB(64), ByteSize.MiB(256));

    public static V1ResourceQuota Quota(ManifestContext context, IReadOnlyList<IKubernetesObject<V1ObjectMeta>> objects)
    {
        var pods = Pods(objects).Append((Template: new V1PodSpec { Containers = [new V1Container { Resources = Unnamed }] }, Count: 1))
            .ToList();
        var claims = objects.OfType<V1StatefulSet>()
            .SelectMany(set => set.Spec.VolumeClaimTemplates.Select(claim => (claim.Spec, Count: set.Spec.Replicas ?? 1)))
            .Concat(objects.OfType<V1PersistentVolumeClaim>().Select(claim => (claim.Spec, Count: 1)))
            .Concat(pods.SelectMany(pod => (pod.Template.Volumes ?? []).Where(volume => volume.Ephemeral is not null)
                .Select(volume => (volume.Ephemeral.VolumeClaimTemplate.Spec, pod.Count)))).ToList();
        var hard = new Dictionary<string, ResourceQuantity>();
        foreach (var resource in Counted)
        {
            hard[$"requests.{resource}"] = Sum(resource, pods.Select(pod => (Total(pod.Template, resource, limits: false), pod.Count)));
            hard[$"limits.{resource}"] = Sum(resource, pods.Select(pod => (Total(pod.Template, resource, limits: true), pod.Count)));
        }

        hard["pods"] = Quantities.Count(pods.Sum(pod => pod.Count));
        hard["persistentvolumeclaims"] = Quantities.Count(claims.Sum(claim => claim.Count));
        hard["requests.storage"] = Sum("storage",
            claims.Select(claim => (claim.Spec.Resources.Requests["storage"].ToDecimal(), claim.Count)));
        hard["services.loadbalancers"] = Quantities.Count(1);
        return new V1ResourceQuota
        {
            ApiVersion = "v1",
            Kind = "ResourceQuota",
            Metadata = context.Meta(context.Topology.Name, ClusterNames.TimescaleDb),
            Spec = new V1ResourceQuotaSpec { Hard = hard },
        };
    }

    public static V1LimitRange Limits(ManifestContext context, IReadOnlyList<IKubernetesObject<V1ObjectMeta>> objects) => new()
    {
        ApiVersion = "v1",
        Kind = "LimitRange",
        Metadata = context.Meta(context.Topology.Name, ClusterNames.TimescaleDb),
        Spec = new V1LimitRangeSpec
        {
            Limits =
            [
                new V1LimitRangeItem
                {
                    Type = "Container",
                    DefaultProperty = Unnamed.Limits,
                    DefaultRequest = Unnamed.Requests,
                    Max = Counted.ToDictionary(resource => resource, resource => Pods(objects).SelectMany(pod => Containers(pod.Template))
                        .Select(container => container.Resources.Limits[resource]).MaxBy(limit => limit.ToDecimal())!),
                },
            ],
        },
    };

    /// <summary>Each pod template with the most pods that it can have at one time.</summary>
    public static IEnumerable<(V1PodSpec Template, int Count)> Pods(IReadOnlyList<IKubernetesObject<V1ObjectMeta>> objects)
    {
        var scales = objects.OfType<V2HorizontalPodAutoscaler>().ToDictionary(scaler => scaler.Spec.ScaleTargetRef.Name,
            scaler => scaler.Spec.MaxReplicas);
        return objects.Select(item => item switch
        {
            V1StatefulSet set => (set.Spec.Template.Spec, set.Spec.Replicas ?? 1),
            V1Deployment deployment => (deployment.Spec.Template.Spec,
                (scales.TryGetValue(deployment.Metadata.Name, out var most) ? most : deployment.Spec.Replicas ?? 1) + RollingUpdatePods),
            V1Job job => (job.Spec.Template.Spec, 1),
            V1CronJob job => (job.Spec.JobTemplate.Spec.Template.Spec, 1),
            _ => (null!, 0),
        }).Where(pod => pod.Item2 > 0);
    }

    private static IEnumerable<V1Container> Containers(V1PodSpec pod) => pod.Containers.Concat(pod.InitContainers ?? []);

    /// <summary>What a pod counts for: its containers together, or its largest init container.</summary>
    private static decimal Total(V1PodSpec pod, string resource, bool limits)
    {
        decimal Of(V1Container container) => (limits ? container.Resources.Limits : container.Resources.Requests)[resource].ToDecimal();
        return Math.Max(pod.Containers.Sum(Of), (pod.InitContainers ?? []).Select(Of).DefaultIfEmpty().Max());
    }

    private static ResourceQuantity Sum(string resource, IEnumerable<(decimal Each, int Count)> amounts)
    {
        var total = amounts.Sum(amount => amount.Each * amount.Count);
        return resource == "cpu"
            ? Quantities.Millis((int)Math.Ceiling(total * 1000)) : Quantities.Of(new ByteSize((long)Math.Ceiling(total)));
    }
}
