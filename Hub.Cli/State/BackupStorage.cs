using Analytics.Topology;

namespace Hub.Cli.State;

/// <summary>The bucket that backups go to instead of a volume of this machine. The keys are not part of it: they lie in
/// <c>secrets.env</c>.</summary>
/// <param name="Bucket">Its name.</param>
/// <param name="Endpoint">Host, and the port where it is not 443.</param>
/// <param name="Region">Any text where the storage knows none.</param>
/// <param name="PathStyle">As MinIO and most others want it.</param>
/// <param name="CaCertificate">PEM of the storage's authority; null: a public one.</param>
internal sealed record BackupStorage(string Bucket, string Endpoint, string Region = "us-east-1", bool PathStyle = false,
    string? CaCertificate = null)
{
    public const string KeyVariable = "HUB_BACKUP_S3_KEY";
    public const string KeySecretVariable = "HUB_BACKUP_S3_KEY_SECRET";

    public S3Repository Repository => new()
    {
        Bucket = Bucket,
        Endpoint = Endpoint,
        Region = Region,
        PathStyle = PathStyle,
        CaCertificate = CaCertificate
    };

    /// <summary>Lines for <c>secrets.env</c>: the keys that the environment gives.</summary>
    public static string KeysFromEnvironment() => string.Concat(
        from pair in new[] { (Secrets.S3Key, KeyVariable), (Secrets.S3KeySecret, KeySecretVariable) }
        let value = Environment.GetEnvironmentVariable(pair.Item2)
        where !string.IsNullOrWhiteSpace(value)
        select $"{pair.Item1}={value.Trim()}\n");

    /// <exception cref="CliException">A key was never given.</exception>
    public static void RequireKeys(string secrets)
    {
        foreach (var (name, variable) in new[] { (Secrets.S3Key, KeyVariable), (Secrets.S3KeySecret, KeySecretVariable) })
        {
            if (!secrets.Split('\n').Any(line => line.StartsWith(name + "=", StringComparison.Ordinal) && line.Length > name.Length + 1))
                throw new CliException($"The backup storage's keys are missing: {variable} is not set.",
                    $"Set {KeyVariable} and {KeySecretVariable} in the environment; hub keeps them in secrets.env.", exitCode: 2);
        }
    }
}
