using System.Security;
using Hub.Cli.Engine;
using Hub.Operations.Processes;

namespace Hub.Cli.Tests.Aspire;

/// <summary>A clone on a machine whose registry has none of Aspire's packages: found out, said, and built without them.</summary>
[Trait(Tiers.Trait, Tiers.Integration)]
public sealed class WithoutAspireTests : IDisposable
{
    private static readonly string[] LeftOut = [".git", ".hub", "artifacts", "docs", "aspire-manifest", "bin", "obj"];
    private readonly DirectoryInfo root = Directory.CreateTempSubdirectory("hub-without-");

    public void Dispose() => root.Delete(recursive: true);

    [Fact]
    public async Task Everything_else_builds_and_says_what_is_missing()
    {
        Copy(new DirectoryInfo(HubScript.Repository()), root.CreateSubdirectory("clone"));
        await HideAspireAsync();
        var doctor = await RunAsync("sh", Clone("hub"), "doctor");
        foreach (var (id, property, use) in AspirePackages.All)
        {
            Assert.Contains($"<{property} Condition=\"'$({property})' == ''\">false</{property}>", await File.ReadAllTextAsync(Clone("artifacts/aspire.props"), TestContext.Current.CancellationToken), StringComparison.Ordinal);
            Assert.Contains(doctor.Output.Split('\n'), line => line.Contains(id, StringComparison.Ordinal) && line.Contains("optional", StringComparison.Ordinal) && line.Contains("not in this machine's", StringComparison.Ordinal));
        }

        // `dotnet build`, as an editor does it: without ./hub, without a property.
        (await RunAsync("dotnet", "build", Clone("tests/AppHost.Tests"), "--nologo", "--verbosity", "quiet", "-m:1", "-nodeReuse:false")).OrThrow("The tests of the AppHost do not build");
        (await RunAsync("dotnet", "build", Clone("Analytics.Ingest"), "--nologo", "--verbosity", "quiet", "-m:1", "-nodeReuse:false")).OrThrow("Ingest does not build");
        Assert.Empty(Directory.GetFiles(Clone("artifacts/bin"), "Aspire.*.dll", SearchOption.AllDirectories));

        var tests = await RunAsync("dotnet", Clone("artifacts/bin/AppHost.Tests/debug/AppHost.Tests.dll"));
        Assert.Contains("skipped: 1", tests.Output, StringComparison.OrdinalIgnoreCase);
        var program = await RunAsync("dotnet", Clone("artifacts/bin/AppHost/debug/AppHost.dll"));
        Assert.Equal(1, program.ExitCode);
        Assert.Contains("built without Aspire's packages", program.Error, StringComparison.Ordinal);
    }

    private string Clone(string path) => Path.Combine(root.FullName, "clone", path);

    private Task<ProcessResult> RunAsync(string program, params string[] arguments)
    {
        var environment = AspirePackages.All.Select(package => package.Property).Append("HubAspire").ToDictionary(name => name, _ => "");
        environment["NUGET_PACKAGES"] = Path.Combine(root.FullName, "packages");
        (environment["NO_COLOR"], environment["COLUMNS"], environment["MSBUILDDISABLENODEREUSE"]) = ("1", "250", "1");
        return ProcessRunner.RunAsync(program, arguments, TestContext.Current.CancellationToken, environment: environment);
    }

    /// <summary>This machine's sources for everything but Aspire, an empty folder for Aspire; and what was restored already, but for Aspire.</summary>
    private async Task HideAspireAsync()
    {
        var sources = (await ProcessRunner.RunAsync("dotnet", ["nuget", "list", "source", "--format", "short"], TestContext.Current.CancellationToken)).OrThrow("The sources cannot be listed").Output
            .Split('\n').Where(line => line.StartsWith("E ", StringComparison.Ordinal)).Select(line => SecurityElement.Escape(line[2..].Trim())).ToList();
        var empty = root.CreateSubdirectory("empty").FullName;
        await File.WriteAllTextAsync(Clone("nuget.config"), $"""
            <configuration>
              <packageSources><clear />{string.Concat(sources.Select((source, i) => $"<add key=\"source-{i}\" value=\"{source}\" />"))}<add key="empty" value="{empty}" /></packageSources>
              <packageSourceMapping><clear />
                {string.Concat(sources.Select((_, i) => $"<packageSource key=\"source-{i}\"><package pattern=\"*\" /></packageSource>"))}
                <packageSource key="empty"><package pattern="Aspire.*" /></packageSource>
              </packageSourceMapping>
            </configuration>
            """);
        var restored = new DirectoryInfo((await ProcessRunner.RunAsync("dotnet", ["nuget", "locals", "global-packages", "--list"], TestContext.Current.CancellationToken))
            .OrThrow("The packages' folder is not told").Output.Split(": ")[^1].Trim());
        var packages = root.CreateSubdirectory("packages").FullName;
        foreach (var package in restored.EnumerateDirectories().Where(package => !package.Name.StartsWith("aspire.", StringComparison.Ordinal)))
            Directory.CreateSymbolicLink(Path.Combine(packages, package.Name), package.FullName);
    }

    private static void Copy(DirectoryInfo from, DirectoryInfo to)
    {
        foreach (var file in from.EnumerateFiles())
            file.CopyTo(Path.Combine(to.FullName, file.Name));
        foreach (var directory in from.EnumerateDirectories().Where(directory => !LeftOut.Contains(directory.Name)))
            Copy(directory, to.CreateSubdirectory(directory.Name));
    }
}
