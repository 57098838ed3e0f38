using System.Text.RegularExpressions;

namespace Hub.Testing;

/// <summary>What an expression reads, found by its form: PromQL's grammar is not needed for that.</summary>
public static partial class PromQl
{
    private static readonly HashSet<string> Words = ["and", "or", "unless", "bool", "offset", "inf", "nan", "atan2"];

    /// <summary>The metrics of an expression, each with its matchers.</summary>
    public static IEnumerable<(string Name, string Matchers)> Metrics(string expression)
    {
        ArgumentNullException.ThrowIfNull(expression);

        // sum by (le, path) (rate(x{a="b"}[5m])) → sum  (rate(x{a="b"} ))
        var text = Ranges().Replace(Groupings().Replace(expression, " "), " ");
        return Selectors().Matches(text).Select(match => (match.Groups["name"].Value, match.Groups["matchers"].Value))
            .Where(metric => !Words.Contains(metric.Item1));
    }

    [GeneratedRegex(@"\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)")]
    private static partial Regex Groupings();

    [GeneratedRegex(@"\[[^\]]*\]")]
    private static partial Regex Ranges();

    // A name that is no function and no number; a quoted text inside braces may hold anything.
    [GeneratedRegex("""(?<![\w"])(?<name>[a-zA-Z_:][\w:]*)\b(?!\s*\()(?:\{(?<matchers>(?:"(?:\\.|[^"\\])*"|[^}"])*)\})?""")]
    private static partial Regex Selectors();
}
