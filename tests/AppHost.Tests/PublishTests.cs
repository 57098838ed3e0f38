using Analytics.Topology;
using AppHost.Cluster;
using AppHost.Publishing;
using Aspire.Hosting.Testing;

namespace AppHost.Tests;

/// <summary><c>aspire publish</c>, in this process: no engine, no orchestrator, no network.</summary>
public class Publishing
{
    [Theory, MemberData(nameof(HubModel.Profiles), MemberType = typeof(HubModel))]
    public async Task Leaves_the_topologys_own_files_and_nothing_else(string profile)
    {
        using var output = new Output();
        await output.PublishAsync(profile);
        var topology = profile == HubProfile.Single ? Presets.DevelopmentSingle : Presets.Development;
        Assert.Equal(
            PublishedFiles.For(topology).OrderBy(file => file.Path, StringComparer.Ordinal).Select(file => (file.Path, file.Content)),
            output.Read());
        Assert.Contains(output.Read(), file => file.Path == "compose.yaml");
    }

    [Fact]
    public async Task Is_the_same_every_time_and_makes_no_secrets()
    {
        using var first = new Output();
        using var second = new Output();
        await first.PublishAsync(HubProfile.Cluster);
        await second.PublishAsync(HubProfile.Cluster);
        Assert.Equal(first.Read(), second.Read());
        Assert.Empty(first.State);
    }

    private sealed class Output : IDisposable
    {
        private readonly DirectoryInfo root = Directory.CreateTempSubdirectory("hub-publish-");

        private string Target => Path.Combine(root.FullName, "out");

        public string[] State => Directory.Exists(Path.Combine(root.FullName, "state")) ? Directory.GetFileSystemEntries(Path.Combine(root.FullName, "state")) : [];

        public async Task PublishAsync(string profile)
        {
            var cancel = TestContext.Current.CancellationToken;
            await using var builder = await DistributedApplicationTestingBuilder.CreateAsync<Projects.AppHost>(
                [
                    "--operation", "publish", "--step", "publish", "--output-path", Target, "--clear-cache", "true",
                    $"--{HubProfile.Variable}={profile}", $"--{HubState.Variable}={Path.Combine(root.FullName, "state")}",
                ], cancel);
            Assert.DoesNotContain(builder.Resources, resource => resource is ContainerResource or ProjectResource or ParameterResource);
            await using var app = await builder.BuildAsync(cancel);
            await app.RunAsync(cancel).WaitAsync(TimeSpan.FromMinutes(1), cancel);
        }

        public List<(string Path, string Content)> Read() =>
        [
            .. Directory.EnumerateFiles(Target, "*", SearchOption.AllDirectories)
                .Select(file => (Path: Path.GetRelativePath(Target, file).Replace('\\', '/'), Content: File.ReadAllText(file)))
                .OrderBy(file => file.Path, StringComparer.Ordinal),
        ];

        public void Dispose() => root.Delete(recursive: true);
    }
}
