using Analytics.Topology.Containers;

namespace Analytics.Topology.Tests.Containers;

/// <summary>What holds for the containers of every preset.</summary>
public class ContainerSpecTests
{
    /// <summary>Local addresses that users and tests rely on (docs/ARCHITECTURE.md): nothing more, nothing less.</summary>
    private static readonly int[] PublicPorts = [4317, 4318, 5000, 5001, 6432, 8080, 9090];

    public static TheoryData<string> Everywhere => Definitions.PresetNames;

    [Theory, MemberData(nameof(Everywhere))]
    public void Names_are_unique_DNS_labels(string preset)
    {
        var names = Containers(preset).Select(container => container.Name).ToList();
        Assert.Equal(names.Distinct(), names);
        Assert.All(names, name => Assert.Matches("^[a-z][a-z0-9-]{0,62}$", name));
    }

    [Theory, MemberData(nameof(Everywhere))]
    public void Each_starts_after_containers_that_exist_and_come_before_it(string preset)
    {
        var started = new HashSet<string>();
        foreach (var container in Containers(preset))
        {
            Assert.All(container.After, name => Assert.Contains(name, started));
            started.Add(container.Name);
        }
    }

    [Theory, MemberData(nameof(Everywhere))]
    public void The_developer_reaches_exactly_the_ports_that_are_promised(string preset) =>
        Assert.Equal(PublicPorts, Containers(preset).SelectMany(container => container.Ports).Select(port => port.HostPort).OfType<int>().Order());

    [Theory, MemberData(nameof(Everywhere))]
    public void Every_reference_is_to_a_known_secret(string preset) =>
        Assert.All(Containers(preset).SelectMany(container => container.Environment.Values).SelectMany(value => value.Parts()).Where(part => part.IsSecret),
            part => Assert.Contains(part.Text, Secrets.All.Concat(Secrets.Given)));

    /// <summary>It changes Patroni, so that whoever did not ask for it has nothing of it.</summary>
    [Theory, MemberData(nameof(Everywhere))]
    public void No_member_watches_a_lease_by_default(string preset)
    {
        Assert.DoesNotContain(Containers(preset), container => container.Environment.ContainsKey("HUB_LEASE_WITNESSES"));
        Assert.DoesNotContain(Containers(preset).SelectMany(container => container.Directories).SelectMany(directory => directory.Files), file => file.Name.StartsWith("lease_", StringComparison.Ordinal));
    }

    [Theory, MemberData(nameof(Everywhere))]
    public void Every_secret_has_a_reader(string preset)
    {
        var read = Containers(preset).SelectMany(container => container.Environment.Values).SelectMany(value => value.Parts()).Where(part => part.IsSecret).Select(part => part.Text);
        Assert.Empty(Secrets.All.Except(read));
    }

    [Theory, MemberData(nameof(Everywhere))]
    public void A_mounted_directory_holds_the_same_files_wherever_it_is_mounted(string preset)
    {
        foreach (var directory in Containers(preset).SelectMany(container => container.Directories).GroupBy(directory => directory.Source))
            Assert.Single(directory.Select(mounted => string.Join('\n', mounted.Files.OrderBy(file => file.Name).Select(file => $"{file.Name} {file.Secret} {file.Text}"))).Distinct());
    }

    [Theory, MemberData(nameof(Everywhere))]
    public void Rendered_files_have_text_and_secret_files_have_none(string preset) =>
        Assert.All(Containers(preset).SelectMany(container => container.Directories).SelectMany(directory => directory.Files), file => Assert.Equal(file.Secret, file.Text is null));

    [Theory, MemberData(nameof(Everywhere))]
    public void Certificates_passwords_and_configuration_never_share_a_directory(string preset) =>
        Assert.All(Containers(preset).SelectMany(container => container.Directories), directory => Assert.Single(directory.Files.Select(file => file.Secret).Distinct()));

    [Theory, MemberData(nameof(Everywhere))]
    public void A_volume_is_written_by_one_container_but_for_the_repository(string preset)
    {
        var written = Containers(preset).SelectMany(container => container.Volumes).Where(volume => !volume.ReadOnly && volume.Path != Paths.BackupRepository).Select(volume => volume.Name).ToList();
        Assert.Equal(written.Distinct(), written);
    }

    [Theory, MemberData(nameof(Everywhere))]
    public void The_server_beside_a_member_reads_that_members_files_and_nothing_more(string preset)
    {
        var containers = Containers(preset).ToDictionary(container => container.Name);
        foreach (var (host, i) in Definitions.Presets[preset].Database.Hosts.Select((host, i) => (host, i)))
        {
            var server = containers[$"backup-server-{i + 1}"];
            Assert.All(server.Volumes, volume => Assert.True(volume.ReadOnly));
            Assert.Equal([host, $"{host}-run"], server.Volumes.Select(volume => volume.Name));
            Assert.DoesNotContain(server.Environment.Values, value => value.Template.Contains("BACKUP_", StringComparison.Ordinal));
        }
    }

    [Theory, MemberData(nameof(Everywhere))]
    public void Nothing_is_mounted_below_or_over_another_mount(string preset)
    {
        foreach (var container in Containers(preset))
        {
            var paths = container.Directories.Select(directory => directory.Path).Concat(container.Volumes.Select(volume => volume.Path)).Concat(container.Scratch).ToList();
            Assert.All(paths, path => Assert.DoesNotContain(paths, other => !ReferenceEquals(other, path) && (other + "/").StartsWith(path + "/", StringComparison.Ordinal)));
        }
    }

    [Theory, MemberData(nameof(Everywhere))]
    public void Every_long_running_container_has_a_memory_limit(string preset) =>
        Assert.All(Containers(preset).Where(container => !container.RunsOnce), container => Assert.NotNull(container.MemoryLimit));

    [Theory, MemberData(nameof(Everywhere))]
    public void Backups_have_fewer_CPU_shares(string preset) => Assert.All(Containers(preset), container =>
        Assert.Equal(container.Name.StartsWith(ClusterNames.Backup, StringComparison.Ordinal) ? 128 : null, container.CpuShares));

    [Theory, MemberData(nameof(Everywhere))]
    public void Only_the_database_writes_outside_its_volumes(string preset) =>
        Assert.All(Containers(preset), container => Assert.Equal(!container.Name.StartsWith("timescaledb-", StringComparison.Ordinal), container.ReadOnlyRoot));

    private static IReadOnlyList<ContainerSpec> Containers(string preset) => ClusterContainers.For(Definitions.Presets[preset]);
}
