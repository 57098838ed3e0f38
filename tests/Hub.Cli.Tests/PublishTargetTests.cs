using Analytics.Topology.Kubernetes;
using Analytics.Topology.Publishing;
using Hub.Cli.Publishing;

namespace Hub.Cli.Tests;

/// <summary>What <c>hub publish</c> writes, and what <c>--check</c> finds.</summary>
public sealed class PublishTargetTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("hub-publish-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private PublishTarget Target(string size = "dev", Cloud? cloud = null) => PublishTarget.At(folder, PublishSize.Named(size).On(cloud));

    [Fact]
    public void A_second_time_nothing_is_written_and_nothing_differs()
    {
        Assert.Equal(Target().FileCount, Target().Write().Count);
        Assert.Empty(Target().Write());
        Assert.Empty(Target().Differences());
    }

    [Fact]
    public void A_hand_edit_is_shown_with_its_line()
    {
        Target().Write();
        var file = Path.Combine(folder, "kubernetes/statefulset.yaml");
        File.WriteAllText(file, File.ReadAllText(file).Replace("replicas: 3", "replicas: 4", StringComparison.Ordinal));
        var difference = Assert.Single(Target().Differences());
        Assert.StartsWith("kubernetes/statefulset.yaml: differs\n  @@ line ", difference, StringComparison.Ordinal);
        Assert.Contains("-  replicas: 4\n  +  replicas: 3", difference, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_file_and_a_leftover_are_differences_and_the_leftover_goes()
    {
        Target().Write();
        File.Delete(Path.Combine(folder, "kubernetes/services.yaml"));
        File.WriteAllText(Path.Combine(folder, "helm/templates/old.yaml"), "");
        File.WriteAllText(Path.Combine(folder, "notes.txt"), "mine");
        Assert.Equal(["kubernetes/services.yaml: missing", "helm/templates/old.yaml: not generated any more"], Target().Differences());
        Target().Write();
        Assert.Empty(Target().Differences());
        Assert.True(File.Exists(Path.Combine(folder, "notes.txt")));
    }

    [Fact]
    public void Another_cloud_is_other_disks_and_nothing_else()
    {
        Target("recommended", Cloud.Aws).Write();
        var differing = Target("recommended", Cloud.Gcp).Differences().Select(difference => difference.Split(':')[0]).ToList();
        Assert.Contains("kubernetes/storageclass.yaml", differing);
        Assert.DoesNotContain("kubernetes/statefulset.yaml", differing);
    }
}
