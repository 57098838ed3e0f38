using Hub.Cli.Tests.Aspire;

namespace Hub.Cli.Tests.Commands;

/// <summary>When <c>./hub</c> builds the command line anew.</summary>
public sealed class StaleCommandLineTests : IDisposable
{
    private readonly HubScript script = new();

    public void Dispose() => script.Dispose();

    public static TheoryData<string> Sources() =>
        [.. HubScript.ProjectsOfTheCommandLine().Select(project => $"{project}/Changed.cs"), HubScript.FirstScript, "Directory.Build.props"];

    [Theory]
    [MemberData(nameof(Sources))]
    public async Task A_changed_file_of_any_project_that_it_refers_to_builds_it_anew(string file)
    {
        script.Settle();
        await RunAsync();
        Assert.False(script.Built());
        script.Change(file);
        await RunAsync();
        Assert.True(script.Built());
        await RunAsync();
        Assert.False(script.Built());
    }

    [Fact]
    public async Task A_removed_file_builds_it_anew()
    {
        script.Change("Hub.Drills/Removed.cs");
        script.Settle();
        await RunAsync();
        Assert.False(script.Built());
        script.Remove("Hub.Drills/Removed.cs");
        await RunAsync();
        Assert.True(script.Built());
    }

    [Fact]
    public async Task A_file_of_another_project_does_not()
    {
        script.Settle();
        script.Change("Analytics.Ingest/Changed.cs");
        await RunAsync();
        Assert.False(script.Built());
    }

    private async Task RunAsync() => (await script.RunAsync()).OrThrow("./hub does not run");
}
