using System.Text.Json;
using System.Text.RegularExpressions;
using DotNet.Testcontainers.Builders;
using DotNet.Testcontainers.Configurations;
using DotNet.Testcontainers.Containers;
using DotNet.Testcontainers.Images;
using Hub.Cli.Engine;
using Microsoft.Extensions.Logging.Abstractions;

namespace Hub.Cli.Tests.Registry;

/// <summary>Images go to a registry, which is asked for what it has: Debian's docker-registry in a container.</summary>
[Trait(Tiers.Trait, Tiers.Integration)]
public sealed partial class PushTests : IAsyncLifetime
{
    private readonly CliProcess cli = new();
    private readonly string folder = Directory.CreateTempSubdirectory("hub-push-").FullName;
    private IContainer? container;

    private string Host => $"127.0.0.1:{container!.GetMappedPublicPort(5000)}";

    private string Digests => Path.Combine(folder, "digests.json");

    public async ValueTask InitializeAsync()
    {
        var image = await TestImage.RegistryAsync(TestContext.Current.CancellationToken);
        container = new ContainerBuilder(image).WithImagePullPolicy(PullPolicy.Never).WithLogger(NullLogger.Instance).WithPortBinding(5000, assignRandomHostPort: true).WithAutoRemove(true)
            .WithWaitStrategy(Wait.ForUnixContainer().UntilHttpRequestIsSucceeded(request => request.ForPort(5000).ForPath("/v2/"), strategy => strategy.WithTimeout(TimeSpan.FromMinutes(1))))
            .Build();
        await Prerequisites.StartAsync(container);
        if (!await Testing.Engine.HasImageAsync("hub/etcd:local", TestContext.Current.CancellationToken))
            Prerequisites.Missing("the images of ./hub images");
    }

    [Fact]
    public async Task Pushed_images_are_pinned_by_what_the_registry_says_and_published_so()
    {
        string[] own = ["--size", "dev", "--registry", $"{Host}/team/hub", "--version", "9.8.7"];
        // One real image, and the same under the other names: what is tried here is the way, and a hub's images are three gigabytes.
        var pushed = await cli.RunAsync(["images", "--push", "hub/etcd:local", .. own]);
        Assert.True(pushed.ExitCode == 0, pushed.Output + pushed.Error);
        var digest = Pushed().Match(pushed.Output) is { Success: true } match && match.Groups["image"].Value == $"{Host}/team/hub/etcd:9.8.7" ? match.Groups["digest"].Value : "";
        Assert.NotEmpty(digest);
        foreach (var other in new[] { "backup", "database", "exporters", "gateway", "ingest", "migrations", "prometheus" })
            await PushAsync($"{Host}/team/hub/{other}:9.8.7");

        var pinned = await cli.RunAsync(["images", "--pin", "--digests", Digests, .. own]);
        Assert.True(pinned.ExitCode == 0, pinned.Output + pinned.Error);
        using var document = JsonDocument.Parse(await File.ReadAllTextAsync(Digests, TestContext.Current.CancellationToken));
        var digests = document.RootElement.GetProperty("digests").EnumerateObject().ToDictionary(image => image.Name, image => image.Value.GetString()!);
        Assert.Equal(8, digests.Count);
        Assert.Equal(digest, digests[$"{Host}/team/hub/etcd:9.8.7"]);

        var output = Path.Combine(folder, "out");
        var published = await cli.RunAsync(["publish", "--digests", Digests, "--output", output, .. own]);
        Assert.True(published.ExitCode == 0, published.Output + published.Error);
        var name = $"{Host}/team/hub/ingest:9.8.7";
        Assert.Contains($"image: {name}@{digests[name]}\n", await File.ReadAllTextAsync(Path.Combine(output, "kubernetes/ingest.yaml"), TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_digest_that_no_registry_told_is_not_written()
    {
        var nothing = await cli.RunAsync("images", "--pin", "--size", "dev", "--registry", $"{Host}/nobody", "--digests", Digests);
        Assert.Equal(1, nothing.ExitCode);
        Assert.Contains("8 of 8 digests could not be read, so none is written", nothing.Error, StringComparison.Ordinal);
        Assert.Contains($"{Host}/nobody/ingest:", nothing.Error, StringComparison.Ordinal);
        Assert.Contains("it has no nobody/ingest:", nothing.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(Digests));

        // Port 1: nobody listens.
        var silent = await cli.RunAsync("images", "--pin", "--size", "dev", "--registry", "127.0.0.1:1", "--digests", Digests);
        Assert.Equal(1, silent.ExitCode);
        Assert.Contains("no answer: ", silent.Error, StringComparison.Ordinal);
        Assert.Contains("Run this where the registries answer", silent.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(Digests));
    }

    [Fact]
    public async Task Tags_are_listed_over_all_pages()
    {
        foreach (var tag in new[] { "1.0.0", "1.0.1", "1.1.0" })
            await PushAsync($"{Host}/pages:{tag}");

        using var http = new HttpClient();
        Assert.Equal(["1.0.0", "1.0.1", "1.1.0"], (await new RegistryClient(http, pageSize: 2).TagsAsync($"{Host}/pages:1.0.0", TestContext.Current.CancellationToken)).Order());
    }

    private static async Task PushAsync(string target)
    {
        (await Processes.RunAsync("docker", ["tag", "hub/etcd:local", target], TestContext.Current.CancellationToken)).OrThrow("no tag");
        var pushed = await Processes.RunAsync("docker", ["push", target], TestContext.Current.CancellationToken);
        (await Processes.RunAsync("docker", ["image", "rm", target], TestContext.Current.CancellationToken)).OrThrow("not removed");
        pushed.OrThrow("not pushed");
    }

    public async ValueTask DisposeAsync()
    {
        if (container is not null)
        {
            var names = (await Processes.RunAsync("docker", ["image", "ls", "--format", "{{.Repository}}:{{.Tag}}", $"{Host}/team/hub/*"], CancellationToken.None)).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
            foreach (var name in names)
                await Processes.RunAsync("docker", ["image", "rm", name], CancellationToken.None);
            await Testing.Engine.RemoveAsync(container);
        }

        Directory.Delete(folder, recursive: true);
        cli.Dispose();
    }

    /// <summary>✓ 127.0.0.1:32768/team/hub/ingest:9.8.7: sha256:… (1.2 s)</summary>
    [GeneratedRegex("✓ (?<image>\\S+:9\\.8\\.7): (?<digest>sha256:[0-9a-f]{64})")]
    private static partial Regex Pushed();
}
