using System.Text;

namespace Hub.Testing;

/// <summary>The lines in which two texts differ, with a little of what surrounds them, as <c>diff -u</c> prints them.</summary>
public static class LineDiff
{
    private const int Context = 3;
    private const int MostLines = 200;

    /// <param name="old">The lines with a minus.</param>
    /// <param name="new">The lines with a plus.</param>
    /// <param name="whole">Whether all of it is shown, so that it and the old text say what the new one is; otherwise the first 200 lines.</param>
    public static string Unified(string old, string @new, bool whole = false)
    {
        ArgumentNullException.ThrowIfNull(old);
        ArgumentNullException.ThrowIfNull(@new);
        var lines = Lines(old.Split('\n'), @new.Split('\n'));
        var text = new StringBuilder();
        var shown = 0;
        var previous = -1;
        for (var i = 0; i < lines.Count && (whole || shown < MostLines); i++)
        {
            if (!lines.Skip(Math.Max(0, i - Context)).Take(2 * Context + 1).Any(line => line.Mark != ' '))
                continue;
            if (i != previous + 1)
                text.Append("@@ line ").Append(lines[i].Number).Append('\n');
            text.Append(lines[i].Mark).Append(lines[i].Text).Append('\n');
            previous = i;
            shown++;
        }

        if (!whole && shown == MostLines)
            text.Append("… and more\n");
        return text.ToString();
    }

    /// <summary>By the longest common subsequence; the texts are configuration files, some hundred lines long.</summary>
    private static List<(char Mark, string Text, int Number)> Lines(string[] old, string[] @new)
    {
        var common = new int[old.Length + 1, @new.Length + 1];
        for (var i = old.Length - 1; i >= 0; i--)
        {
            for (var j = @new.Length - 1; j >= 0; j--)
                common[i, j] = old[i] == @new[j] ? common[i + 1, j + 1] + 1 : Math.Max(common[i + 1, j], common[i, j + 1]);
        }

        var lines = new List<(char, string, int)>();
        var (left, right) = (0, 0);
        while (left < old.Length || right < @new.Length)
        {
            if (left < old.Length && right < @new.Length && old[left] == @new[right])
                lines.Add((' ', old[left++], ++right));
            else if (right == @new.Length || (left < old.Length && common[left + 1, right] >= common[left, right + 1]))
                lines.Add(('-', old[left++], right + 1));
            else
                lines.Add(('+', @new[right], ++right));
        }

        return lines;
    }
}