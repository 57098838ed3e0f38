using System.Runtime.CompilerServices;
using Analytics.Topology.Compose;
using Analytics.Topology.Containers;
using Analytics.Topology.Publishing;
using Analytics.Topology.Security;

namespace Analytics.Topology.Tests;

/// <summary>
/// Every generated file, as it is committed: the recommended preset as a whole (aspire-manifest/compose), the others under Snapshots/ as
/// differences to it.
/// </summary>
public class GeneratedFilesTests
{
    public static TheoryData<string> Everywhere => Definitions.PresetNames;

    [Theory, MemberData(nameof(Everywhere))]
    public void Match_the_committed_files(string preset)
    {
        var full = Published("compose");
        if (preset == "recommended")
            Assert.Equal(full.Select(file => (file.Key, file.Value)).Order(), Generated.Files(preset).Order());
        else
            Snapshot.MatchDifferences(Generated.Files(preset), full, $"Snapshots/{preset}");
    }

    [Theory, MemberData(nameof(Everywhere))]
    public void Are_the_same_every_time(string preset) => Assert.Equal(Generated.Files(preset), Generated.Files(preset));

    [Theory, MemberData(nameof(Everywhere))]
    public void End_lines_with_LF_and_the_file_with_one(string preset) =>
        Assert.All(Generated.Files(preset), file =>
        {
            Assert.DoesNotContain('\r', file.Text);
            Assert.EndsWith("\n", file.Text, StringComparison.Ordinal);
        });

    [Fact]
    public void The_first_script_is_mounted_as_it_is()
    {
        var source = Path.Combine(Repository(), "Analytics.Migrations/Scripts/01-init-database.sql");
        Assert.Equal(File.ReadAllText(source), Generated.Text("development", "config/timescaledb/01-init-database.sql"));
    }

    [Theory, MemberData(nameof(Everywhere))]
    public void Hold_no_secret(string preset)
    {
        var deployment = new TestDeployment(Definitions.Presets[preset]);
        var secrets = Secrets.All.Select(name => deployment.Passwords[name])
            .Concat(CertificateNames.For(deployment.Topology).Keys.Select(component => deployment.Certificate(component).KeyPem))
            .ToList();
        var files = ComposeFile.Configuration(deployment.Containers).Append(ComposeFile.Render(deployment.Topology, deployment.Containers));
        Assert.All(files, file =>
        {
            Assert.False(file.Private);
            Assert.All(secrets, secret => Assert.DoesNotContain(secret, file.Content, StringComparison.Ordinal));
            Assert.DoesNotContain("PRIVATE KEY", file.Content, StringComparison.Ordinal);
        });
    }

    /// <summary>A password that is spelled out anywhere would be a variable named like one with a literal value.</summary>
    [Theory, MemberData(nameof(Everywhere))]
    public void Name_passwords_by_reference_alone(string preset)
    {
        var passwords = ClusterContainers.For(Definitions.Presets[preset]).SelectMany(container => container.Environment)
            .Where(variable => variable.Key.Contains("PASS", StringComparison.Ordinal));
        Assert.All(passwords, variable => Assert.True(Assert.Single(variable.Value.Parts()).IsSecret, variable.Key));
    }

    /// <summary>The published files of a directory of aspire-manifest, path → text.</summary>
    internal static IReadOnlyDictionary<string, string> Published(string directory)
    {
        var root = Path.Combine(Repository(), PublishedFiles.Directory, directory);
        return Directory.EnumerateFiles(root, "*", SearchOption.AllDirectories)
            .ToDictionary(file => Path.GetRelativePath(root, file).Replace('\\', '/'), File.ReadAllText, StringComparer.Ordinal);
    }

    private static string Repository([CallerFilePath] string source = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(source)!, "../.."));
}
