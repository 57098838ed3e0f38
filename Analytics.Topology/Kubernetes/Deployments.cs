using k8s.Models;

namespace Analytics.Topology.Kubernetes;

/// <summary>The stateless tiers: a new pod is ready before an old one goes, and the number of pods follows the load.</summary>
internal static class Deployments
{
    /// <summary>Pods above the desired number during a rolling update.</summary>
    public const int Surge = 1;

    public static V1Deployment Rolling(ManifestContext context, string component, int min, int max, V1PodTemplateSpec template) => new()
    {
        ApiVersion = "apps/v1",
        Kind = "Deployment",
        Metadata = context.Meta(component, component),
        Spec = new V1DeploymentSpec
        {
            // A number here would fight with the autoscaler at each apply.
            Replicas = min == max ? min : null,
            MinReadySeconds = 5,
            RevisionHistoryLimit = 5,
            ProgressDeadlineSeconds = 600,
            Selector = context.Selector(component),
            Strategy = new V1DeploymentStrategy
            {
                Type = "RollingUpdate",
                RollingUpdate = new V1RollingUpdateDeployment { MaxSurge = Surge, MaxUnavailable = 0 },
            },
            Template = template,
        },
    };

    /// <summary>By CPU; up at once, down slowly, because each gateway that goes closes connections. Null where there is nothing to
    /// scale.</summary>
    public static V2HorizontalPodAutoscaler? Autoscaler(ManifestContext context, string component, int min, int max) =>
        min == max ? null : new()
        {
            ApiVersion = "autoscaling/v2",
            Kind = "HorizontalPodAutoscaler",
            Metadata = context.Meta(component, component),
            Spec = new V2HorizontalPodAutoscalerSpec
            {
                ScaleTargetRef = new V2CrossVersionObjectReference { ApiVersion = "apps/v1", Kind = "Deployment", Name = component },
                MinReplicas = min,
                MaxReplicas = max,
                Metrics =
            [
                new V2MetricSpec
                {
                    Type = "Resource",
                    Resource = new V2ResourceMetricSource { Name = "cpu",
                        Target = new V2MetricTarget { Type = "Utilization", AverageUtilization = 70 } },
                },
            ],
                Behavior = new V2HorizontalPodAutoscalerBehavior
                {
                    ScaleDown = new V2HPAScalingRules
                    {
                        StabilizationWindowSeconds = 600,
                        Policies = [new V2HPAScalingPolicy { Type = "Pods", Value = 1, PeriodSeconds = 120 }],
                    },
                },
            },
        };

    /// <summary>How many pods of a component may be away for maintenance; null for a single one, which nothing could keep up.</summary>
    public static V1PodDisruptionBudget? Budget(ManifestContext context, string component, int replicas, int? stay = null) =>
        replicas < 2 ? null : new()
        {
            ApiVersion = "policy/v1",
            Kind = "PodDisruptionBudget",
            Metadata = context.Meta(component, component),
            Spec = new V1PodDisruptionBudgetSpec
            {
                MinAvailable = stay,
                MaxUnavailable = stay is null ? 1 : null,
                UnhealthyPodEvictionPolicy = "AlwaysAllow", // A pod that does not run anyway must not keep a node from being drained.
                Selector = context.Selector(component),
            },
        };
}
