using System.Text.RegularExpressions;
using k8s.Models;

namespace Analytics.Topology.Tests.Kubernetes;

/// <summary>
/// What kube-linter's defaults and kube-score look for. Waived: kube-score's uid above 10000, because the public database image's
/// files belong to 1000; and for the dev size what a single node cannot give (two of anything that scales).
/// </summary>
public partial class WorkloadRulesTests
{
    public static TheoryData<string, string?> Everywhere => Published.Everywhere;

    [Theory, MemberData(nameof(Everywhere))]
    public void Images_are_pinned_and_always_pulled(string size, string? cloud) =>
        Assert.All(Published.Of(size, cloud).Containers, found =>
        {
            Assert.Matches(PinnedImage(), found.Container.Image);
            Assert.DoesNotContain(":latest", found.Container.Image, StringComparison.Ordinal);
            Assert.Equal(found.Container.Image.EndsWith(":local", StringComparison.Ordinal) ? "Never" : "Always", found.Container.ImagePullPolicy);
        });

    [Theory, MemberData(nameof(Everywhere))]
    public void Containers_say_what_they_need_and_what_they_may_take(string size, string? cloud) =>
        Assert.All(Published.Of(size, cloud).Containers, found => Assert.All(["cpu", "memory", "ephemeral-storage"], resource =>
        {
            var (request, limit) = (found.Container.Resources.Requests[resource].ToDecimal(), found.Container.Resources.Limits[resource].ToDecimal());
            Assert.True(request > 0 && request <= limit, $"{found.Where}: {resource} {request} of {limit}");
        }));

    [Theory, MemberData(nameof(Everywhere))]
    public void Variables_are_unique_and_refer_to_what_stands_above_them(string size, string? cloud) =>
        Assert.All(Published.Of(size, cloud).Containers, found =>
        {
            var seen = new HashSet<string>();
            foreach (var variable in found.Container.Env ?? [])
            {
                Assert.All(VariableReference().Matches(variable.Value ?? ""), match => Assert.Contains(match.Groups[1].Value, seen));
                Assert.True(seen.Add(variable.Name), $"{found.Where}: {variable.Name} twice");
            }

            Assert.All((found.Container.Args ?? []).SelectMany(argument => VariableReference().Matches(argument)), match => Assert.Contains(match.Groups[1].Value, seen));
        });

    [Theory, MemberData(nameof(Everywhere))]
    public void Ports_have_names_that_are_unique_in_their_pod(string size, string? cloud) =>
        Assert.All(Published.Of(size, cloud).Pods, pod =>
        {
            var ports = pod.Template.Spec.Containers.SelectMany(container => container.Ports ?? []).ToList();
            Assert.All(ports, port => Assert.Matches(PortName(), port.Name));
            Assert.Equal(ports.Count, ports.Select(port => port.Name).Distinct().Count());
            Assert.Equal(ports.Count, ports.Select(port => port.ContainerPort).Distinct().Count());
        });

    [Theory, MemberData(nameof(Everywhere))]
    public void Probes_look_at_ports_of_their_container_and_ready_is_not_alive(string size, string? cloud) =>
        Assert.All(Published.Of(size, cloud).Services, pod =>
        {
            var main = pod.Template.Spec.Containers[0];
            Assert.NotNull(main.LivenessProbe);
            Assert.NotNull(main.ReadinessProbe);
            Assert.NotEqual(Target(main.LivenessProbe), Target(main.ReadinessProbe));
            Assert.All(pod.Template.Spec.Containers, container => Assert.All(
                new[] { container.StartupProbe, container.LivenessProbe, container.ReadinessProbe }.Where(probe => probe is { Exec: null }),
                probe => Assert.Contains(PortOf(probe!), container.Ports.Select(port => port.Name))));
        });

    /// <summary>A probe that asks for the primary would empty the Service in every failover, and connections would be refused instead of waiting.</summary>
    [Theory, MemberData(nameof(Everywhere))]
    public void Ingest_stays_in_its_Service_while_the_primary_is_away(string size, string? cloud) =>
        Assert.Equal("/health/accepting", Published.Of(size, cloud).One<V1Deployment>("ingest").Spec.Template.Spec.Containers[0].ReadinessProbe.HttpGet.Path);

