using System.Text.RegularExpressions;

namespace Analytics.Migrations;

/// <summary>A statement and the line of its script on which it begins (from 1).</summary>
public sealed record SqlStatement(string Text, int Line);

/// <summary>
/// Cuts a script into statements as psql does. Statements sent together form one implicit transaction, so a script outside a transaction has
/// to be cut; in one it is cut too, so that an error names its line. Npgsql cuts a command too, but sends all of it as one implicit transaction
/// and does not tell lines.
/// </summary>
public static partial class SqlSplitter
{
    /// <summary>The statements in order, without their semicolons; text that is only comments is none.</summary>
    /// <exception cref="FormatException">A quote, comment or parenthesis never ends.</exception>
    public static IReadOnlyList<SqlStatement> Split(string sql)
    {
        var statements = new List<SqlStatement>();
        var (start, first, parentheses, atomic) = (0, -1, 0, 0);
        var previousWord = "";
        for (var i = 0; i < sql.Length;)
        {
            var c = sql[i];
            if (char.IsWhiteSpace(c))
            {
                i++;
                continue;
            }

            if (StartsComment(sql, i))
            {
                i = SkipComment(sql, i);
                continue;
            }

            if (c == ';' && parentheses == 0 && atomic == 0)
            {
                if (first >= 0) statements.Add(Statement(sql, first, i));
                (start, first, previousWord) = (i + 1, -1, "");
                i++;
                continue;
            }

            if (first < 0) first = i;
            if (IsWordStart(c))
            {
                var end = i;
                while (end < sql.Length && IsWordPart(sql[end])) end++;
                // E'…' keeps backslash escapes; B, X, N and U& take the plain rules.
                if (end < sql.Length && sql[end] == '\'' && sql[i..end] is "e" or "E")
                {
                    i = SkipQuoted(sql, end, '\'', backslashes: true);
                    continue;
                }

                var word = sql[i..end].ToUpperInvariant();
                // CREATE FUNCTION … BEGIN ATOMIC …; …; END: its semicolons are inside the statement.
                if (word == "ATOMIC" && previousWord == "BEGIN") atomic = 1;
                else if (atomic > 0 && word == "CASE") atomic++;
                else if (atomic > 0 && word == "END") atomic--;
                previousWord = word;
                i = end;
                continue;
            }

            switch (c)
            {
                case '\'' or '"':
                    i = SkipQuoted(sql, i, c, backslashes: false);
                    break;
                case '$' when DollarTag().Match(sql, i) is { Success: true } tag:
                    var close = sql.IndexOf(tag.Value, i + tag.Length, StringComparison.Ordinal);
                    i = close < 0 ? throw Unterminated(sql, i, tag.Value) : close + tag.Length;
                    break;
                default:
                    parentheses += c switch { '(' => 1, ')' => -1, _ => 0 };
                    i++;
                    break;
            }
        }

        if (parentheses > 0 || atomic > 0) throw Unterminated(sql, first < 0 ? start : first, parentheses > 0 ? "(" : "BEGIN ATOMIC");
        if (first >= 0) statements.Add(Statement(sql, first, sql.Length));
        return statements;
    }

    private static bool StartsComment(string sql, int i) =>
        i + 1 < sql.Length && ((sql[i] == '-' && sql[i + 1] == '-') || (sql[i] == '/' && sql[i + 1] == '*'));

    private static int SkipComment(string sql, int i)
    {
        if (sql[i] == '-')
        {
            var end = sql.IndexOf('\n', i);
            return end < 0 ? sql.Length : end + 1;
        }

        // Block comments nest in PostgreSQL.
        var (depth, at) = (1, i + 2);
        for (; at < sql.Length && depth > 0; at++)
        {
            if (string.CompareOrdinal(sql, at, "/*", 0, 2) == 0) (depth, at) = (depth + 1, at + 1);
            else if (string.CompareOrdinal(sql, at, "*/", 0, 2) == 0) (depth, at) = (depth - 1, at + 1);
        }

        return depth > 0 ? throw Unterminated(sql, i, "/*") : at;
    }

    private static int SkipQuoted(string sql, int open, char quote, bool backslashes)
    {
        for (var i = open + 1; i < sql.Length; i++)
        {
            if (backslashes && sql[i] == '\\') i++;
            else if (sql[i] == quote && (i + 1 == sql.Length || sql[i + 1] != quote)) return i + 1;
            else if (sql[i] == quote) i++;
        }

        throw Unterminated(sql, open, quote.ToString());
    }

    private static bool IsWordStart(char c) => char.IsLetter(c) || c == '_';

    // A dollar sign continues an identifier (a$1$b is one word), so it opens a quote only where no word runs.
    private static bool IsWordPart(char c) => char.IsLetterOrDigit(c) || c is '_' or '$';

    private static SqlStatement Statement(string sql, int first, int end) => new(sql[first..end].TrimEnd(), LineOf(sql, first));

    private static int LineOf(string sql, int index) => sql.AsSpan(0, index).Count('\n') + 1;

    private static FormatException Unterminated(string sql, int index, string what) => new($"line {LineOf(sql, index)}: {what} is never closed.");

    [GeneratedRegex(@"\G\$(?:[\p{L}_][\p{L}\p{Nd}_]*)?\$")]
    private static partial Regex DollarTag();
}
