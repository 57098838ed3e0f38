using System.Text.Json;
using Analytics.Topology;
using Hub.Operations.Patroni;

namespace Hub.Cli.Tests.Cluster;

/// <summary>pgBackRest in the running cluster: WAL goes to the repository by itself, backups come from a standby, replicas out of the repository.</summary>
[Trait(Tiers.Trait, Tiers.Integration)]
public sealed class BackupTests(ClusterFixture fixture) : IClassFixture<ClusterFixture>
{
    private static readonly TimeSpan WaitLimit = TimeSpan.FromMinutes(2);

    private HubCluster Cluster => fixture.Cluster;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_segment_since_the_first_is_archived_and_none_had_to_wait_for_the_stanza()
    {
        var superuser = await LeaderAsync();
        await SwitchSegmentAsync();
        await Eventually.TrueAsync(async () => int.Parse(await SqlAsync(superuser.Name, "SELECT archived_count FROM pg_stat_archiver"), System.Globalization.CultureInfo.InvariantCulture) >= 2,
            WaitLimit, () => "two segments are archived", Cancel);
        var repository = await InfoAsync();
        Assert.Equal("000000010000000000000001", repository.GetProperty("archive")[0].GetProperty("min").GetString());
    }

    [Fact]
    public async Task A_full_backup_comes_from_a_standby_and_a_differential_builds_on_it()
    {
        var full = await PgBackRestAsync("--type=full", "--log-level-console=detail", "backup");
        var leader = (await Cluster.MembersAsync(Cancel)).Single(member => member.Role == "Leader").Name;
        Assert.Contains("wait for replay on the standby", full.Output, StringComparison.Ordinal);
        var copied = full.Output.Split('\n').Where(line => line.Contains($"{Paths.PgData}/base/", StringComparison.Ordinal)).ToList();
        Assert.NotEmpty(copied);
        Assert.All(copied, line => Assert.DoesNotContain(leader.Replace(ClusterNames.TimescaleDb, ClusterNames.BackupServer, StringComparison.Ordinal), line, StringComparison.Ordinal));
        await PgBackRestAsync("--type=diff", "backup");
        var sets = (await InfoAsync()).GetProperty("backup").EnumerateArray().ToList();
        Assert.Equal(["full", "diff"], sets.Select(set => set.GetProperty("type").GetString()).TakeLast(2));
        Assert.Equal(sets[^2].GetProperty("label").GetString(), sets[^1].GetProperty("prior").GetString());
        Assert.All(sets, set => Assert.False(set.GetProperty("error").GetBoolean()));
    }

    [Fact]
    public async Task The_repository_holds_nothing_readable()
    {
        await PgBackRestAsync("--type=full", "--log-level-console=detail", "backup");
        var leader = await LeaderAsync();
        var info = await Cluster[leader.Name].ExecAsync(["head", "-c", "8", $"{Paths.BackupRepository}/backup/{Cluster.Topology.Stanza}/backup.info"], Cancel);
        Assert.Equal("Salted__", info.Stdout);
    }

    [Fact]
    public async Task A_member_that_lost_its_volumes_comes_back_out_of_the_repository()
    {
        await PgBackRestAsync("--type=full", "backup");
        await SwitchSegmentAsync();
        var lost = (await Cluster.MembersAsync(Cancel)).First(member => member.Role != "Leader").Name;
        await Cluster.ReplaceAsync(lost, Cancel);
        await Eventually.TrueAsync(async () => (await LogAsync(lost)).Contains("replica has been created using", StringComparison.Ordinal), WaitLimit, () => $"{lost} is a replica again", Cancel);
        await Cluster.UntilStreamingAsync(Cancel);
        Assert.Contains("replica has been created using pgbackrest", await LogAsync(lost), StringComparison.Ordinal);

        // WAL lies where it did before: on its own volume, where there is one.
        var link = await Cluster[lost].ExecAsync(["readlink", "-f", $"{Paths.PgData}/pg_wal"], Cancel);
        Assert.Equal(Paths.WalDirectory, link.Stdout.Trim());

        // And it can serve the runner again.
        Assert.Contains("completed successfully", (await PgBackRestAsync("check")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_refuses_the_certificate_of_anybody_but_the_runner()
    {
        var stranger = Cluster.Deployment.Container(ClusterNames.Backup);
        stranger = stranger with
        {
            Image = Cluster.Topology.Images.Database,
            Directories = [.. stranger.Directories.Where(directory => directory.Path != Paths.Tls),
                Cluster.Deployment.Container(ClusterNames.Migrations).Directories.Single(directory => directory.Path == Paths.Tls)],
        };
        var result = await Cluster.RunAsync(stranger, ["pgbackrest", $"--stanza={Cluster.Topology.Stanza}", "check"], Cancel);

        // The server hangs up on a stranger without a word.
        Assert.Equal(27, result.ExitCode);
        Assert.Contains("unable to check pg1: [ServiceError] TLS error", result.Output, StringComparison.Ordinal);
    }

    /// <summary>pgBackRest as the runner calls it.</summary>
    private async Task<CheckResult> PgBackRestAsync(params string[] arguments)
    {
        var runner = Cluster.Deployment.Container(ClusterNames.Backup) with { Image = Cluster.Topology.Images.Database };
        return (await Cluster.RunAsync(runner, ["pgbackrest", $"--stanza={Cluster.Topology.Stanza}", .. arguments], Cancel)).Accepted();
    }

    private async Task<JsonElement> InfoAsync()
    {
        using var document = JsonDocument.Parse((await PgBackRestAsync("--log-level-console=off", "--output=json", "info")).Output);
        return document.RootElement[0].Clone();
    }

    private async Task SwitchSegmentAsync() => await SqlAsync((await LeaderAsync()).Name, "CREATE TABLE IF NOT EXISTS public.switched (at int); INSERT INTO public.switched VALUES (1); SELECT pg_switch_wal()");

    private async Task<PatroniMember> LeaderAsync() => (await Cluster.MembersAsync(Cancel)).Single(member => member.Role == "Leader");

    private Task<string> SqlAsync(string member, string sql) => Cluster.SqlAsync(member, sql, Cancel);

    private async Task<string> LogAsync(string name)
    {
        var (output, error) = await Cluster[name].GetLogsAsync(timestampsEnabled: false, ct: Cancel);
        return output + error;
    }
}
