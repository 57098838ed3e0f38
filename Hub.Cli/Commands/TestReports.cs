using System.Text.Json;

namespace Hub.Cli.Commands;

/// <summary>One test of a run: how long it took, and how to run it alone.</summary>
internal sealed record TestResult(string Name, TimeSpan Duration, bool Failed, string Program, string Method)
{
    /// <summary>The command that runs this test alone, from the top of the repository.</summary>
    public string Command(string repository) => $"dotnet {Path.GetRelativePath(repository, Program)} --filter-method '{Method}'";
}

/// <summary>
/// Reads the reports that test programs write, one file each, in the Common Test Report Format (https://ctrf.io). xUnit adds the class and
/// the method of a test and the path of its program.
/// </summary>
internal static class TestReports
{
    /// <param name="directory">Where the reports are.</param>
    /// <param name="unreadable">Told of each file that is not a report; its tests are missing in the result.</param>
    public static IReadOnlyList<TestResult> Read(string directory, Action<string> unreadable)
    {
        var results = new List<TestResult>();
        foreach (var path in Directory.GetFiles(directory, "*.ctrf"))
        {
            try
            {
                results.AddRange(Parse(File.ReadAllText(path)));
            }
            catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException)
            {
                unreadable($"{path} is not a test report: {exception.Message}");
            }
        }

        return results;
    }

    private static List<TestResult> Parse(string text)
    {
        // xUnit 4.0 writes control characters of a test's output as they are, which JSON forbids.
        using var report = JsonDocument.Parse(string.Concat(text.Select(letter => char.IsControl(letter) ? ' ' : letter)));
        var results = report.RootElement.GetProperty("results");
        var programs = results.GetProperty("extra").GetProperty("suites").EnumerateArray()
            .ToDictionary(suite => suite.GetProperty("id").GetString()!, suite => suite.GetProperty("filePath").GetString()!);
        return [.. results.GetProperty("tests").EnumerateArray().Select(test => new TestResult(
            test.GetProperty("name").GetString()!,
            TimeSpan.FromMilliseconds(test.GetProperty("duration").GetDouble()),
            test.GetProperty("status").GetString() == "failed",
            programs[test.GetProperty("suite")[0].GetString()!],
            Method(test.GetProperty("extra"))))];
    }

    private static string Method(JsonElement extra) => $"{extra.GetProperty("type").GetString()}.{extra.GetProperty("method").GetString()}";
}
