using System.Diagnostics;
using Analytics.Topology.Config;
using Analytics.Topology.Containers;
using k8s.Models;

namespace Analytics.Topology.Tests.Kubernetes;

/// <summary>
/// What the database's pods promise: the names and files of every other host, probes with the right meaning, an orderly stop.
/// </summary>
public class DatabasePodTests
{
    private static readonly V1StatefulSet Set = Published.Of("recommended").One<V1StatefulSet>("timescaledb");

    private static V1Container Patroni => Set.Spec.Template.Spec.Containers[0];

    [Fact]
    public void Are_named_as_everywhere_else()
    {
        Assert.Equal("timescaledb", Set.Metadata.Name);
        Assert.Equal(1, Set.Spec.Ordinals.Start);
        Assert.Equal("$(POD_NAME)", Variable("PATRONI_NAME"));
        Assert.Equal("$(POD_NAME):8008", Variable("PATRONI_RESTAPI_CONNECT_ADDRESS"));
        Assert.Equal(["timescaledb.timescaledb.svc.cluster.local", "etcd.timescaledb.svc.cluster.local"], Set.Spec.Template.Spec.DnsConfig.Searches);
    }

    [Fact]
    public void Mount_the_configuration_of_every_other_host()
    {
        var published = Published.Of("recommended");

        // Prometheus' own files are monitors, a PrometheusRule and an AlertmanagerConfig here; PgBouncer is started as itself.
        var everywhere = ClusterContainers.For(published.Size.Topology).Where(spec => spec.Name != ClusterNames.Prometheus).SelectMany(spec => spec.Directories).SelectMany(directory => directory.Files)
            .Where(file => !file.Secret && file.Name != "start-pgbouncer.sh").Select(file => (file.Name, file.Text!)).ToHashSet();
        var here = published.All<V1ConfigMap>().SelectMany(map => map.Data).Select(file => (file.Key, file.Value)).ToHashSet();
        Assert.Empty(everywhere.Except(here));
    }

    /// <summary>A member that clones, lags or is paused passes; one whose Patroni hangs does not.</summary>
    [Fact]
    public void Are_restarted_only_for_a_hanging_Patroni()
    {
        Assert.Equal(("/liveness", "HTTPS", "patroni"), (Patroni.LivenessProbe.HttpGet.Path, Patroni.LivenessProbe.HttpGet.Scheme, (string)Patroni.LivenessProbe.HttpGet.Port));
        Assert.Equal("/liveness", Patroni.StartupProbe.HttpGet.Path);
        Assert.True(Patroni.StartupProbe.PeriodSeconds * Patroni.StartupProbe.FailureThreshold >= 600);

        // Patroni 4.0 reads a lag in the paths of replicas alone.
        Assert.Equal("/read-only?lag=16MB", Patroni.ReadinessProbe.HttpGet.Path);
    }

    /// <summary>
    /// Each program that reads its certificate only at its start is told of another one; it is still the first process, which hooks and the
    /// kubelet signal.
    /// </summary>
    [Theory]
    [InlineData("haproxy", "USR2", "/etc/hub/config")]
    [InlineData("pgbouncer", "HUP", "/etc/hub/config")]
    [InlineData("backup-server", "HUP", Paths.BackupConfig)]
    public void Follow_their_certificates(string name, string signal, string place)
    {
        var published = Published.Of("recommended");
        var container = published.Pods.SelectMany(pod => pod.Template.Spec.Containers).Single(container => container.Name == name);
        Assert.Equal(["/bin/sh", $"{place}/follow-certificates.sh", signal], container.Command.Take(3));
        Assert.Contains(container.VolumeMounts, mount => mount.MountPath == Paths.Tls);
        var pod = published.Pods.Single(pod => pod.Template.Spec.Containers.Any(other => other.Name == name)).Template.Spec;
        var volume = pod.Volumes.Single(volume => volume.Name == container.VolumeMounts.Single(mount => mount.MountPath == place).Name);
        Assert.Contains("exec \"$@\"", published.One<V1ConfigMap>(volume.ConfigMap.Name).Data["follow-certificates.sh"], StringComparison.Ordinal);
    }

    [Fact]
    public void Check_the_certificates_of_their_sidecars() => Assert.Equal("tls://localhost:9187,tls://localhost:8432", Variable("HUB_WATCHED_CERTIFICATES"));

