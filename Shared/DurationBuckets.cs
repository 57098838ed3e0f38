using System.Globalization;

namespace Hub.Shared;

/// <summary>
/// The buckets in which the roll-ups count durations of calls: OpenTelemetry's for <c>gen_ai.client.operation.duration</c>, 10 ms and each
/// twice the one before. The scripts state them too (a landed script is not edited); a test of the migrations holds them together.
/// </summary>
internal static class DurationBuckets
{
    /// <summary>The upper bounds in seconds, as SQL and people write them; the last bucket has none.</summary>
    public static IReadOnlyList<string> Bounds { get; } =
        [.. Enumerable.Range(0, 14).Select(bucket => (0.01 * (1 << bucket)).ToString("0.##", CultureInfo.InvariantCulture))];

    /// <summary>The same as numbers.</summary>
    public static IReadOnlyList<double> Seconds { get; } =
        [.. Bounds.Select(bound => double.Parse(bound, CultureInfo.InvariantCulture))];

    /// <summary>The bucket that holds a duration in seconds: the first whose bound is not below it.</summary>
    public static int Of(double seconds)
    {
        var bucket = 0;
        while (bucket < Seconds.Count && Seconds[bucket] < seconds) bucket++;
        return bucket;
    }

    /// <summary>Every bucket's column of a roll-up, with a function of SQL around each.</summary>
    public static string Columns(Func<string, string> each) =>
        string.Join(", ", Enumerable.Range(0, Bounds.Count + 1).Select(bucket => each($"duration_bucket_{bucket}")));
}
