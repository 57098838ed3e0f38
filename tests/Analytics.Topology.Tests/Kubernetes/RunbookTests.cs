using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using k8s.Models;

namespace Analytics.Topology.Tests.Kubernetes;

/// <summary>What the runbooks' kubectl commands name is what the published manifests make.</summary>
public partial class RunbookTests
{
    // What the commands themselves make.
    private static readonly string[] Made = ["job/NAME", "job/restore-plan", "job/restore-scratch", "job/backup-now", "configmap/patroni-restore"];

    private static readonly Published Published = Published.Of(Topology.Publishing.PublishSize.DefaultName);

    public static TheoryData<string> Commands => [.. Directory.EnumerateFiles(Path.Combine(Repository(), "docs/runbooks")).SelectMany(file => Kubectl().Matches(File.ReadAllText(file))
        .Select(match => match.Value.Trim())).Distinct().Order(StringComparer.Ordinal)];

    [Theory, MemberData(nameof(Commands))]
    public void Name_what_is_published(string command)
    {
        var there = Published.Objects.Select(item => $"{Kind(item.Kind)}/{item.Metadata.Name}").Concat(Made).ToHashSet();
        foreach (Match match in Named().Matches(command))
        {
            foreach (var name in match.Groups["names"].Value.Split(' ', StringSplitOptions.RemoveEmptyEntries))
                Assert.True(there.Contains($"{Kind(match.Groups["kind"].Value)}/{name}"), $"{command}: there is no {match.Groups["kind"].Value} {name}");
        }

        var set = Published.All<V1StatefulSet>().Single(set => set.Metadata.Name == ClusterNames.TimescaleDb);
        foreach (Match match in Pod().Matches(command))
        {
            var ordinal = int.Parse(match.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture);
            Assert.True(ordinal >= set.Spec.Ordinals.Start && ordinal < set.Spec.Ordinals.Start + set.Spec.Replicas, $"{command}: there is no pod {match.Value}");
        }

        foreach (Match match in Container().Matches(command))
            Assert.Contains(match.Groups[1].Value, set.Spec.Template.Spec.Containers.Select(container => container.Name));
        foreach (Match match in Selector().Matches(command))
            Assert.Contains(Published.Pods, pod => match.Groups[1].Value.Split(',').Select(pair => pair.Split('=')).All(pair => pod.Template.Metadata.Labels.TryGetValue(pair[0], out var value) && value == pair[1]));
    }

    [Fact]
    public void There_are_some() => Assert.True(Commands.Count > 25, $"{Commands.Count} commands were found");

    [Fact]
    public void The_paths_that_a_restore_by_hand_renames_are_those_of_a_member()
    {
        var text = File.ReadAllText(Path.Combine(Repository(), "docs/runbooks/lost-cluster.md"));
        Assert.Equal(($"{Paths.PgVolume}/data", $"{Paths.PgVolume}/wal/pg_wal"), (Paths.PgData, Paths.WalDirectory));
        Assert.Contains($"cd {Paths.PgVolume} &&", text, StringComparison.Ordinal);
        Assert.Contains($"cd {Paths.PgVolume}\n", text, StringComparison.Ordinal);
        // The ConfigMap that the procedure makes is mounted beside patroni.yml.
        var set = Published.All<V1StatefulSet>().Single(set => set.Metadata.Name == ClusterNames.TimescaleDb).Spec.Template.Spec;
        var volume = set.Volumes.Single(volume => volume.Projected?.Sources.Any(source => source.ConfigMap is { Name: "patroni-restore", Optional: true }) == true);
        Assert.Equal(Paths.Config, set.Containers.Single(container => container.Name == ClusterNames.TimescaleDb).VolumeMounts.Single(mount => mount.Name == volume.Name).MountPath);
    }

    private static string Kind(string kind) => kind.ToUpperInvariant().TrimEnd('S') switch { "CRONJOB" => "cronjob", "STATEFULSET" => "statefulset", "DEPLOYMENT" => "deployment", "CONFIGMAP" => "configmap", "JOB" => "job", var other => other };

    private static string Repository([CallerFilePath] string source = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(source)!, "../../.."));

    [GeneratedRegex(@"kubectl -n timescaledb [^`\n]*")]
    private static partial Regex Kubectl();

    [GeneratedRegex(@"(?<= )(?<kind>cronjob|deployment|statefulset|configmap)[ /](?<names>(?:[a-z][a-z0-9-]*(?: |$))+)|(?<= |=)(?<kind>job|cronjob|deployment)/(?<names>[A-Za-z][a-z0-9A-Z-]*)")]
    private static partial Regex Named();

    [GeneratedRegex(@"(?<=[ /])timescaledb-(\d+)\b")]
    private static partial Regex Pod();

    [GeneratedRegex(@"(?<= )-c ([a-z-]+)(?= |$)")]
    private static partial Regex Container();

    [GeneratedRegex(@"(?<= )-l ([^ ]+)")]
    private static partial Regex Selector();
}
