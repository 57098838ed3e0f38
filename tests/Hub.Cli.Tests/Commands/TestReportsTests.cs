using Hub.Cli.Commands;

namespace Hub.Cli.Tests.Commands;

/// <summary>Reports in the form in which xUnit 4.0 writes them.</summary>
public sealed class TestReportsTests : IDisposable
{
    private const string Report = """
        {"reportFormat":"CTRF","results":{"summary":{"tests":2},
         "extra":{"suites":[{"id":"s1","filePath":"/src/hub/artifacts/bin/A.Tests/debug/A.Tests.dll"}]},
         "tests":[
          {"name":"A.Tests.Clocks.Tick(hour: 1)","status":"failed","duration":1250,"stdout":["<ESC>[31mred"],
           "suite":["s1","c","A.Tests.Clocks","Tick"],
           "extra":{"type":"A.Tests.Clocks","method":"Tick"}},
          {"name":"A.Tests.Clocks.Stop","status":"passed","duration":3,"suite":["s1","c","A.Tests.Clocks","Stop"],
           "extra":{"type":"A.Tests.Clocks","method":"Stop"}}]}}
        """;

    private readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("hub-reports-");

    public void Dispose() => directory.Delete(recursive: true);

    [Fact]
    public void A_report_gives_each_test_with_its_duration_and_the_command_that_runs_it_alone()
    {
        File.WriteAllText(Path.Combine(directory.FullName, "a.ctrf"), Report.Replace("<ESC>", "\u001b", StringComparison.Ordinal));

        var results = TestReports.Read(directory.FullName, Assert.Fail);

        Assert.Equal([("A.Tests.Clocks.Tick(hour: 1)", 1.25, true), ("A.Tests.Clocks.Stop", 0.003, false)],
            results.Select(result => (result.Name, result.Duration.TotalSeconds, result.Failed)));
        Assert.Equal("dotnet artifacts/bin/A.Tests/debug/A.Tests.dll --filter-method 'A.Tests.Clocks.Tick'",
            results[0].Command("/src/hub"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("""{"results":{"extra":{"suites":[]},"tests":[{"name":"a"}]}}""")]
    public void A_file_that_is_no_report_is_named(string content)
    {
        var file = Path.Combine(directory.FullName, "b.ctrf");
        File.WriteAllText(file, content);

        var problems = new List<string>();
        Assert.Empty(TestReports.Read(directory.FullName, problems.Add));
        Assert.Contains(file, Assert.Single(problems), StringComparison.Ordinal);
    }
}
