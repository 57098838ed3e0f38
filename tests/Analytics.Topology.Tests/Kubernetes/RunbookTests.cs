using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using k8s.Models;

namespace Analytics.Topology.Tests.Kubernetes;

/// <summary>What the runbooks' kubectl commands name is what the published manifests make.</summary>
public partial class RunbookTests
{
    // What the commands themselves make.
    private static readonly string[] Made = ["job/NAME", "job/restore-plan", "job/restore-scratch", "configmap/patroni-restore"];

    private static readonly Published Published = Published.Of(Topology.Publishing.PublishSize.DefaultName);

    public static TheoryData<string> Commands =>
        [.. Directory.EnumerateFiles(Path.Combine(Repository(), "docs/runbooks"))
            .SelectMany(file => Kubectl().Matches(File.ReadAllText(file))
        .Select(match => match.Value.Trim())).Distinct().Order(StringComparer.Ordinal)];

    [Theory, MemberData(nameof(Commands))]
    public void Name_published_objects(string command)
    {
        var there = Published.Objects.Select(item => $"{Kind(item.Kind)}/{item.Metadata.Name}").Concat(Made).ToHashSet();
        foreach (Match match in Named().Matches(command))
        {
            foreach (var name in match.Groups["names"].Value.Split(' ', StringSplitOptions.RemoveEmptyEntries))
                Assert.True(there.Contains($"{Kind(match.Groups["kind"].Value)}/{name}"),
                    $"{command}: there is no {match.Groups["kind"].Value} {name}");
        }

        var set = Published.All<V1StatefulSet>().Single(set => set.Metadata.Name == ClusterNames.TimescaleDb);
        foreach (Match match in Pod().Matches(command))
        {
            var ordinal = int.Parse(match.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture);
            Assert.True(ordinal >= set.Spec.Ordinals.Start && ordinal < set.Spec.Ordinals.Start + set.Spec.Replicas,
                $"{command}: there is no pod {match.Value}");
        }

        foreach (Match match in Container().Matches(command))
            Assert.Contains(match.Groups["container"].Value, Containers(match.Groups["target"].Value));
        foreach (Match match in Deployed().Matches(command))
            Assert.Contains(Published.Objects,
                item => Kind(item.Kind) == Kind(match.Groups["kind"].Value) && item.Metadata.Name == match.Groups["name"].Value);
        foreach (Match match in Selector().Matches(command))
            Assert.Contains(Published.Pods,
                pod => match.Groups[1].Value.Split(',').Select(pair => pair.Split('='))
                    .All(pair => pod.Template.Metadata.Labels.TryGetValue(pair[0], out var value) && value == pair[1]));
    }

    public static TheoryData<string> Runbooks =>
        [.. Directory.EnumerateFiles(Path.Combine(Repository(), "docs/runbooks")).Select(file => Path.GetFileName(file))
            .Order(StringComparer.Ordinal)];

    /// <summary>
    /// An alert's runbook ends with each command for both places, and has none of the local ones without its other half. The procedures for
    /// what is lost have both in their text.
    /// </summary>
    [Theory, MemberData(nameof(Runbooks))]
    public void Have_each_command_for_local_and_Kubernetes(string name)
    {
        var text = File.ReadAllText(Path.Combine(Repository(), "docs/runbooks", name));
        if (char.IsLower(name[0]))
        {
            Assert.Contains("./hub ", text, StringComparison.Ordinal);
            Assert.Contains("kubectl -n timescaledb ", text, StringComparison.Ordinal);
            return;
        }

        var parts = text.Split("\n## Commands\n");
        Assert.Equal(2, parts.Length);
        var lines = parts[1].Split('\n').Where(line => line.TrimStart().StartsWith("- ", StringComparison.Ordinal)).ToList();
        var pairs = lines.Chunk(3).ToList();
        Assert.NotEmpty(pairs);
        Assert.All(pairs, pair =>
        {
            Assert.Equal(3, pair.Length);
            Assert.Matches("^- [^`]+$", pair[0]);
            Assert.Matches(@"^  - local: `(\./hub|docker|curl|openssl) [^`]+`$", pair[1]);
            Assert.Matches(@"^  - Kubernetes: `(kubectl -n \S+ [^`]+|aspire-manifest/kubernetes/deploy\.sh[^`]*)`$", pair[2]);
        });
        var local = pairs.Select(pair => pair[1].Split('`')[1]).ToHashSet();
        foreach (Match command in Local().Matches(parts[0]))
            Assert.True(local.Any(known => known == command.Groups[1].Value || command.Groups[1].Value.Replace("…", "NAME",
                StringComparison.Ordinal) == known), $"{name}: {command.Value} has no Kubernetes command");
    }

    /// <summary>What deploy.sh is asked for is an option that it has.</summary>
    [Fact]
    public void Options_of_deploy_exist()
    {
        var script = File.ReadAllText(Path.Combine(Repository(), "aspire-manifest/kubernetes/deploy.sh"));
        var options = Directory.EnumerateFiles(Path.Combine(Repository(), "docs/runbooks"))
            .SelectMany(file => DeployOption().Matches(File.ReadAllText(file))).Select(match => match.Groups[1].Value).Distinct().ToList();
        Assert.NotEmpty(options);
        Assert.All(options, option => Assert.Contains($"\n      {option})", script, StringComparison.Ordinal));
    }

