using k8s.Models;

namespace Analytics.Topology.Kubernetes;

/// <summary>A full node gives up jobs before services, and services before the database.</summary>
internal static class PriorityClasses
{
    public const string Database = "database";
    public const string Service = "service";
    public const string Job = "job";

    public static IEnumerable<V1PriorityClass> All(ManifestContext context) =>
    [
        Class(context, Database, 1_000_000, "etcd and the database members: losing one costs redundancy."),
        Class(context, Service, 900_000, "Gateways and ingest: stateless, another one takes over."),
        Class(context, Job, 100_000, "Jobs: they run again."),
    ];

    private static V1PriorityClass Class(ManifestContext context, string name, int value, string description) => new()
    {
        ApiVersion = "scheduling.k8s.io/v1",
        Kind = "PriorityClass",
        Metadata = context.ClusterMeta(name, name),
        Value = value,
        PreemptionPolicy = name == Job ? "Never" : "PreemptLowerPriority",
        Description = description,
    };
}
