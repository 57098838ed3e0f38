using System.Runtime.Versioning;
using Analytics.Topology;
using Analytics.Topology.Containers;
using Analytics.Topology.Security;
using AppHost.Cluster;
using AppHost.Startup;

namespace AppHost.Tests;

public sealed class The_state_of_the_AppHost : IDisposable
{
    private readonly DirectoryInfo root = Directory.CreateTempSubdirectory("hub-state-");

    [Fact]
    public void Is_kept_from_one_run_to_the_next_and_across_profiles()
    {
        var first = Prepare(Presets.Development);
        var second = Prepare(Presets.DevelopmentSingle);
        var third = Prepare(Presets.Development);
        Assert.Equal(first.ApiKey, third.ApiKey);
        Assert.Equal(first.Files.Secrets[Secrets.Owner], second.Files.Secrets[Secrets.Owner]);
        foreach (var path in new[] { "ca/ca.crt", "tls/timescaledb/tls.crt", "tls/etcd/tls.key" })
            Assert.Equal(first.Text(path), third.Text(path));
    }

    [Fact]
    public void Is_readable_by_its_owner_only_where_it_is_secret()
    {
        if (OperatingSystem.IsWindows())
            Assert.Skip("Windows has no file modes");
        else
            PrivateFilesAreClosed();
    }

    [UnsupportedOSPlatform("windows")]
    private void PrivateFilesAreClosed()
    {
        Prepare(Presets.DevelopmentSingle);
        foreach (var file in new[] { "api-key", "secrets.env", "ca/ca.key", "tls/etcd/tls.key", "secret/pgbouncer/userlist.txt" })
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(root.FullName, file)));
    }

    [Fact]
    public void Does_not_take_volumes_whose_passwords_are_gone_however_often_it_is_asked()
    {
        Assert.Equal(["data"], Prepare(Presets.DevelopmentSingle).Claim(["data", "new"], ["data", "other"]));
        Assert.Equal(["data"], Prepare(Presets.DevelopmentSingle).Claim(["data", "new"], ["data", "new", "other"]));
    }

    [Fact]
    public void Does_not_take_its_own_volumes_either_when_only_the_passwords_are_gone()
    {
        Assert.Empty(Prepare(Presets.DevelopmentSingle).Claim(["data"], []));
        File.Delete(Path.Combine(root.FullName, SecretValues.FileName));
        Assert.Equal(["data"], Prepare(Presets.DevelopmentSingle).Claim(["data"], ["data"]));
        Assert.Equal(["data"], Prepare(Presets.DevelopmentSingle).Claim(["data"], ["data"]));
    }

    [Fact]
    public void Knows_the_volumes_that_its_own_runs_made()
    {
        Assert.Empty(Prepare(Presets.DevelopmentSingle).Claim(["data"], []));
        Assert.Empty(Prepare(Presets.DevelopmentSingle).Claim(["data", "more"], ["data"]));
        Assert.Empty(Prepare(Presets.DevelopmentSingle).Claim(["data", "more"], ["data", "more"]));
    }

    [Fact]
    public void Takes_what_is_there_when_its_passwords_are_older_than_the_list()
    {
        Prepare(Presets.DevelopmentSingle);
        Assert.Empty(Prepare(Presets.DevelopmentSingle).Claim(["data"], ["data"]));
        Assert.Empty(Prepare(Presets.DevelopmentSingle).Claim(["data"], ["data"]));
    }

    [Fact]
    public void Names_a_file_that_it_does_not_have() =>
        Assert.Contains("tls/nobody/tls.crt",
            Assert.Throws<InvalidOperationException>(() => Prepare(Presets.DevelopmentSingle).Text("tls/nobody/tls.crt")).Message,
            StringComparison.Ordinal);

    [Fact]
    public void Must_be_a_directory_that_can_be_written()
    {
        Assert.Null(Preflight.StateProblem(Path.Combine(root.FullName, "new", "aspire")));

        // A file where a directory should be refuses root too.
        var file = Path.Combine(root.FullName, "file");
        File.WriteAllText(file, "");
        var problem = Preflight.StateProblem(Path.Combine(file, "aspire"));
        Assert.Contains($"{file}/aspire cannot be written", problem, StringComparison.Ordinal);
        Assert.Contains("HUB_STATE=another-directory", problem, StringComparison.Ordinal);
    }

    public void Dispose() => root.Delete(recursive: true);

    private HubState Prepare(ClusterTopology topology) => HubState.Prepare(root.FullName, topology, ClusterContainers.For(topology),
        TimeProvider.System);
}
