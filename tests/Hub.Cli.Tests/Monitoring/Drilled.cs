using System.Globalization;
using System.Text.RegularExpressions;
using Analytics.Topology.Monitoring;
using Hub.Drills.Faults;

namespace Hub.Cli.Tests.Monitoring;

/// <summary>A drill that was run while somebody watched the alerts.</summary>
/// <param name="Fault">What was broken.</param>
/// <param name="From">Before it was broken.</param>
/// <param name="To">When everything was healthy again.</param>
internal sealed partial record Drilled(Hub.Drills.Faults.Fault Fault, DateTimeOffset From, DateTimeOffset To)
{
    /// <summary>How many drills must have added to an alert that counts.</summary>
    private const int Several = 3;

    /// <summary>A scrape, an evaluation, and what they wait for on a busy machine.</summary>
    private static readonly TimeSpan Late = TimeSpan.FromMinutes(1);

    /// <summary>
    /// The alerts that no drill accounts for: none that names them was under way when they began to fire, or so short a time before that they look
    /// back on it.
    /// </summary>
    public static IEnumerable<AlertSpan> Unexplained(IEnumerable<AlertSpan> alerts, IReadOnlyCollection<Drilled> drills, IEnumerable<AlertRule> rules)
    {
        var known = rules.ToDictionary(rule => rule.Name);
        return alerts.Where(alert =>
        {
            var echo = known[alert.Name].For + Window(known[alert.Name].Expression) + Late;
            var near = drills.Where(drill => drill.From <= alert.From && alert.From <= drill.To + echo).ToList();
            return !near.Any(drill => drill.Fault.Alerts.Contains(alert.Name)) && near.Count(drill => drill.Fault.AddsTo.Contains(alert.Name)) < Several;
        });
    }

    /// <summary>How far an expression looks back: <c>rate(x[5m])</c>, or <c>hub:x:ratio1h</c>, a figure that does.</summary>
    private static TimeSpan Window(string expression) => Windows().Matches(expression).Select(match =>
        TimeSpan.FromSeconds(int.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture) * (match.Groups[2].Value switch { "s" => 1, "m" => 60, "h" => 3600, _ => 86400 })))
        .Append(TimeSpan.Zero).Max();

    [GeneratedRegex(@"(?:\[|:ratio)(\d+)([smhd])")]
    private static partial Regex Windows();
}

/// <summary>From when to when an alert fired.</summary>
internal sealed record AlertSpan(string Name, IReadOnlyDictionary<string, string> Labels, DateTimeOffset From, DateTimeOffset To)
{
    /// <summary>For a person: when, for how long, and of whom.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{From:HH:mm:ss} {Name} for {(To - From).TotalSeconds:0} s: ")
        + string.Join(", ", Labels.Where(label => label.Key is not ("alertname" or "alertstate" or "__name__" or "product" or "cluster" or "instance" or "job")).Select(label => $"{label.Key}={label.Value}"));
}
