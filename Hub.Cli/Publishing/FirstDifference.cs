using System.Text;

namespace Hub.Cli.Publishing;

/// <summary>The lines between the first and the last that differ: enough to see which hand edit it was.</summary>
internal static class FirstDifference
{
    private const int Most = 20;

    public static string Of(string present, string wanted)
    {
        var (left, right) = (present.Split('\n'), wanted.Split('\n'));
        var start = 0;
        while (start < left.Length && start < right.Length && left[start] == right[start])
            start++;
        var end = 0;
        while (end < left.Length - start && end < right.Length - start && left[^(end + 1)] == right[^(end + 1)])
            end++;
        var text = new StringBuilder($"  @@ line {start + 1}\n");
        Lines(text, '-', left[start..^end]);
        Lines(text, '+', right[start..^end]);
        return text.ToString().TrimEnd('\n');
    }

    private static void Lines(StringBuilder text, char mark, string[] lines)
    {
        foreach (var line in lines.Take(Most))
            text.Append("  ").Append(mark).Append(line).Append('\n');
        if (lines.Length > Most)
            text.Append("  ").Append(mark).Append("… ").Append(lines.Length - Most).Append(" more lines\n");
    }
}
