using k8s.Models;

namespace Analytics.Topology.Tests.Kubernetes;

/// <summary>The quota never refuses the topology that it was computed from.</summary>
public class QuotaTests
{
    public static TheoryData<string, string?> Everywhere => Published.Everywhere;

    [Theory, MemberData(nameof(Everywhere))]
    public void Admits_the_largest_scale_in_a_rolling_update(string size, string? cloud)
    {
        var published = Published.Of(size, cloud);
        var hard = published.All<V1ResourceQuota>().Single().Spec.Hard;
        Assert.All(["cpu", "memory", "ephemeral-storage"], resource =>
        {
            var (requests, limits) = (0m, 0m);
            foreach (var (workload, template) in published.Pods)
            {
                var pods = MostPods(published, workload);
                requests += pods * Charged(template.Spec, container => container.Resources.Requests[resource].ToDecimal());
                limits += pods * Charged(template.Spec, container => container.Resources.Limits[resource].ToDecimal());
            }

            Assert.True(requests <= hard[$"requests.{resource}"].ToDecimal(), $"requests.{resource}: {requests}");
            Assert.True(limits <= hard[$"limits.{resource}"].ToDecimal(), $"limits.{resource}: {limits}");
        });
        Assert.True(published.Pods.Sum(pod => MostPods(published, pod.Workload)) <= hard["pods"].ToDecimal());
    }

    [Fact]
    public void Admits_what_the_seeds_quota_refused()
    {
        var hard = Published.Of("recommended").All<V1ResourceQuota>().Single().Spec.Hard;
        Assert.True(hard["requests.storage"].ToDecimal() >= (3 * 750m + 3 * 10m) * (1 << 30));
        Assert.True(hard["pods"].ToDecimal() >= 3 + 3 + 10 + 10);
        Assert.True(hard["persistentvolumeclaims"].ToDecimal() >= 3 * 3 + 3);
    }

    [Theory, MemberData(nameof(Everywhere))]
    public void The_largest_container_is_within_the_limit_range(string size, string? cloud)
    {
        var published = Published.Of(size, cloud);
        var range = published.All<V1LimitRange>().Single().Spec.Limits.Single();
        Assert.All(published.Containers, found => Assert.All(range.Max, most =>
            Assert.True(found.Container.Resources.Limits[most.Key].ToDecimal() <= most.Value.ToDecimal(), $"{found.Where}: {most.Key}")));
        Assert.All(range.DefaultProperty,
            limit => Assert.True(range.DefaultRequest[limit.Key].ToDecimal() <= limit.Value.ToDecimal()
                && limit.Value.ToDecimal() <= range.Max[limit.Key].ToDecimal()));
    }

    /// <summary>The scale's upper end, a surge pod and one that is still stopping.</summary>
    private static int MostPods(Published published, string workload)
    {
        var (kind, name) = (workload.Split('/')[0], workload.Split('/')[1]);
        return kind switch
        {
            "StatefulSet" => published.One<V1StatefulSet>(name).Spec.Replicas!.Value,
            "Deployment" =>
                2 + (published.All<V2HorizontalPodAutoscaler>().SingleOrDefault(scaler => scaler.Metadata.Name == name)?.Spec.MaxReplicas
                ?? published.One<V1Deployment>(name).Spec.Replicas!.Value),
            _ => 1,
        };
    }

    private static decimal Charged(V1PodSpec pod, Func<V1Container, decimal> amount) =>
        Math.Max(pod.Containers.Sum(amount), (pod.InitContainers ?? []).Select(amount).DefaultIfEmpty().Max());
}
