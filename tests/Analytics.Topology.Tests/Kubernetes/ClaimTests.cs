using System.Diagnostics;
using Analytics.Topology.Kubernetes;
using k8s.Models;

namespace Analytics.Topology.Tests.Kubernetes;

/// <summary>Claims that no StatefulSet makes: something uses each from the start, and the end of a Helm release does not delete
/// them.</summary>
public class ClaimTests
{
    public static TheoryData<string, string?> Everywhere => Published.Everywhere;

    /// <summary>
    /// A class that binds late leaves a claim Pending until a pod mounts it, and `helm install --wait` waits for Bound. The pod of a
    /// CronJob comes hours later.
    /// </summary>
    [Theory, MemberData(nameof(Everywhere))]
    public void Are_mounted_by_what_starts_with_the_installation(string size, string? cloud)
    {
        var published = Published.Of(size, cloud);
        var mounted = published.Pods.Where(pod => !pod.Workload.StartsWith("CronJob/", StringComparison.Ordinal))
            .SelectMany(pod => pod.Template.Spec.Volumes).Select(volume => volume.PersistentVolumeClaim?.ClaimName);
        Assert.Equal(["etcd-snapshot"], published.All<V1PersistentVolumeClaim>().Select(claim => claim.Metadata.Name));
        Assert.All(published.All<V1PersistentVolumeClaim>(), claim => Assert.Contains(claim.Metadata.Name, mounted));
    }

    [Fact]
    public void Outlive_the_release()
    {
        var volume =
            Presets.Recommended.With(cluster => cluster with { Backup = cluster.Backup with { Repository = new VolumeRepository() } });
        var claims = KubernetesManifests.For(volume, new()).SelectMany(file => file.Objects).OfType<V1PersistentVolumeClaim>().ToList();
        Assert.Equal(["backup-repository", "etcd-snapshot"], claims.Select(claim => claim.Metadata.Name).Order());
        Assert.All(claims, claim => Assert.Equal("keep", claim.Metadata.Annotations["helm.sh/resource-policy"]));
    }

    /// <summary>
    /// Of a pod that has one made for it, finished ones keep it: so there is one pod at a time, it goes soon, and the disk goes with the
    /// claim.
    /// </summary>
    [Theory, MemberData(nameof(Everywhere))]
    public void Made_for_a_pod_are_gone_before_the_next_pod_needs_the_room(string size, string? cloud)
    {
        var published = Published.Of(size, cloud);
        var jobs = published.All<V1CronJob>()
            .Where(job => job.Spec.JobTemplate.Spec.Template.Spec.Volumes.Any(volume => volume.Ephemeral is not null)).ToList();
        Assert.Equal(["backup-drill"], jobs.Select(job => job.Metadata.Name));
        var spec = jobs[0].Spec.JobTemplate.Spec;
        Assert.Equal(0, spec.BackoffLimit);
        Assert.InRange(spec.TtlSecondsAfterFinished!.Value, 1, 900);
        Assert.Equal(("Ignore", "DisruptionTarget"),
            spec.PodFailurePolicy.Rules.Select(rule => (rule.Action, rule.OnPodConditions.Single().Type)).Single());
        var name = spec.Template.Spec.Volumes.Single(
            volume => volume.Ephemeral is not null).Ephemeral.VolumeClaimTemplate.Spec.StorageClassName;
        Assert.Equal(name is null ? [] : ["Delete"],
            published.All<V1StorageClass>().Where(item => item.Metadata.Name == name).Select(item => item.ReclaimPolicy));
    }

    /// <summary>The first snapshot's file has a hash in its name, so the names do not sort by age.</summary>
    [Fact]
    public async Task The_oldest_snapshots_go_and_one_that_is_being_written_stays()
    {
        var directory = Directory.CreateTempSubdirectory("hub-snapshots-");
        try
        {
            string Place(string name) => Path.Combine(directory.FullName, name);
            void Make(string name, TimeSpan age)
            {
                File.WriteAllText(Place(name), "");
                File.SetLastWriteTimeUtc(Place(name), DateTime.UnixEpoch.AddYears(50) - age);
            }

            Make("etcd-snapshot-ffffffffff-aaaaa.db", TimeSpan.FromDays(30));
            foreach (var number in Enumerable.Range(0, 28))
                Make($"etcd-snapshot-{29_000_000 + number}-bbbbb.db", TimeSpan.FromHours(6 * (28 - number)));
            Make("etcd-snapshot-29000001-ccccc.db.part", TimeSpan.Zero);
            File.WriteAllText(Place("etcd-snapshot-29000028-ddddd.db.part"), "");
            using var shell =
                Process.Start(new ProcessStartInfo("sh",
                    ["-euc", EtcdSnapshots.PruneScript.Replace(KubernetesNames.SnapshotPath, directory.FullName, StringComparison.Ordinal)])
                { RedirectStandardOutput = true })!;
            await shell.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            await shell.WaitForExitAsync(TestContext.Current.CancellationToken);
            Assert.Equal(0, shell.ExitCode);
            var left = directory.GetFiles().Select(file => file.Name).ToList();
            Assert.Equal(29, left.Count);
            Assert.DoesNotContain("etcd-snapshot-ffffffffff-aaaaa.db", left);
            Assert.DoesNotContain("etcd-snapshot-29000001-ccccc.db.part", left);
            Assert.Contains("etcd-snapshot-29000028-ddddd.db.part", left);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }
}
