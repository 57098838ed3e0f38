using System.Globalization;
using Analytics.Backup.Repository;

namespace Analytics.Backup.Tests;

/// <summary>Sets for tests, and what a real pgBackRest 2.55.1 wrote.</summary>
internal static class Samples
{
    public static string Capture(string name) => File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Captures", name));

    public static DateTimeOffset Utc(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture,
        DateTimeStyles.AssumeUniversal);

    public static BackupSet Full(DateTimeOffset start, bool verified = false, bool damaged = false, string? since = null)
    {
        var label = start.UtcDateTime.ToString("yyyyMMdd-HHmmss'F'", CultureInfo.InvariantCulture);
        var annotations = new Dictionary<string, string>();
        if (verified) annotations[BackupSet.VerifiedKey] = "2026-01-01T00:00:00Z";
        if (since is not null) annotations[BackupSet.DamagedKey] = since;
        return new BackupSet(label, BackupType.Full, start, start.AddMinutes(10))
        {
            WalStart = Segment(start),
            WalStop = Segment(start.AddMinutes(10)),
            Annotations = annotations,
            HasPageErrors = damaged,
        };
    }

    public static BackupSet Full(string start, bool verified = false, bool damaged = false, string? since = null) =>
        Full(Utc(start), verified, damaged, since);

    public static BackupSet Diff(BackupSet full, DateTimeOffset start) =>
        new($"{full.Label}_{start.UtcDateTime.ToString("yyyyMMdd-HHmmss'D'", CultureInfo.InvariantCulture)}", BackupType.Differential,
            start, start.AddMinutes(2))
        {
            Prior = full.Label,
            References = [full.Label],
            WalStart = Segment(start),
            WalStop = Segment(start.AddMinutes(2)),
        };

    /// <summary>One segment for every minute.</summary>
    private static string Segment(DateTimeOffset at) => new Verification.WalSegment(1, (ulong)(at.ToUnixTimeSeconds() / 60)).ToString();
}
