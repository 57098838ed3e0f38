using System.Text.Json;
using System.Text.RegularExpressions;
using Analytics.Topology;
using DotNet.Testcontainers.Builders;
using DotNet.Testcontainers.Configurations;
using DotNet.Testcontainers.Containers;
using DotNet.Testcontainers.Images;
using Hub.Cli.Engine;
using Hub.Operations.Processes;
using Microsoft.Extensions.Logging.Abstractions;

namespace Hub.Cli.Tests.Registry;

/// <summary>
/// A registry that is there for a class of tests: Debian's docker-registry in a container. It has every layer once, so a second push is
/// quick.
/// </summary>
public sealed class LocalRegistry : IAsyncLifetime
{
    private const int Port = 5000;
    private IContainer? container;

    /// <summary>As images name it.</summary>
    public string Host => $"127.0.0.1:{container!.GetMappedPublicPort(Port)}";

    public async ValueTask InitializeAsync()
    {
        var image = await TestImage.RegistryAsync(TestContext.Current.CancellationToken);
        container = new ContainerBuilder(image).WithImagePullPolicy(PullPolicy.Never).WithLogger(NullLogger.Instance).WithPortBinding(Port, assignRandomHostPort: true).WithAutoRemove(true)
            .WithWaitStrategy(Wait.ForUnixContainer().UntilHttpRequestIsSucceeded(request => request.ForPort(Port).ForPath("/v2/"), strategy => strategy.WithTimeout(TimeSpan.FromMinutes(1))))
            .Build();
        await Prerequisites.StartAsync(container);
        if (!await Testing.Engine.HasImageAsync(Images.Local.Etcd, TestContext.Current.CancellationToken))
            Prerequisites.Missing("the images of ./hub images");
    }

    /// <summary>An image under another name, which the engine then forgets.</summary>
    internal static async Task PushAsync(string target)
    {
        (await ProcessRunner.RunAsync("docker", ["tag", Images.Local.Etcd, target], TestContext.Current.CancellationToken)).OrThrow("no tag");
        var pushed = await ProcessRunner.RunAsync("docker", ["push", target], TestContext.Current.CancellationToken);
        (await ProcessRunner.RunAsync("docker", ["image", "rm", target], TestContext.Current.CancellationToken)).OrThrow("not removed");
        pushed.OrThrow("not pushed");
    }

    public async ValueTask DisposeAsync()
    {
        if (container is not null)
            await Testing.Engine.RemoveAsync(container);
    }
}

/// <summary>Images go to a registry, which is asked for what it has.</summary>
[Trait(Tiers.Trait, Tiers.Integration)]
public sealed partial class PushTests(LocalRegistry registry) : IClassFixture<LocalRegistry>, IDisposable
{
    private readonly CliProcess cli = new();
    private readonly string folder = Directory.CreateTempSubdirectory("hub-push-").FullName;

    private string Host => registry.Host;

    private string Digests => Path.Combine(folder, "digests.json");

    [Fact]
    public async Task Pushed_images_are_pinned_by_what_the_registry_says_and_published_so()
    {
        string[] own = ["--size", "dev", "--registry", $"{Host}/team/hub", "--version", "9.8.7"];
        // One real image, and the same under the other names: what is tried here is the way, and a hub's images are three gigabytes.
        var pushed = await cli.RunAsync(["images", "--push", "hub/etcd:local", .. own]);
        Assert.True(pushed.ExitCode == 0, pushed.Output + pushed.Error);
        var digest = Pushed().Match(pushed.Output) is { Success: true } match && match.Groups["image"].Value == $"{Host}/team/hub/etcd:9.8.7" ? match.Groups["digest"].Value : "";
        Assert.NotEmpty(digest);
        (await ProcessRunner.RunAsync("docker", ["image", "rm", $"{Host}/team/hub/etcd:9.8.7"], TestContext.Current.CancellationToken)).OrThrow("not removed");
        foreach (var other in new[] { "backup", "database", "exporters", "gateway", "ingest", "migrations", "prometheus" })
            await LocalRegistry.PushAsync($"{Host}/team/hub/{other}:9.8.7");

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
        Assert.Contains("Run this on a machine that reaches the registries", silent.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(Digests));
    }

    [Fact]
    public async Task Tags_are_listed_over_all_pages()
    {
        foreach (var tag in new[] { "1.0.0", "1.0.1", "1.1.0" })
            await LocalRegistry.PushAsync($"{Host}/pages:{tag}");

        using var http = new HttpClient();
        Assert.Equal(["1.0.0", "1.0.1", "1.1.0"], (await new RegistryClient(http, pageSize: 2).TagsAsync($"{Host}/pages:1.0.0", TestContext.Current.CancellationToken)).Order());
    }

    [Fact]
    public async Task What_is_behind_is_told_and_so_is_what_no_registry_told()
    {
        foreach (var tag in new[] { "1.0.0", "1.0.1", "1.1.0", "1.2.0-rc1", "2.0.0" })
            await LocalRegistry.PushAsync($"{Host}/behind:{tag}");
        var behind = await OutdatedAsync($"{Host}/behind:1.0.0");
        Assert.Equal(1, behind.ExitCode);
        Assert.Matches(@"/behind:1\.0\.0 +│ 1\.0\.1 +│ 1\.1\.0 ", behind.Output);
        Assert.Equal(0, (await OutdatedAsync($"{Host}/behind:2.0.0")).ExitCode);
        var gone = await OutdatedAsync($"{Host}/behind:2.0.1");
        Assert.Equal(1, gone.ExitCode);
        Assert.Contains("this tag does not exist", gone.Output, StringComparison.Ordinal);
        var silent = await OutdatedAsync("127.0.0.1:1/behind:1.0.0");
        Assert.Equal(1, silent.ExitCode);
        Assert.Contains("no answer: ", silent.Output, StringComparison.Ordinal);
        Assert.Contains("may be outdated", silent.Output, StringComparison.Ordinal);
    }

    /// <summary>Of size dev, whose images are built here but for the database's that is named.</summary>
    private Task<ProcessResult> OutdatedAsync(string database) => cli.RunAsync(new Dictionary<string, string> { ["HUB_DATABASE_IMAGE"] = database }, "images", "--outdated", "--size", "dev");

    public void Dispose()
    {
        Directory.Delete(folder, recursive: true);
        cli.Dispose();
    }

    /// <summary>✓ 127.0.0.1:32768/team/hub/ingest:9.8.7: sha256:… (1.2 s)</summary>
    [GeneratedRegex("✓ (?<image>\\S+:9\\.8\\.7): (?<digest>sha256:[0-9a-f]{64})")]
    private static partial Regex Pushed();
}
