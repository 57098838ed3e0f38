using System.Globalization;
using System.Text.RegularExpressions;
using Analytics.Topology;
using Analytics.Topology.Config;
using Analytics.Topology.Containers;
using Analytics.Topology.Monitoring;

namespace Hub.Cli.Tests.Monitoring;

/// <summary>
/// The same rules, sixty times as impatient, so that a fault and its end are seen within a minute: windows and "for" are divided by
/// <see cref="Factor"/>, a window is at least five scrapes, "for" is at most 5 s, and everything is scraped every two seconds. Thresholds,
/// metrics and labels are those of every hub.
/// </summary>
internal static partial class FastRules
{
    public const int Factor = 60;

    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(5), Shortest = TimeSpan.FromSeconds(10);

    public static ContainerSpec Change(ContainerSpec spec) => spec.Name switch
    {
        ClusterNames.Prometheus => spec with
        {
            Directories = [
                .. spec.Directories.Select(directory => directory with { Files = [.. directory.Files.Select(file => file.Name switch
            {
                RuleFile.FileName => file with { Text = Faster(file.Text!) },
                PrometheusConfig.FileName => file with { Text = Interval().Replace(file.Text!, "$1: 2s") },
                _ => file,
            })] })],
        },
        ClusterNames.Ingest =>
            spec with { Environment = spec.Environment.Append(new("Ingest__CertificateInterval", "00:00:02")).ToDictionary() },
        _ => spec,
    };

    private static string Faster(string rules)
    {
        var windows = Window().Replace(rules,
            match => Duration(match) is var window && window > Shortest ? $"[{Text(window)}]" : $"[{Text(Shortest)}]");
        return For().Replace(windows, match =>
        {
            var shorter = Duration(match);
            return $"for: {Text(shorter < Longest ? shorter : Longest)}";
        });
    }

    private static TimeSpan Duration(Match match)
    {
        var unit = match.Groups[2].Value switch { "s" => 1, "m" => 60, "h" => 3600, _ => 86400 };
        return TimeSpan.FromSeconds(double.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture) * unit / Factor);
    }

    private static string Text(TimeSpan duration) => string.Create(CultureInfo.InvariantCulture, $"{(int)duration.TotalMilliseconds}ms");

    [GeneratedRegex(@"\[(\d+)([smhd])\]")]
    private static partial Regex Window();

    [GeneratedRegex(@"\bfor: (\d+)([smhd])\b")]
    private static partial Regex For();

    [GeneratedRegex(@"(scrape_interval|scrape_timeout|evaluation_interval): \d+s")]
    private static partial Regex Interval();
}