    /// <summary>Both ask PostgreSQL, and local connections need a password as well: without one pgBackRest finds no primary.</summary>
    [Fact]
    public void PgBackRest_is_given_a_password_where_it_asks_the_database()
    {
        var commands = Commands.Select(row => row.Data).Where(command => AsksDatabase().IsMatch(command)).ToList();
        Assert.NotEmpty(commands);
        Assert.All(commands,
            command => Assert.Contains("PGPASSWORD=$PATRONI_SUPERUSER_PASSWORD exec pgbackrest ", command, StringComparison.Ordinal));
    }

    /// <summary>A Job stays for days after it has ended: the next person who follows a runbook needs another name.</summary>
    [Fact]
    public void A_job_that_is_created_for_a_backup_has_a_name_of_its_own()
    {
        var commands = Commands.Select(row => row.Data).Where(command => command.Contains(" create job backup", StringComparison.Ordinal))
            .ToList();
        Assert.NotEmpty(commands);
        Assert.All(commands, command => Assert.Contains(" create job backup-$(date +%s) ", command, StringComparison.Ordinal));
    }

    private static IEnumerable<string> Containers(string target)
    {
        var workload = target is "" ? ClusterNames.TimescaleDb : target.Contains('/', StringComparison.Ordinal)
            ? target.Split('/')[1] : target.StartsWith("etcd-", StringComparison.Ordinal) ? ClusterNames.Etcd : ClusterNames.TimescaleDb;
        return Published.Pods.Where(pod => pod.Workload.Replace(' ', '/').EndsWith("/" + workload, StringComparison.Ordinal))
            .SelectMany(pod => pod.Template.Spec.Containers).Select(container => container.Name);
    }

    [Fact]
    public void Commands_are_found() => Assert.True(Commands.Count > 25, $"{Commands.Count} commands were found");

    [Fact]
    public void The_paths_that_a_restore_by_hand_renames_are_those_of_a_member()
    {
        var text = File.ReadAllText(Path.Combine(Repository(), "docs/runbooks/lost-cluster.md"));
        Assert.Equal(($"{Paths.PgVolume}/data", $"{Paths.PgVolume}/wal/pg_wal"), (Paths.PgData, Paths.WalDirectory));
        Assert.Contains($"cd {Paths.PgVolume} &&", text, StringComparison.Ordinal);
        Assert.Contains($"cd {Paths.PgVolume}\n", text, StringComparison.Ordinal);
        // The ConfigMap that the procedure makes is mounted beside patroni.yml.
        var set = Published.All<V1StatefulSet>().Single(set => set.Metadata.Name == ClusterNames.TimescaleDb).Spec.Template.Spec;
        var volume =
            set.Volumes.Single(
                volume => volume.Projected?.Sources.Any(source => source.ConfigMap is { Name: "patroni-restore", Optional: true }) == true);
        Assert.Equal(Paths.Config,
            set.Containers.Single(container => container.Name == ClusterNames.TimescaleDb).VolumeMounts.Single(
                mount => mount.Name == volume.Name).MountPath);
    }

    private static string Kind(string kind) => kind.ToUpperInvariant().TrimEnd('S') switch
    {
        "CRONJOB" => "cronjob",
        "STATEFULSET" => "statefulset",
        "DEPLOYMENT" => "deployment",
        "CONFIGMAP" => "configmap",
        "JOB" => "job",
        var other => other
    };

    private static string Repository([CallerFilePath] string source = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(source)!, "../../.."));

    [GeneratedRegex(@"kubectl -n timescaledb [^`\n]*")]
    private static partial Regex Kubectl();

    [GeneratedRegex(@"(?<= )(?<kind>cronjob|deployment|statefulset|configmap)[ /](?<names>(?:[a-z][a-z0-9-]*(?: |$))+)"
        + @"|(?<= |=)(?<kind>job|cronjob|deployment)/(?<names>[A-Za-z][a-z0-9A-Z-]*)")]
    private static partial Regex Named();

    [GeneratedRegex(@"pgbackrest [^;|]*\b(stanza-create|check)\b")]
    private static partial Regex AsksDatabase();

    [GeneratedRegex(@"(?<=[ /])timescaledb-(\d+)\b")]
    private static partial Regex Pod();

    // Of kubectl's own words: what follows -- is for a program in the container.
    [GeneratedRegex(@"(?<=^kubectl -n timescaledb (?:logs|exec)(?: -it)? )(?<target>[a-z0-9/-]*[a-z0-9])? ?"
        + @"(?:-l [^ ]+ )?-c (?<container>[a-z-]+)(?= |$)")]
    private static partial Regex Container();

    [GeneratedRegex("(?<= )(?<kind>deployment|statefulset|service)/(?<name>[a-z][a-z0-9-]*)")]
    private static partial Regex Deployed();

    [GeneratedRegex(@"`(\./hub [^`\n]+)`")]
    private static partial Regex Local();

    [GeneratedRegex(@"aspire-manifest/kubernetes/deploy\.sh (--[a-z0-9-]+)")]
    private static partial Regex DeployOption();

    [GeneratedRegex(@"(?<= )-l ([^ ]+)")]
    private static partial Regex Selector();
}
