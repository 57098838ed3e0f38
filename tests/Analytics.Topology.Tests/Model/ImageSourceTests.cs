using System.Runtime.CompilerServices;
using System.Xml.Linq;
using Analytics.Topology.Publishing;

namespace Analytics.Topology.Tests.Model;

/// <summary>Where images are pulled from.</summary>
public class ImageSourceTests
{
    private static readonly ImageSource Source = new("registry.example.com/hub", "1.2.3");

    [Fact]
    public void Without_a_named_registry_images_cannot_be_pulled()
    {
        var own = Images.Public.All.Where(Images.IsOwn).ToList();
        Assert.Equal(3, own.Count);
        Assert.All(own, image => Assert.Equal("registry.invalid", image.Split('/')[0]));
        Assert.False(PublishSize.Default.CanBePulled);
        Assert.True(PublishSize.Default.From(Source).CanBePulled);
    }

    [Fact]
    public void Only_hubs_own_images_are_in_the_named_registry()
    {
        var images = Source.Of(Images.Public);
        Assert.Equal(("registry.example.com/hub/ingest:1.2.3", "registry.example.com/hub/migrations:1.2.3", "registry.example.com/hub/backup:1.2.3"), (images.Ingest, images.Migrations, images.Backup));
        Assert.Equal(Images.Public with { Ingest = images.Ingest, Migrations = images.Migrations, Backup = images.Backup }, images);
        Assert.All(Source.Of(Images.Local).All, image => Assert.Matches("^registry.example.com/hub/[a-z]+:1.2.3$", image));
        Assert.Equal("example.com/db:1", Source.Of(Images.Local.WithDatabase("example.com/db:1")).Database);
    }

    [Fact]
    public void A_digest_stands_beside_the_tag_everywhere()
    {
        var digest = "sha256:" + new string('a', 64);
        var size = PublishSize.Named("minimum").From(Source with { Digests = Source.Of(Images.Public).All.ToDictionary(image => image, _ => digest) });
        Assert.All(size.Topology.Images.All, image => Assert.EndsWith("@" + digest, image, StringComparison.Ordinal));
        var files = PublishedFiles.For(size).ToDictionary(file => file.Path, file => file.Content);
        var lines = files["kubernetes/statefulset.yaml"].Split('\n').Select(line => line.Trim()).ToList();
        Assert.Contains($"image: {size.Topology.Images.Database}", lines);
        Assert.Contains("imagePullPolicy: IfNotPresent", lines);
        Assert.DoesNotContain("imagePullPolicy: Always", lines);
        var tag = Images.Public.Database.Split(':');
        Assert.Contains($"repository: {tag[0]}\n  tag: {tag[1]}@{digest}\n", files["helm-values/timescaledb-single.yaml"], StringComparison.Ordinal);
    }

    /// <summary>
    /// A node that lacks a local image must not ask the public default registry for it, where the name is somebody else's.
    /// </summary>
    [Fact]
    public void Local_images_are_never_pulled() => Assert.Equal("Never", Topology.Kubernetes.Containers.PullPolicy(Images.Local.Ingest));

    [Theory]
    [InlineData("registry.example.com", true)]
    [InlineData("registry.example.com:5000/team/hub", true)]
    [InlineData("localhost/hub", true)]
    [InlineData("127.0.0.1:5000", true)]
    [InlineData("hub", false)]
    [InlineData("team/hub", false)]
    [InlineData("https://registry.example.com/hub", false)]
    [InlineData("registry.example.com/Hub", false)]
    [InlineData("registry.example.com/hub/", false)]
    [InlineData("", false)]
    public void A_registry_has_a_host(string text, bool isOne) => Assert.Equal(isOne, ImageSource.RegistryProblem(text) is null);

    [Theory]
    [InlineData("1.2.3", true)]
    [InlineData("v1_rc.1-a", true)]
    [InlineData("latest", false)]
    [InlineData("1.2.3+build", false)]
    [InlineData("-1", false)]
    [InlineData("", false)]
    public void A_version_is_a_tag(string text, bool isOne) => Assert.Equal(isOne, ImageSource.VersionProblem(text) is null);

    /// <summary>Nothing else looks at the data when only the database's image changes.</summary>
    [Fact]
    public void Another_database_image_is_another_migrations_job()
    {
        string Name(string? image) => Topology.Kubernetes.KubernetesManifests.For(PublishSize.Default.Topology.With(cluster => cluster with { Images = cluster.Images.WithDatabase(image) }), PublishSize.Default.Options)
            .SelectMany(file => file.Objects).OfType<k8s.Models.V1Job>().Single(job => job.Metadata.Name.StartsWith("migrations-", StringComparison.Ordinal)).Metadata.Name;
        Assert.NotEqual(Name(null), Name("registry.example.com/database:2"));
        Assert.Equal(Name(null), Name(Images.Public.Database));
    }

    /// <summary>Directory.Build.props is the one place.</summary>
    [Fact]
    public void Images_and_chart_have_the_projects_version()
    {
        var version = XDocument.Load(Path.Combine(Root(), "Directory.Build.props")).Descendants("Version").Single().Value;
        Assert.Equal(version, HubVersion.Current);
        Assert.Equal($"{Images.NoRegistry}/ingest:{version}", Images.Public.Ingest);
        string Chart(PublishSize size) => PublishedFiles.For(size).Single(file => file.Path == "helm/Chart.yaml").Content;
        Assert.Contains($"\nversion: {version}\nappVersion: {version}\n", Chart(PublishSize.Default), StringComparison.Ordinal);
        Assert.Contains($"\nversion: {version}\nappVersion: 1.2.3\n", Chart(PublishSize.Default.From(Source)), StringComparison.Ordinal);
    }

    private static string Root([CallerFilePath] string source = "") => Path.Combine(Path.GetDirectoryName(source)!, "../../..");
}
