using System.Text.RegularExpressions;
using Hub.Shared;

namespace Analytics.Migrations.Tests;

/// <summary>
/// The bounds of the duration histogram stand in <see cref="DurationBuckets"/>. The roll-ups of both editions and analytics.histogram_quantile
/// state them too, in scripts that have landed and are not edited.
/// </summary>
public sealed partial class DurationBucketTests
{
    [Theory]
    [InlineData("03-continuous-aggregates.sql")]
    [InlineData("03-aggregate-views.sql")]
    public void Roll_ups_and_quantile_have_the_same_bounds(string script)
    {
        var bounds = DurationBuckets.Bounds.ToArray();
        Assert.Equal(bounds, Bounds().Match(Text("04-functions.sql")).Groups[1].Value.Split(", "));
        var conditions = Enumerable.Range(0, bounds.Length + 1).Select(bucket => (Bucket: $"{bucket}", Condition: bucket switch
        {
            0 => $"duration_seconds <= {bounds[0]}",
            14 => $"duration_seconds > {bounds[^1]}",
            _ => $"duration_seconds > {bounds[bucket - 1]} AND duration_seconds <= {bounds[bucket]}",
        }));
        Assert.Equal(conditions, Buckets().Matches(Text(script)).Select(match => (match.Groups[2].Value, match.Groups[1].Value)));
        Assert.Contains($"with the bounds {bounds[0]}, {bounds[1]}, {bounds[2]} … {bounds[^1]} of", Text(script), StringComparison.Ordinal);
    }

    private static string Text(string script)
    {
        using var stream = typeof(MigrationScript).Assembly.GetManifestResourceStream(
            typeof(MigrationScript).Assembly.GetManifestResourceNames().Single(name => name.EndsWith(script, StringComparison.Ordinal)))!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    [GeneratedRegex(@"bounds CONSTANT double precision\[\] := ARRAY\[([^\]]*)\]")]
    private static partial Regex Bounds();

    [GeneratedRegex(@"FILTER \(WHERE (duration_seconds [^)]*)\) AS duration_bucket_(\d+)")]
    private static partial Regex Buckets();
}