    [Fact]
    public void Have_time_to_hand_over_and_to_stop()
    {
        Assert.Equal(["python3", "/etc/hub/config/pre-stop.py"], Patroni.Lifecycle.PreStop.Exec.Command);
        Assert.True(Set.Spec.Template.Spec.TerminationGracePeriodSeconds > 25 + 60);
    }

    [Fact]
    public void Keep_their_volumes()
    {
        Assert.Equal(["data 500Gi hub-data", "wal 50Gi hub-wal", "backup 200Gi hub-backup"],
            Set.Spec.VolumeClaimTemplates.Select(claim => $"{claim.Metadata.Name} {claim.Spec.Resources.Requests["storage"]} {claim.Spec.StorageClassName}"));
        Assert.Equal(("Retain", "Retain"), (Set.Spec.PersistentVolumeClaimRetentionPolicy.WhenDeleted, Set.Spec.PersistentVolumeClaimRetentionPolicy.WhenScaled));
        Assert.All(Published.Of("recommended").All<V1StorageClass>(), item => Assert.Equal((item.Metadata.Name == "hub-scratch" ? "Delete" : "Retain", "WaitForFirstConsumer", true), (item.ReclaimPolicy, item.VolumeBindingMode, item.AllowVolumeExpansion)));
    }

    [Fact]
    public void Roll_when_their_configuration_changes_and_only_then()
    {
        string Checksum(ClusterTopology topology) => Analytics.Topology.Kubernetes.KubernetesManifests.For(topology, new()).SelectMany(file => file.Objects).OfType<V1StatefulSet>()
            .Single(set => set.Metadata.Name == "timescaledb").Spec.Template.Metadata.Annotations["checksum/config"];
        var topology = Presets.Recommended;
        Assert.Equal(Checksum(topology), Checksum(topology.With(cluster => cluster with { Ingest = cluster.Ingest with { MaxReplicas = 5 } })));
        Assert.NotEqual(Checksum(topology), Checksum(topology.With(cluster => cluster with { Database = cluster.Database with { MaxConnections = 300 } })));
    }

    /// <summary>Whom a stopping pod hands the leadership to, by the hook itself.</summary>
    [Theory]
    [InlineData("timescaledb-3", "leader timescaledb-3, quorum_standby timescaledb-2, quorum_standby timescaledb-1", "timescaledb-1")]
    [InlineData("timescaledb-1", "leader timescaledb-1, quorum_standby timescaledb-2, quorum_standby timescaledb-10", "timescaledb-2")]
    [InlineData("timescaledb-1", "leader timescaledb-1, replica timescaledb-2, sync_standby timescaledb-3", "timescaledb-3")]
    [InlineData("timescaledb-1", "leader timescaledb-1, replica timescaledb-2", "None")]
    [InlineData("timescaledb-2", "leader timescaledb-1, quorum_standby timescaledb-2", "None")]
    [InlineData("timescaledb-1", "leader timescaledb-1", "None")]
    [InlineData("timescaledb-1", "pause, leader timescaledb-1, quorum_standby timescaledb-2", "None")]
    public void Hand_over_to_the_synchronous_standby_that_restarts_last(string name, string members, string target)
    {
        var script = Published.Of("recommended").One<V1ConfigMap>("timescaledb-init-scripts").Data["pre-stop.py"];
        var list = string.Join(',', members.Split(", ").Where(member => member != "pause")
            .Select(member => $"{{'role':'{member.Split(' ')[0]}','name':'{member.Split(' ')[1]}','state':'streaming'}}"));
        var cluster = $"{{'members':[{list}],'pause':{(members.StartsWith("pause", StringComparison.Ordinal) ? "True" : "False")}}}";
        Assert.Equal(target, Python(script + $"\nprint(candidate({cluster}, '{name}'))\n").Trim());
    }

    private static string Python(string script)
    {
        if (Environment.GetEnvironmentVariable("PATH")!.Split(Path.PathSeparator).All(directory => !File.Exists(Path.Combine(directory, "python3"))))
            Assert.Skip("python3 is not on this machine; the database images have it.");
        var start = new ProcessStartInfo("python3", "-") { RedirectStandardInput = true, RedirectStandardOutput = true };
        using var process = Process.Start(start)!;

        // Read from standard input it is the main program, whose last line is not to run here.
        process.StandardInput.Write(script.Replace("if __name__ == \"__main__\":\n    main()\n", "", StringComparison.Ordinal));
        process.StandardInput.Close();
        return process.StandardOutput.ReadToEnd();
    }

    private static string Variable(string name) => Patroni.Env.Single(variable => variable.Name == name).Value;
}
