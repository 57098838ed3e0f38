using System.Text.RegularExpressions;

namespace Analytics.Backup.Repository;

/// <summary>One entry of pgBackRest's log.</summary>
/// <param name="Level"><c>INFO</c>, <c>WARN</c>, <c>ERROR</c>, <c>DETAIL</c>.</param>
/// <param name="Text">Its text; further lines follow after a line feed.</param>
public sealed record LogEntry(string Level, string Text)
{
    /// <summary>The code of an error, null for anything else.</summary>
    public int? Code { get; init; }
}

/// <summary>
/// Reads what pgBackRest writes without timestamps:
/// <code>
/// INFO: invalid checksum '20261122-200952F/bundle/2'
/// P00  ERROR: [055]: unable to load info file '/repo/backup/hub/backup.info' or '/repo/backup/hub/backup.info.copy':
///             FileMissingError: unable to open missing file '/repo/backup/hub/backup.info' for read
///             HINT: has a stanza-create been performed?
/// </code>
/// </summary>
public static partial class PgBackRestLog
{
    /// <summary>Reads all lines.</summary>
    public static IReadOnlyList<LogEntry> Parse(IEnumerable<string> lines)
    {
        ArgumentNullException.ThrowIfNull(lines);
        var entries = new List<LogEntry>();
        foreach (var line in lines)
        {
            var match = Entry().Match(line);
            if (match.Success)
            {
                var code = match.Groups["code"];
                entries.Add(new LogEntry(match.Groups["level"].Value, Printable(match.Groups["text"].Value))
                {
                    Code = code.Success ? int.Parse(code.Value, System.Globalization.CultureInfo.InvariantCulture) : null,
                });
            }
            else if (entries.Count > 0 && line.Trim().Length > 0)
            {
                entries[^1] = entries[^1] with { Text = $"{entries[^1].Text}\n{Printable(line.Trim())}" };
            }
        }

        return entries;
    }

    /// <summary>A wrong key makes pgBackRest quote what it decrypted; a terminal should not have to read that.</summary>
    public static string Printable(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var garbage = text.IndexOfAny(Garbage);
        return garbage < 0 ? text : $"{text[..garbage]}(unreadable bytes)";
    }

    // Control characters but tab and line feed, and what is not UTF-8.
    private static readonly char[] Garbage = [
        .. Enumerable.Range(0, 32).Where(c => c is not (9 or 10)).Append(127).Append(0xfffd).Select(c => (char)c)];

    [GeneratedRegex(@"^(?:[0-9-]+ [0-9:.]+ )?(?:P\d+ +)?(?<level>ERROR|WARN|INFO|DETAIL): (?:\[(?<code>\d{3})\]: )?(?<text>.*)$")]
    private static partial Regex Entry();
}
