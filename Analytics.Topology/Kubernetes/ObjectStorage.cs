using k8s.Models;
using static Analytics.Topology.Kubernetes.KubernetesNames;

namespace Analytics.Topology.Kubernetes;

/// <summary>
/// The bucket that an install names (Secret <c>backup-s3</c>): its keys are called as pgBackRest calls its settings in the environment.
/// </summary>
internal static class ObjectStorage
{
    private const string Variable = "PGBACKREST_REPO1_";
    private const string AuthorityKey = "ca.crt";
    private const string AuthorityPath = "/etc/hub/storage";

    /// <summary>What only some storages need.</summary>
    private static readonly string[] Optional = [Variable + "S3_URI_STYLE", Variable + "STORAGE_CA_FILE"];

    public static string KeyOf(string secret) => secret.Replace("BACKUP_", Variable, StringComparison.Ordinal);

    /// <summary>The Secret's keys, those that must be there first.</summary>
    public static IReadOnlyList<string> Keys { get; } = [.. Secrets.Given.Select(KeyOf)];

    /// <summary>Path style and an authority of the storage's own, where the Secret has them.</summary>
    public static void Attach(ManifestContext context, V1Container container, V1PodSpec pod)
    {
        if (context.Topology.Backup.Repository is not S3Repository { Bucket: null })
            return;
        container.Env = [.. container.Env ?? [], .. Optional.Select(name => new V1EnvVar
        {
            Name = name,
            ValueFrom = new V1EnvVarSource { SecretKeyRef = new V1SecretKeySelector { Name = BackupStorage, Key = name, Optional = true } },
        })];
        container.VolumeMounts = [.. container.VolumeMounts,
            new V1VolumeMount { Name = "storage-ca", MountPath = AuthorityPath, ReadOnlyProperty = true }];
        pod.Volumes = [.. pod.Volumes, new V1Volume
        {
            Name = "storage-ca",
            Secret = new V1SecretVolumeSource
            {
                SecretName = BackupStorage,
                Optional = true,
                DefaultMode = Volumes.SecretMode,
                Items = [new V1KeyToPath { Key = AuthorityKey, Path = AuthorityKey }],
            },
        }];
    }

    /// <summary>The repository's claim, where it is a volume.</summary>
    public static void AttachVolume(ManifestContext context, V1Container container, V1PodSpec pod)
    {
        if (context.Topology.Backup.Repository is not VolumeRepository)
            return;
        container.VolumeMounts = [.. container.VolumeMounts,
            new V1VolumeMount { Name = BackupRepositoryClaim, MountPath = Paths.BackupRepository }];
        pod.Volumes = [.. pod.Volumes,
            new V1Volume { Name = BackupRepositoryClaim,
                PersistentVolumeClaim = new V1PersistentVolumeClaimVolumeSource { ClaimName = BackupRepositoryClaim } }];
    }
}
