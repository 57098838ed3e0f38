using System.Globalization;

namespace Hub.Cli.Send.Traces;

/// <summary>
/// Reads the Azure LLM inference traces (https://github.com/Azure/AzurePublicDataset), of 2023 and of 2024:
/// <code>
/// TIMESTAMP,ContextTokens,GeneratedTokens
/// 2023-11-16 18:17:03.9799600,4808,10
/// 2024-05-10 00:00:00.009930+00:00,2162,5
/// </code>
/// The three columns may stand in any order and among others. Times without an offset are UTC. Empty lines are skipped.
/// </summary>
internal static class TraceFile
{
    private const string TimeColumn = "TIMESTAMP";
    private const string InputColumn = "ContextTokens";
    private const string OutputColumn = "GeneratedTokens";

    private static readonly string[] Columns = [TimeColumn, InputColumn, OutputColumn];

    private static readonly string[] TimeFormats =
    [
        "yyyy-MM-dd HH:mm:ss.FFFFFFF", "yyyy-MM-dd HH:mm:ss.FFFFFFFzzz", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFF",
        "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFzzz",
        "yyyy-MM-dd HH:mm:ss.FFFFFFF'Z'", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'",
    ];

    /// <summary>Reads the first <paramref name="count"/> rows of a file, all of them when null.</summary>
    /// <exception cref="TraceFileException">The file cannot be opened, or something in it is not as expected.</exception>
    public static List<TraceRow> Read(string path, int? count = null)
    {
        try
        {
            using var reader = new StreamReader(path);
            return Read(reader, path, count);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            var why = Directory.Exists(path) ? "it is a directory"
                : failure is FileNotFoundException or DirectoryNotFoundException ? "there is no such file"
                : failure.Message;
            throw new TraceFileException(
                $"{path}: cannot be read: {why}. Expected a CSV file with the columns {string.Join(',', Columns)}.", failure);
        }
    }

    /// <summary>Reads rows from text; <paramref name="name"/> is what messages call it.</summary>
    /// <exception cref="TraceFileException">Something is not as expected.</exception>
    public static List<TraceRow> Read(TextReader reader, string name, int? count = null)
    {
        var header = reader.ReadLine();
        if (header is null) throw Fault(name, 1, 1, $"the file is empty. Expected the header {string.Join(',', Columns)}.");

        var positions = Positions(header, name);
        var rows = new List<TraceRow>();
        var number = 1;
        while ((count is null || rows.Count < count) && reader.ReadLine() is { } text)
        {
            number++;
            if (!string.IsNullOrWhiteSpace(text)) rows.Add(Row(new Line(name, number, text), positions));
        }

        return rows.Count > 0 ? rows : throw Fault(name, number + 1, 1, "there is no row below the header. Expected at least one.");
    }

    /// <summary>Reads a time as the traces write it; UTC unless it says otherwise.</summary>
    public static bool TryParseTime(ReadOnlySpan<char> text, out DateTime time)
    {
        const DateTimeStyles Utc = DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal;
        return DateTime.TryParseExact(text, TimeFormats, CultureInfo.InvariantCulture, Utc, out time);
    }

    private static int[] Positions(string header, string name)
    {
        var names = header.Split(',', StringSplitOptions.TrimEntries);
        return [.. Columns.Select(column =>
        {
            var position = Array.FindIndex(names, found => found.Equals(column, StringComparison.OrdinalIgnoreCase));
            var shown = header.Length <= 80 ? header : header[..80] + "…";
            return position >= 0
                ? position
                : throw Fault(name, 1, 1, $"the header \"{shown}\" has no column {column}. Expected {string.Join(',', Columns)}.");
        })];
    }

    private static TraceRow Row(Line line, int[] positions)
    {
        var (time, at) = line.Field(positions[0], TimeColumn);
        if (!TryParseTime(time, out var start))
            throw line.Fault(at, TimeColumn, time, "a UTC time such as 2023-11-16 18:17:03.9799600");

        return new TraceRow(start, Tokens(line, positions[1], InputColumn), Tokens(line, positions[2], OutputColumn));
    }

    private static int Tokens(Line line, int position, string column)
    {
        var (text, at) = line.Field(position, column);
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var tokens) && tokens <= TraceRow.MaxTokens
            ? tokens
            : throw line.Fault(at, column, text, $"a whole number from 0 to {TraceRow.MaxTokens}");
    }

    private static TraceFileException Fault(string file, int line, int character, string what) => new($"{file}:{line}:{character}: {what}");

    private readonly ref struct Line(string file, int number, string text)
    {
        /// <summary>One field, trimmed, and the place where it starts, counted from 1.</summary>
        public (string Text, int At) Field(int position, string column)
        {
            var start = 0;
            for (var field = 0; field < position; field++)
            {
                var comma = text.IndexOf(',', start);
                if (comma < 0)
                    throw TraceFile.Fault(file, number, text.Length + 1, $"the line ends before {column}, its field {position + 1}.");
                start = comma + 1;
            }

            var end = text.IndexOf(',', start);
            return (text[start..(end < 0 ? text.Length : end)].Trim(), start + 1);
        }

        public TraceFileException Fault(int at, string column, string found, string expected)
        {
            var shown = found.Length <= 40 ? found : found[..40] + "…";
            return TraceFile.Fault(file, number, at, $"{column} is \"{shown}\". Expected {expected}.");
        }
    }
}
