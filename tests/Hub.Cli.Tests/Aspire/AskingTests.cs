using Hub.Cli.Engine;

namespace Hub.Cli.Tests.Aspire;

/// <summary><c>./hub</c> asks the registry for each of Aspire's packages by itself.</summary>
public sealed class AskingTests : IDisposable
{
    private readonly HubScript hub = new();

    public void Dispose() => hub.Dispose();

    public static TheoryData<string> Packages => [.. AspirePackages.All.Select(package => package.Property["HubAspire".Length..])];

    [Theory, MemberData(nameof(Packages))]
    public async Task One_that_is_missing_takes_no_other_away(string name)
    {
        var run = await hub.RunAsync(missing: name);
        Assert.True(run.ExitCode == 0, run.Error);
        Assert.Equal(["HubAspire" + name], hub.Absent());
        Assert.Contains(AspirePackages.All.Single(package => package.Property == "HubAspire" + name).Id, run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_asks_once_and_again_for_other_versions_and_for_doctor()
    {
        await hub.RunAsync();
        Assert.Equal(AspirePackages.All.Count, hub.Questions());
        Assert.Empty(hub.Absent());
        await hub.RunAsync(missing: "Testing");
        Assert.Equal(0, hub.Questions());
        await hub.RunAsync("doctor", missing: "Testing");
        Assert.Equal(["HubAspireTesting"], hub.Absent());
        File.SetLastWriteTimeUtc(hub.Versions, File.GetLastWriteTimeUtc(hub.Answers) + TimeSpan.FromMinutes(1));
        await hub.RunAsync(missing: "Npgsql");
        Assert.Equal(["HubAspireNpgsql"], hub.Absent());
    }

    [Fact]
    public async Task Missing_answer_is_not_treated_as_absence()
    {
        var first = await hub.RunAsync(silent: "AppHost Kubernetes");
        Assert.True(first.ExitCode == 0, first.Error);
        Assert.Contains("gave no answer about: AppHost Kubernetes", first.Error, StringComparison.Ordinal);
        Assert.Contains("Unable to load the service index", first.Error, StringComparison.Ordinal);
        Assert.Equal(["HubAspireAppHost", "HubAspireKubernetes"], hub.Absent());

        // Asked again by the next command.
        await hub.RunAsync(missing: "Kubernetes");
        Assert.Equal(["HubAspireKubernetes"], hub.Absent());

        // What was answered once stands.
        var offline = await hub.RunAsync("doctor", silent: "AppHost Testing Kubernetes");
        Assert.Contains("earlier answers stand", offline.Error, StringComparison.Ordinal);
        Assert.Equal(["HubAspireKubernetes"], hub.Absent());
    }

    [Fact]
    public async Task Explicit_choice_is_not_queried()
    {
        await hub.RunAsync(chosen: "false");
        Assert.Equal(0, hub.Questions());
        Assert.False(File.Exists(hub.Answers));
    }
}
