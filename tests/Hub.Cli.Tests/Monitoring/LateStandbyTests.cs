using Analytics.Topology;
using Npgsql;

namespace Hub.Cli.Tests.Monitoring;

/// <summary>
/// A backup from standbys that replay late. Left to itself pgBackRest (2.55.1) may wait minutes for a restartpoint and fail: the one it
/// asks for comes before the checkpoint's record is replayed.
/// </summary>
[Trait(Tiers.Trait, Tiers.Integration), Collection(nameof(HubUnderLoad))]
public sealed class LateStandbyTests(HubUnderLoad fixture, ITestOutputHelper output)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>
    /// A query that reads a table holds back the replay of its removal, and of everything after that, for as long as the standby is told to
    /// let it. It is let go 20 s after pgBackRest has come: the job asks every ten seconds.
    /// </summary>
    [Fact]
    public async Task A_backup_gets_the_restartpoint_that_it_waits_for()
    {
        var members = await fixture.Cluster.MembersAsync(Cancel);
        var leader = members.Single(member => member.Role == "Leader").Name;
        var table = $"public.late_{Guid.NewGuid():N}";
        await AskAsync(leader, $"CREATE TABLE {table} ()");
        var standbys = members.Select(member => member.Name).Where(name => name != leader).ToList();
        var readers = new List<Task>();
        try
        {
            foreach (var standby in standbys)
            {
                await UntilAsync(standby, $"SELECT to_regclass('{table}') IS NOT NULL");
                await AskAsync(standby, "ALTER SYSTEM SET max_standby_streaming_delay = '10min'");
                await AskAsync(standby, "SELECT pg_reload_conf()");
                readers.Add(Record.ExceptionAsync(() => AskAsync(standby, $"BEGIN; SELECT FROM {table}; SELECT pg_sleep(600)")).AsTask());
                await UntilAsync(standby,
                    $"SELECT EXISTS (SELECT FROM pg_locks WHERE relation = '{table}'::regclass AND pid <> pg_backend_pid())");
            }

            await AskAsync(leader, $"DROP TABLE {table}");
            var backup = BackupRuns.RunAsync(fixture.Cluster, "diff", Cancel);
            await UntilAsync(leader, "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE application_name LIKE 'pgBackRest [backup]%')");
            await Task.Delay(TimeSpan.FromSeconds(20), Cancel);
            await ReleaseAsync(standbys);
            var run = (await backup).Accepted();
            output.WriteLine(run.Output);
            // What came of asking depends on how late the standbys are: the gateway leads to none that lags by more than 16 MB.
            Assert.Contains("pgBackRest waits for a restartpoint of a standby", run.Output, StringComparison.Ordinal);
        }
        finally
        {
            await ReleaseAsync(standbys);
            await Task.WhenAll(readers);
            foreach (var standby in standbys)
            {
                await AskAsync(standby, "ALTER SYSTEM RESET max_standby_streaming_delay");
                await AskAsync(standby, "SELECT pg_reload_conf()");
            }
        }
    }

    [Fact]
    public async Task The_role_of_the_jobs_may_ask_a_standby_for_a_restartpoint()
    {
        await using var connection = new NpgsqlConnection(fixture.Cluster.ConnectionString(ClusterNames.HaProxy, Ports.ReadOnly, Roles.App,
            Secrets.App));
        await Eventually.TrueAsync(async () =>
        {
            try
            {
                await connection.OpenAsync(Cancel);
                return true;
            }
            catch (NpgsqlException)
            {
                return false; // Both standbys may still lag from another test.
            }
        }, TimeSpan.FromMinutes(1), () => "the gateway leads to a standby", Cancel);

        await using var command = new NpgsqlCommand("CHECKPOINT", connection);
        await command.ExecuteNonQueryAsync(Cancel);
        command.CommandText = "SELECT pg_is_in_recovery()";
        Assert.Equal(true, await command.ExecuteScalarAsync(Cancel));
    }

    private async Task ReleaseAsync(IEnumerable<string> standbys)
    {
        foreach (var standby in standbys)
        {
            await AskAsync(standby, "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
                + "WHERE query LIKE '%pg_sleep(600)%' AND pid <> pg_backend_pid()");
        }
    }

    private Task UntilAsync(string member, string sql) => Eventually.TrueAsync(
        async () => await AskAsync(member, sql) == "t", TimeSpan.FromMinutes(1), () => $"{member} does not say yes to {sql}", Cancel);

    private Task<string> AskAsync(string member, string sql) => fixture.Cluster.SqlAsync(member, sql, Cancel);
}
