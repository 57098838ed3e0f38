using System.Globalization;
using k8s.Models;

namespace Analytics.Topology.Kubernetes;

/// <summary>Requests and limits of containers.</summary>
internal static class Quantities
{
    public static ResourceQuantity Of(ByteSize size) => new(size.ToKubernetes());

    public static ResourceQuantity Millis(int millis) => new(millis.ToString(CultureInfo.InvariantCulture) + "m");

    public static ResourceQuantity Count(int count) => new(count.ToString(CultureInfo.InvariantCulture));

    /// <summary>CPU, memory and local disk (logs, emptyDirs); what a container may write there is bounded, so that no node fills
    /// up.</summary>
    public static V1ResourceRequirements Of(Resources sizes, ByteSize disk, ByteSize diskLimit) => new()
    {
        Requests = new Dictionary<string, ResourceQuantity>
        {
            ["cpu"] = Millis(sizes.CpuRequestMillis),
            ["memory"] = Of(sizes.MemoryRequest),
            ["ephemeral-storage"] = Of(disk),
        },
        Limits = new Dictionary<string, ResourceQuantity>
        {
            ["cpu"] = Millis(sizes.CpuLimitMillis),
            ["memory"] = Of(sizes.MemoryLimit),
            ["ephemeral-storage"] = Of(diskLimit),
        },
    };

    /// <summary>A program that watches or prepares something: an exporter, a job.</summary>
    public static V1ResourceRequirements Helper { get; } =
        Of(new Resources(20, 500, ByteSize.MiB(64), ByteSize.MiB(256)), ByteSize.MiB(64), ByteSize.MiB(256));

    /// <summary>One of several equal parts of a tier's resources; memory in whole MiB.</summary>
    public static Resources Share(Resources whole, int parts) => new(
        Math.Max(1, whole.CpuRequestMillis / parts), Math.Max(1, whole.CpuLimitMillis / parts),
        new ByteSize(whole.MemoryRequest.Bytes / parts >> 20 << 20), new ByteSize(whole.MemoryLimit.Bytes / parts >> 20 << 20));
}
