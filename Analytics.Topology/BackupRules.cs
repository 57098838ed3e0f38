using System.Text.RegularExpressions;

namespace Analytics.Topology;

/// <summary>The rules of a <see cref="BackupPolicy"/>.</summary>
internal static partial class TopologyRules
{
    private static IEnumerable<string> Backup(BackupPolicy policy)
    {
        if (policy.RecoveryPointObjective < TimeSpan.FromSeconds(30) || policy.RecoveryPointObjective > TimeSpan.FromHours(1))
            yield return Problem("Backup.RecoveryPointObjective", policy.RecoveryPointObjective, "must be between 30 seconds and 1 hour");
        foreach (var (field, schedule) in new[]
        {
            ("FullSchedule", policy.FullSchedule), ("DifferentialSchedule", policy.DifferentialSchedule), ("VerifySchedule",
                policy.VerifySchedule), ("DrillSchedule", policy.DrillSchedule),
        })
        {
            if (!Cron().IsMatch(schedule))
                yield return Problem($"Backup.{field}", schedule, "must be a cron expression of five fields, such as '0 2 * * *'");
        }

        foreach (var (field, count, least, most) in new[] { ("KeepDaily", policy.KeepDaily, 1, 366),
            ("KeepWeekly", policy.KeepWeekly, 0, 520), ("KeepMonthly", policy.KeepMonthly, 0, 240) })
        {
            if (count < least || count > most)
                yield return Problem($"Backup.{field}", count, $"must be between {least} and {most}");
        }

        foreach (var problem in SizesOf("Backup.Runner", policy.Runner).Concat(Repository(policy.Repository)))
            yield return problem;
    }

    private static IEnumerable<string> Repository(BackupRepository repository)
    {
        if (repository is VolumeRepository { Size.Bytes: < 1 << 30 } volume)
            yield return Problem("Backup.Repository.Size", volume.Size, "must be at least 1 GiB");
        if (repository is not S3Repository s3)
            yield break;
        if (new[] { s3.Bucket, s3.Endpoint, s3.Region }.Distinct(NullOrNot.Instance).Count() > 1)
        {
            yield return Problem("Backup.Repository", $"bucket '{s3.Bucket}', endpoint '{s3.Endpoint}', region '{s3.Region}'",
                "Bucket, Endpoint and Region must all be set, or all be left to the install");
        }

        if (s3.Bucket is not null && !BucketName().IsMatch(s3.Bucket))
            yield return Problem("Backup.Repository.Bucket", s3.Bucket,
                "must be 3 to 63 characters of a-z, 0-9, '.' and '-', with a letter or digit at both ends");
        if (s3.Endpoint is not null && (!HostAndPort().IsMatch(s3.Endpoint) || s3.Port is < 1 or > 65535))
            yield return Problem("Backup.Repository.Endpoint", s3.Endpoint,
                "must be a host name with an optional port, without https:// and path");
        if (s3.Region is not null && !Word().IsMatch(s3.Region))
            yield return Problem("Backup.Repository.Region", s3.Region, "must be a word of letters, digits, '-' and '_'");
        if (!RepositoryPath().IsMatch(s3.Path))
            yield return Problem("Backup.Repository.Path", s3.Path,
                "must begin with '/' and hold letters, digits, '.', '_', '-' and '/' only, without a '/' at its end");
        if (s3.CaCertificate is not null && !s3.CaCertificate.Contains("-----BEGIN CERTIFICATE-----", StringComparison.Ordinal))
            yield return Problem("Backup.Repository.CaCertificate", $"{s3.CaCertificate.Length} characters",
                "must be a certificate in PEM");
    }

    /// <summary>Set is equal to set, whatever it is set to.</summary>
    private sealed class NullOrNot : IEqualityComparer<string?>
    {
        public static readonly NullOrNot Instance = new();

        public bool Equals(string? x, string? y) => x is null == y is null;

        public int GetHashCode(string? text) => text is null ? 0 : 1;
    }

    [GeneratedRegex(@"\A[0-9*/,-]+( [0-9*/,-]+){4}\z")]
    private static partial Regex Cron();

    [GeneratedRegex(@"\A[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]\z")]
    private static partial Regex BucketName();

    [GeneratedRegex(@"\A[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:[0-9]{1,5})?\z")]
    private static partial Regex HostAndPort();

    [GeneratedRegex(@"\A[A-Za-z0-9_-]{1,64}\z")]
    private static partial Regex Word();

    [GeneratedRegex(@"\A(/[A-Za-z0-9._-]+)+\z")]
    private static partial Regex RepositoryPath();
}
