using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Hub.Cli.Tests.Packages;

/// <summary>
/// What packages resolved to is written down for a build with Aspire's packages and for one without, and is what Directory.Packages.props
/// asks for.
/// </summary>
public sealed partial class PackageLockTests
{
    private static readonly string Root = FindRoot();

    /// <summary>Those whose programs are published for an image, with what they reference.</summary>
    private static readonly string[] InImages = ["Analytics.Backup", "Analytics.Ingest", "Analytics.Migrations", "ServiceDefaults"];

    public static TheoryData<string> Sets => ["with-aspire", "without-aspire", "with-aspire-linux-x64", "with-aspire-linux-arm64", "without-aspire-linux-x64", "without-aspire-linux-arm64"];

    [Theory, MemberData(nameof(Sets))]
    public void Every_project_has_its_lock_and_no_other_is_left(string set)
    {
        var projects = set.Contains("linux", StringComparison.Ordinal)
            ? InImages
            : [.. Project().Matches(File.ReadAllText(Path.Combine(Root, "Hub.sln"))).Select(match => match.Groups[1].Value)];
        Assert.NotEmpty(projects);
        Assert.Equal(projects.Order(StringComparer.Ordinal), Directory.EnumerateFiles(Path.Combine(Root, "locks", set), "*.json").Select(file => Path.GetFileNameWithoutExtension(file)!).Order(StringComparer.Ordinal));
    }

    [Theory, MemberData(nameof(Sets))]
    public void A_lock_has_the_versions_that_are_asked_for(string set)
    {
        var properties = XDocument.Load(Path.Combine(Root, "Directory.Packages.props"));
        var aspire = properties.Descendants("AspireVersion").Single().Value;
        var asked = properties.Descendants("PackageVersion").ToDictionary(
            version => version.Attribute("Include")!.Value.Replace("$(NETCoreSdkPortableRuntimeIdentifier)", "linux-x64", StringComparison.Ordinal),
            version => version.Attribute("Version")!.Value.Replace("$(AspireVersion)", aspire, StringComparison.Ordinal));
        var looked = 0;
        foreach (var file in Directory.EnumerateFiles(Path.Combine(Root, "locks", set), "*.json"))
        {
            using var document = JsonDocument.Parse(File.ReadAllText(file));
            foreach (var package in document.RootElement.GetProperty("dependencies").EnumerateObject().SelectMany(framework => framework.Value.EnumerateObject()))
            {
                if (!asked.TryGetValue(package.Name, out var version) || !package.Value.TryGetProperty("resolved", out var resolved))
                    continue;
                Assert.True(resolved.GetString() == version, $"{Path.GetFileName(file)}: {package.Name} is {resolved}, and {version} is requested. locks/README.md says how to update it.");
                looked++;
            }
        }

        Assert.True(looked > 4, $"{looked} packages were compared");
        Assert.Equal(set.StartsWith("with-", StringComparison.Ordinal) && !set.Contains("linux", StringComparison.Ordinal),
            File.Exists(Path.Combine(Root, "locks", set, "AppHost.json")) && File.ReadAllText(Path.Combine(Root, "locks", set, "AppHost.json")).Contains("Aspire.Hosting.AppHost", StringComparison.Ordinal));
    }

    private static string FindRoot([CallerFilePath] string source = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(source)!, "../../.."));

    [GeneratedRegex(@"^Project\(""[^""]+""\) = ""[^""]+"", ""(?:[^""]*[\\/])?([^""\\/]+)\.csproj""", RegexOptions.Multiline)]
    private static partial Regex Project();
}
