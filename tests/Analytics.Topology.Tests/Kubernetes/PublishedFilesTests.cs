using System.Diagnostics;
using System.Runtime.CompilerServices;
using Analytics.Topology.Kubernetes;
using Analytics.Topology.Publishing;
using k8s;

namespace Analytics.Topology.Tests.Kubernetes;

/// <summary>The files as they are committed, and as other programs read them.</summary>
public class PublishedFilesTests
{
    public static TheoryData<string, string?> Everywhere => Published.Everywhere;

    [Fact]
    public void Match_the_committed_files()
    {
        var root = Repository();
        var size = PublishSize.Default;
        foreach (var file in PublishedFiles.For(size).Select(file => file with { Path = $"{PublishedFiles.Directory}/{file.Path}" }).Append(Inventory.Render(size)))
        {
            var path = Path.Combine(root, file.Path);
            var committed = File.Exists(path) ? File.ReadAllText(path) : "";
            Assert.True(committed == file.Content, $"{file.Path} differs from the topology; `./hub publish` updates it.\n{LineDiff.Unified(committed, file.Content)}");
        }
    }

    [Fact]
    public void Of_the_dev_size_are_snapshots() =>
        Snapshot.MatchDifferences(PublishedFiles.For(PublishSize.Named("dev")).Where(file => file.Path.StartsWith("kubernetes/", StringComparison.Ordinal))
            .Select(file => (file.Path["kubernetes/".Length..], file.Content)), GeneratedFilesTests.Published("kubernetes"), "Snapshots/kubernetes-dev");

    [Theory, MemberData(nameof(Everywhere))]
    public void Are_the_same_every_time(string size, string? cloud)
    {
        var chosen = PublishSize.Named(size).On(cloud is null ? null : Enum.Parse<Cloud>(cloud));
        Assert.Equal(PublishedFiles.For(chosen), PublishedFiles.For(chosen));
    }

    /// <summary>A field that the API does not have, or one of another type, is an error to a strict reader.</summary>
    [Theory, MemberData(nameof(Everywhere))]
    public void Read_back_strictly_as_the_objects_that_were_written(string size, string? cloud) =>
        Assert.All(Published.Of(size, cloud).Files, file =>
        {
            var typed = file with { Objects = [.. file.Objects.Where(item => item is not CustomObject)] };
            if (typed.Objects.Count == 0)
                return;
            var read = KubernetesYaml.LoadAllFromString(ManifestYaml.Write(typed), null, strict: true);
            Assert.Equal(typed.Objects.Select(item => KubernetesJson.Serialize(item)), read.Select(item => KubernetesJson.Serialize(item)));
        });

    [Theory]
    [InlineData("dev")]
    [InlineData("recommended")]
    public async Task Are_a_kustomization(string size)
    {
        if (Environment.GetEnvironmentVariable("PATH")!.Split(Path.PathSeparator).All(directory => !File.Exists(Path.Combine(directory, "kubectl"))))
            Assert.Skip("kubectl is not on this machine.");
        var directory = Directory.CreateTempSubdirectory("hub-publish-");
        try
        {
            OutputFiles.Write(directory.FullName, PublishedFiles.For(PublishSize.Named(size)));
            using var process = Process.Start(new ProcessStartInfo("kubectl", ["kustomize", Path.Combine(directory.FullName, "kubernetes")]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
            var text = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            Assert.True(process.ExitCode == 0, await error);
            var applied = Published.Of(size).Files.Where(file => !file.Optional).Sum(file => file.Objects.Count);
            Assert.Equal(applied, text.Split('\n').Count(line => line.StartsWith("kind:", StringComparison.Ordinal)));
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    private static string Repository([CallerFilePath] string source = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(source)!, "../../.."));
}
