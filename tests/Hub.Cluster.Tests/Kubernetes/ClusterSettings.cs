using Analytics.Topology;

namespace Hub.Cluster.Tests.Kubernetes;

/// <summary>What a run may be told about the cluster. All of it comes from the environment, and docs/DRILLS.md lists it.</summary>
internal static class ClusterSettings
{
    private const string Prefix = "HUB_CLUSTER_";

    /// <summary>Where the nodes pull Hub's images from. None: those of <c>./hub images</c>, which must be on every node.</summary>
    public static ImageSource Source { get; } = new(Get("REGISTRY"), Get("VERSION"));

    /// <summary>The class of all volumes. None: the cluster's default.</summary>
    public static string? StorageClass { get; } = Get("STORAGE_CLASS");

    /// <summary>The options of deploy.sh that name a bucket; empty without one. The keys are in HUB_S3_KEY and HUB_S3_SECRET, as deploy.sh
    /// reads them.</summary>
    public static IReadOnlyList<string> Bucket { get; } = Get("S3_BUCKET") is not { } bucket ? [] :
    [
        "--s3-bucket", bucket, "--s3-region", Get("S3_REGION") ?? "us-east-1",
        .. Get("S3_ENDPOINT") is { } endpoint ? ["--s3-endpoint", endpoint] : Array.Empty<string>(),
        .. Get("S3_CA") is { } authority ? ["--s3-ca", authority] : Array.Empty<string>(),
        .. Get("S3_PATH_STYLE") is "true" ? ["--s3-path-style"] : Array.Empty<string>(),
    ];

    private static string? Get(string name) => Environment.GetEnvironmentVariable(Prefix + name) is { Length: > 0 } value ? value : null;
}
