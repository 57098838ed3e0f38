using System.Text.Json;
using Analytics.Topology;
using Hub.Cli.Engine;
using Hub.Operations.Processes;

namespace Hub.Cli.Tests.Registry;

/// <summary>The bill of materials names what is in the image, by the names that advisories use.</summary>
[Trait(Tiers.Trait, Tiers.Integration)]
public sealed class SbomTests : IDisposable
{
    private readonly CliProcess cli = new();
    private readonly string folder = Directory.CreateTempSubdirectory("hub-sbom-").FullName;

    [Fact]
    public async Task Lists_debians_packages_and_those_of_hubs_program()
    {
        foreach (var image in new[] { Images.Local.Etcd, Images.Local.Migrations })
        {
            if (!await Testing.Engine.HasImageAsync(image, TestContext.Current.CancellationToken))
                Prerequisites.Missing("the images of ./hub images");
        }

        var result = await cli.RunAsync("images", "--sbom", folder, Images.Local.Etcd, Images.Local.Migrations);
        Assert.True(result.ExitCode == 0, result.Output + result.Error);
        Assert.Equal(["etcd.cdx.json", "migrations.cdx.json"], Directory.EnumerateFiles(folder).Select(Path.GetFileName).Order());
        var etcd = await UrlsAsync("etcd.cdx.json", Images.Local.Etcd);
        var packages = (await ProcessRunner.RunAsync("docker", ["run", "--rm", "--entrypoint", "dpkg-query", Images.Local.Etcd, "--show", "--showformat", "${Package}@${Version}\n"],
            TestContext.Current.CancellationToken)).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(packages.Length, etcd.Count);
        Assert.Contains(etcd, url => url.StartsWith("pkg:deb/debian/etcd-server@3.", StringComparison.Ordinal));

        var migrations = await UrlsAsync("migrations.cdx.json", Images.Local.Migrations);
        Assert.Contains(migrations, url => url.StartsWith("pkg:deb/debian/libssl3t64@", StringComparison.Ordinal));
        Assert.Contains(migrations, url => url.StartsWith("pkg:nuget/Npgsql@", StringComparison.Ordinal));
        Assert.Contains(migrations, url => url.StartsWith("pkg:nuget/Microsoft.NETCore.App.Runtime.linux-", StringComparison.Ordinal));
    }

    public void Dispose()
    {
        Directory.Delete(folder, recursive: true);
        cli.Dispose();
    }

    private async Task<List<string>> UrlsAsync(string file, string image)
    {
        using var document = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(folder, file), TestContext.Current.CancellationToken));
        var bom = document.RootElement;
        Assert.Equal(("CycloneDX", "1.6"), (bom.GetProperty("bomFormat").GetString(), bom.GetProperty("specVersion").GetString()));
        Assert.Equal(image, bom.GetProperty("metadata").GetProperty("component").GetProperty("name").GetString());
        return [.. bom.GetProperty("components").EnumerateArray().Select(component => component.GetProperty("purl").GetString()!)];
    }
}
