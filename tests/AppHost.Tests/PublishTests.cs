using AppHost.Cluster;
using Aspire.Hosting.Testing;

namespace AppHost.Tests;

/// <summary><c>aspire publish</c>, in this process: no engine, no orchestrator, no network.</summary>
public class Publishing
{
    [Theory, MemberData(nameof(HubModel.Profiles), MemberType = typeof(HubModel))]
    public async Task Leaves_the_committed_chart_file_for_file(string profile)
    {
        using var output = new Output();
        await output.PublishAsync(profile);
        var committed = Path.Combine(AspireCli.Repository, "aspire-manifest", "helm");
        Assert.Equal(Output.Read(committed), Output.Read(output.Target));
        Assert.Contains(Output.Read(output.Target), file => file.Path == "Chart.yaml");
    }

    [Fact]
    public async Task Is_the_same_every_time_and_makes_no_secrets()
    {
        using var first = new Output();
        using var second = new Output();
        await first.PublishAsync(HubProfile.Cluster);
        await second.PublishAsync(HubProfile.Cluster);
        Assert.Equal(Output.Read(first.Target), Output.Read(second.Target));
        Assert.Empty(first.State);
    }

    [Fact, Trait(Tiers.Trait, Tiers.Integration)]
    public async Task The_real_command_leaves_the_committed_chart_and_asks_no_engine()
    {
        using var output = new Output();
        using var programs = new FakePrograms("docker", "podman", "kubectl", "helm");
        var run = await AspireCli.RunAsync(programs.Environment, "publish", ["--output-path", output.Target]);
        Assert.True(run.ExitCode == 0, run.Text);
        Assert.Equal(Output.Read(Path.Combine(AspireCli.Repository, "aspire-manifest", "helm")), Output.Read(output.Target));
        Assert.Empty(programs.Calls());
    }

    private sealed class Output : IDisposable
    {
        private readonly DirectoryInfo root = Directory.CreateTempSubdirectory("hub-publish-");

        public string Target => Path.Combine(root.FullName, "out");

        public string[] State => Directory.Exists(Path.Combine(root.FullName, "state"))
            ? Directory.GetFileSystemEntries(Path.Combine(root.FullName, "state")) : [];

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

        public static List<(string Path, string Content)> Read(string directory) =>
        [
            .. Directory.EnumerateFiles(directory, "*", SearchOption.AllDirectories)
                .Select(file => (Path: Path.GetRelativePath(directory, file).Replace('\\', '/'), Content: File.ReadAllText(file)))
                .OrderBy(file => file.Path, StringComparer.Ordinal),
        ];

        public void Dispose() => root.Delete(recursive: true);
    }
}
