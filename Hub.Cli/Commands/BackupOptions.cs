using System.CommandLine;
using Hub.Cli.State;

namespace Hub.Cli.Commands;

/// <summary>The options of <c>hub up</c> that name a bucket for the backups. Keys come from the environment only: an argument is in every list of processes.</summary>
internal static class BackupOptions
{
    public static Option<string?> Bucket { get; } = new("--backup-s3-bucket")
    {
        Description = $"Store backups in this bucket, with {BackupStorage.KeyVariable} and {BackupStorage.KeySecretVariable} from the environment [default: a volume, or as last time].",
    };

    public static Option<string?> Endpoint { get; } = new("--backup-s3-endpoint") { Description = "Host of the storage, with :PORT if it is not 443." };
    public static Option<string> Region { get; } = new("--backup-s3-region") { Description = "Region of the bucket.", DefaultValueFactory = _ => "us-east-1" };
    public static Option<bool> PathStyle { get; } = new("--backup-s3-path-style") { Description = "The bucket is part of the path, not of the host name, as in MinIO and most others." };
    public static Option<FileInfo?> Authority { get; } = new("--backup-s3-ca") { Description = "PEM file of the authority that signed the storage's certificate." };

    /// <summary>What the options say; null when none names a bucket.</summary>
    /// <exception cref="CliException">The endpoint or the file is missing.</exception>
    public static BackupStorage? Chosen(ParseResult parse)
    {
        if (parse.GetValue(Bucket) is not { Length: > 0 } bucket)
        {
            if (parse.GetValue(Endpoint) is not null || parse.GetValue(Authority) is not null)
                throw new CliException("--backup-s3-bucket is missing: without it the other --backup-s3 options have no effect.", exitCode: 2);
            return null;
        }

        var region = parse.GetValue(Region)!;
        var authority = parse.GetValue(Authority);
        if (authority is { Exists: false })
            throw new CliException($"--backup-s3-ca {authority.FullName}: there is no such file.", exitCode: 2);
        return new BackupStorage(bucket, parse.GetValue(Endpoint) ?? $"s3.{region}.amazonaws.com", region, parse.GetValue(PathStyle),
            authority is null ? null : File.ReadAllText(authority.FullName).ReplaceLineEndings("\n"));
    }
}
