using Analytics.Topology;
using Hub.Cli.Publishing;

namespace Hub.Cli.Tests.Commands;

/// <summary>What an operator chooses at <c>hub publish</c> is in what is written.</summary>
public sealed class PublishOptionTests : IDisposable
{
    private readonly CliProcess cli = new();
    private readonly string folder = Directory.CreateTempSubdirectory("hub-publish-").FullName;

    [Theory]
    [InlineData("operator", "monitoring.yaml", "scrape-annotations.yaml")]
    [InlineData("annotations", "scrape-annotations.yaml", "monitoring.yaml")]
    public async Task Monitoring_is_applied_as_chosen_and_alerts_link_to_the_runbooks(string by, string applied, string left)
    {
        var result = await cli.RunAsync("publish", "--monitoring", by, "--runbooks", "https://runbooks.example/hub/", "--registry",
            "registry.example.com/hub", "--output", folder);
        Assert.True(result.ExitCode == 0, result.Error);
        var kustomization = await File.ReadAllTextAsync(Path.Combine(folder, "kubernetes/kustomization.yaml"),
            TestContext.Current.CancellationToken);
        Assert.Contains($"\n  - {applied}\n", kustomization, StringComparison.Ordinal);
        Assert.DoesNotContain($"\n  - {left}\n", kustomization, StringComparison.Ordinal);
        var rules = await File.ReadAllTextAsync(Path.Combine(folder, "kubernetes", applied), TestContext.Current.CancellationToken);
        Assert.Contains("runbook_url: https://runbooks.example/hub/DatabaseDown.md", rules, StringComparison.Ordinal);
        Assert.DoesNotContain("--runbooks", result.Output, StringComparison.Ordinal);
    }

    /// <summary>Nobody who is paged has a checkout at hand.</summary>
    [Fact]
    public async Task Whoever_gives_no_address_of_the_runbooks_is_told_what_alerts_then_say()
    {
        var result = await cli.RunAsync("publish", "--registry", "registry.example.com/hub", "--output", folder);
        Assert.True(result.ExitCode == 0, result.Error);
        Assert.Contains("docs/runbooks/NAME.md", result.Output, StringComparison.Ordinal);
        Assert.Contains("`--runbooks https://…` makes them links", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Members_watch_each_others_leases_where_that_is_chosen()
    {
        var result = await cli.RunAsync("publish", "--lease-witnesses", "--registry", "registry.example.com/hub", "--output", folder);
        Assert.True(result.ExitCode == 0, result.Error);
        var members = await File.ReadAllTextAsync(Path.Combine(folder, "kubernetes/statefulset.yaml"),
            TestContext.Current.CancellationToken);
        Assert.Contains("- name: HUB_LEASE_WITNESSES\n              value: \"3\"\n", members, StringComparison.Ordinal);
        var files = await File.ReadAllTextAsync(Path.Combine(folder, "kubernetes/patroni-config.yaml"),
            TestContext.Current.CancellationToken)
            + await File.ReadAllTextAsync(Path.Combine(folder, "kubernetes/init-scripts-configmap.yaml"),
                TestContext.Current.CancellationToken);
        Assert.Contains("\n  lease_witness.py: |", files, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Images_are_in_the_named_registry_under_the_named_version_and_by_their_digests()
    {
        var digest = "sha256:" + new string('b', 64);
        var images = new ImageSource("registry.example.com/hub", "2.0.0").Of(Images.Public).All;
        var file = Path.Combine(folder, "digests.json");
        new ImageDigests(TimeProvider.System.GetUtcNow(), new(images.ToDictionary(image => image, _ => digest))).Save(file);
        var output = Path.Combine(folder, "out");
        var result = await cli.RunAsync("publish", "--registry", "registry.example.com/hub", "--version", "2.0.0", "--digests", file,
            "--output", output);
        Assert.True(result.ExitCode == 0, result.Error);
        Assert.Contains($"image: registry.example.com/hub/ingest:2.0.0@{digest}\n",
            await File.ReadAllTextAsync(Path.Combine(output, "kubernetes/ingest.yaml"), TestContext.Current.CancellationToken),
            StringComparison.Ordinal);

        // One that is not in the file would float.
        var other = await cli.RunAsync("publish", "--registry", "registry.example.com/hub", "--version", "3.0.0", "--digests", file,
            "--output", output);
        Assert.Equal(2, other.ExitCode);
        Assert.Contains("lacks registry.example.com/hub/ingest:3.0.0", other.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("minimum", 2)]
    [InlineData("recommended", 2)]
    [InlineData("dev", 0)]
    public async Task Sizes_for_production_need_a_registry(string size, int exitCode)
    {
        var result = await cli.RunAsync("publish", "--size", size, "--output", folder);
        Assert.Equal(exitCode, result.ExitCode);
        if (exitCode == 0)
            return;
        Assert.Contains("needs --registry", result.Error, StringComparison.Ordinal);
        Assert.Contains("./hub images --push", result.Error, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(folder));
    }

    public void Dispose()
    {
        Directory.Delete(folder, recursive: true);
        cli.Dispose();
    }
}
