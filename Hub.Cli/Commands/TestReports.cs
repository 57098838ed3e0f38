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
    /// <exception cref="CliException">A file is not such a report.</exception>
    public static IReadOnlyList<TestResult> Read(string directory) => [.. Directory.GetFiles(directory, "*.ctrf").SelectMany(ReadFile)];

    private static List<TestResult> ReadFile(string path)
    {
        try
        {
            using var report = JsonDocument.Parse(File.ReadAllText(path));
            var results = report.RootElement.GetProperty("results");
            var programs = results.GetProperty("extra").GetProperty("suites").EnumerateArray()
                .ToDictionary(suite => suite.GetProperty("id").GetString()!, suite => suite.GetProperty("filePath").GetString()!);
            return [.. results.GetProperty("tests").EnumerateArray().Select(test => new TestResult(
                test.GetProperty("name").GetString()!,
                TimeSpan.FromMilliseconds(test.GetProperty("duration").GetDouble()),
                test.GetProperty("status").GetString() == "failed",
                programs[test.GetProperty("suite")[0].GetString()!],
                $"{test.GetProperty("extra").GetProperty("type").GetString()}."
                    + $"{test.GetProperty("extra").GetProperty("method").GetString()}"))];
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new CliException($"{path} is not a test report: {exception.Message}", "Delete it and run ./hub test again.");
        }
    }
}
