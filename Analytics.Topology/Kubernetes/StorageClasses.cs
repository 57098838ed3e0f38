using k8s.Models;
using static Analytics.Topology.Kubernetes.KubernetesNames;

namespace Analytics.Topology.Kubernetes;

/// <summary>
/// Fast disks for data and WAL, ordinary ones for backups and restore drills. A volume is made where its pod is scheduled, can grow, and
/// outlives its claim; that of a drill does not, or each drill would leave a disk of the database's size behind.
/// </summary>
internal static class StorageClasses
{
    public static IEnumerable<V1StorageClass> All(ManifestContext context) => context.Options.Cloud == Cloud.Default
        ? []
        :
        [
            Class(context, DataVolume, premium: true), Class(context, WalVolume, premium: true),
            Class(context, BackupVolume, premium: false), Class(context, ScratchVolume, premium: false),
        ];

    private static V1StorageClass Class(ManifestContext context, string volume, bool premium) => new()
    {
        ApiVersion = "storage.k8s.io/v1",
        Kind = "StorageClass",
        Metadata = context.ClusterMeta(volume, ClusterNames.TimescaleDb),
        Provisioner = context.Options.Cloud switch
        {
            Cloud.Aws => "ebs.csi.aws.com",
            Cloud.Gcp => "pd.csi.storage.gke.io",
            Cloud.Azure => "disk.csi.azure.com",
            _ => "kubernetes.io/no-provisioner",
        },
        Parameters = Parameters(context.Options.Cloud, volume, premium),
        AllowVolumeExpansion = true,
        ReclaimPolicy = volume == ScratchVolume ? "Delete" : "Retain",
        VolumeBindingMode = "WaitForFirstConsumer",
    };

    private static Dictionary<string, string>? Parameters(Cloud cloud, string volume, bool premium) => cloud switch
    {
        // gp3's included 3000 IOPS carry the WAL, which is written in sequence; the data volume pays for more.
        Cloud.Aws => new()
        {
            ["type"] = "gp3",
            ["encrypted"] = "true",
            ["iops"] = volume == DataVolume ? "6000" : "3000",
            ["throughput"] = volume == DataVolume ? "500" : premium ? "250" : "125",
            ["csi.storage.k8s.io/fstype"] = "ext4",
        },
        Cloud.Gcp => new() { ["type"] = premium ? "pd-ssd" : "pd-balanced", ["csi.storage.k8s.io/fstype"] = "ext4" },
        Cloud.Azure => new()
        {
            ["skuName"] = premium ? "Premium_LRS" : "StandardSSD_LRS",
            ["cachingMode"] = volume == DataVolume ? "ReadOnly" : "None",
            ["fsType"] = "ext4"
        },
        _ => null,
    };
}