    [Theory, MemberData(nameof(Everywhere))]
    public void What_scales_or_has_members_is_kept_apart_and_survives_a_drain(string size, string? cloud)
    {
        var published = Published.Of(size, cloud);
        Assert.All(published.Services, pod =>
        {
            var labels = pod.Template.Metadata.Labels;
            var apart = pod.Template.Spec.Affinity.PodAntiAffinity;
            var terms = (apart.RequiredDuringSchedulingIgnoredDuringExecution ?? []).Concat((apart.PreferredDuringSchedulingIgnoredDuringExecution ?? []).Select(term => term.PodAffinityTerm));
            Assert.Contains(terms, term => term.TopologyKey == "kubernetes.io/hostname" && Published.Selects(term.LabelSelector, labels));
            Assert.Contains(pod.Template.Spec.TopologySpreadConstraints, spread =>
                spread.TopologyKey == "topology.kubernetes.io/zone" && Published.Selects(spread.LabelSelector, labels));
            var budget = published.All<V1PodDisruptionBudget>().SingleOrDefault(budget => Published.Selects(budget.Spec.Selector, labels));
            Assert.Equal(LeastReplicas(published, pod.Workload) > 1, budget is not null);
            Assert.Equal("AlwaysAllow", budget?.Spec.UnhealthyPodEvictionPolicy ?? "AlwaysAllow");
        });
    }

    [Fact]
    public void Two_database_members_stay_while_one_is_away()
    {
        var budget = Published.Of("recommended").One<V1PodDisruptionBudget>("timescaledb").Spec;
        Assert.Equal("2", budget.MinAvailable);
        Assert.Null(budget.MaxUnavailable);
    }

    [Theory, MemberData(nameof(Everywhere))]
    public void An_autoscaler_owns_the_number_of_pods(string size, string? cloud)
    {
        var published = Published.Of(size, cloud);
        Assert.All(published.All<V1Deployment>(), deployment =>
        {
            var scaler = published.All<V2HorizontalPodAutoscaler>().SingleOrDefault(scaler => scaler.Spec.ScaleTargetRef.Name == deployment.Metadata.Name);
            Assert.Equal(scaler is null, deployment.Spec.Replicas is not null);
            Assert.Equal("RollingUpdate", deployment.Spec.Strategy.Type);
            Assert.Equal("0", deployment.Spec.Strategy.RollingUpdate.MaxUnavailable);
        });
        Assert.All(published.All<V2HorizontalPodAutoscaler>(), scaler => Assert.True(scaler.Spec.MinReplicas > 1 && scaler.Spec.MaxReplicas > scaler.Spec.MinReplicas));
    }

    [Theory, MemberData(nameof(Everywhere))]
    public void Jobs_end_and_go_away(string size, string? cloud)
    {
        var published = Published.Of(size, cloud);
        Assert.All(published.All<V1Job>(), job =>
        {
            Assert.NotNull(job.Spec.TtlSecondsAfterFinished);
            Assert.NotNull(job.Spec.ActiveDeadlineSeconds);
            Assert.Equal("Never", job.Spec.Template.Spec.RestartPolicy);
            Assert.Matches("-[0-9a-f]{10}$", job.Metadata.Name);
        });
        Assert.All(published.All<V1CronJob>(), job =>
        {
            Assert.NotNull(job.Spec.StartingDeadlineSeconds);
            Assert.NotNull(job.Spec.JobTemplate.Spec.ActiveDeadlineSeconds);
            Assert.NotNull(job.Spec.JobTemplate.Spec.TtlSecondsAfterFinished);
            Assert.Equal("Forbid", job.Spec.ConcurrencyPolicy);
        });
    }

    private static int LeastReplicas(Published published, string workload)
    {
        var name = workload.Split('/')[1];
        return published.All<V2HorizontalPodAutoscaler>().SingleOrDefault(scaler => scaler.Metadata.Name == name)?.Spec.MinReplicas
            ?? published.All<V1StatefulSet>().SingleOrDefault(set => set.Metadata.Name == name)?.Spec.Replicas
            ?? published.One<V1Deployment>(name).Spec.Replicas ?? 1;
    }

    private static string Target(V1Probe probe) => $"{probe.HttpGet?.Path} {PortOf(probe)}";

    private static string PortOf(V1Probe probe) => probe.HttpGet?.Port ?? probe.TcpSocket.Port;

    [GeneratedRegex(@"^[a-z0-9./_-]+(:[A-Za-z0-9._-]+|@sha256:[0-9a-f]{64})$")]
    private static partial Regex PinnedImage();

    [GeneratedRegex("^(?=.{1,15}$)[a-z]([a-z0-9]|-(?!-))*[a-z0-9]$")]
    private static partial Regex PortName();

    [GeneratedRegex(@"(?<!\$)\$\(([A-Z_0-9]+)\)")]
    private static partial Regex VariableReference();
}
