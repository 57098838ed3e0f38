using Analytics.Topology;
using Npgsql;

namespace Hub.Cli.Tests.Monitoring;

/// <summary>
/// Faults made for real: the alert is seen to fire in Prometheus, with texts that say something, and to resolve when the fault is gone. The rules are
/// those of every hub, twenty times as impatient (<see cref="FastRules"/>). Where analytics.system_health_check() speaks of the same thing, it agrees.
/// </summary>
[Trait(Tiers.Trait, Tiers.Nightly), Collection(nameof(MonitoredCluster))]
public sealed class AlertFaultTests(MonitoredCluster fixture, ITestOutputHelper output)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(100);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public Task An_exporter_stops() => MakeAsync(["DatabaseExporterDown"],
        () => fixture.EngineAsync("stop", "postgres-exporter-3"), () => fixture.EngineAsync("start", "postgres-exporter-3"));

    [Fact]
    public Task Ingest_is_gone() => MakeAsync(["IngestDown", "IngestGone"],
        () => fixture.EngineAsync("kill", ClusterNames.Ingest), () => fixture.EngineAsync("start", ClusterNames.Ingest));

    [Fact]
    public Task The_pool_is_gone_and_rows_wait() => MakeAsync(["PgBouncerDown", "GatewayGone", "IngestQueueOld", "IngestWriteFailing", "IngestAvailabilityBurnsFast"],
        () => fixture.EngineAsync("kill", ClusterNames.PgBouncer), () => fixture.EngineAsync("start", ClusterNames.PgBouncer), resolves: ["PgBouncerDown", "GatewayGone", "IngestQueueOld", "IngestWriteFailing"]);

    [Fact]
    public Task The_proxy_is_gone() => MakeAsync(["HaProxyDown", "GatewayGone"],
        () => fixture.EngineAsync("kill", ClusterNames.HaProxy), () => fixture.EngineAsync("start", ClusterNames.HaProxy));

    [Fact]
    public Task Etcd_loses_a_member_and_then_its_quorum() => MakeAsync(["EtcdMemberDown", "EtcdQuorumLost", "EtcdNoLeader"],
        () => fixture.EngineAsync("kill", "etcd-2", "etcd-3"),
        async () =>
        {
            await fixture.EngineAsync("start", "etcd-2", "etcd-3");
            await fixture.Cluster.UntilStreamingAsync(Cancel);
        });

    [Fact]
    public async Task The_primary_is_killed()
    {
        var leader = await fixture.LeaderAsync();
        await MakeAsync(["DatabaseMemberDown", "PatroniDown", "DatabaseDown", "NoLeader", "NoPrimaryInGateway", "TimelineChanged", "StandbyMissing"],
            () => fixture.EngineAsync("kill", leader),
            async () =>
            {
                await fixture.EngineAsync("start", leader);
                await fixture.Cluster.UntilStreamingAsync(Cancel);
            });
    }

    [Fact]
    public async Task Failover_is_paused()
    {
        var leader = await fixture.LeaderAsync();
        await MakeAsync(["ClusterPaused"], () => ExecAsync(leader, "patronictl", "pause", "--wait"), () => ExecAsync(leader, "patronictl", "resume", "--wait"));
    }

    /// <summary>The process that replays stands still. A pause by pg_wal_replay_pause() would not last: Patroni resumes it within a round.</summary>
    [Fact]
    public async Task A_replica_stops_to_replay()
    {
        var leader = await fixture.LeaderAsync();
        var replica = fixture.Cluster.Topology.Database.Hosts.First(host => host != leader);
        var startup = await fixture.SuperuserAsync(replica, "SELECT pid FROM pg_stat_activity WHERE backend_type = 'startup'");
        await MakeAsync(["ReplicationLag", "ReplicationBytesBehind"],
            async () =>
            {
                await ExecAsync(replica, "kill", "-STOP", startup);
                await fixture.SuperuserAsync(leader, "CREATE TABLE public.bulk AS SELECT md5(i::text) AS a, md5((-i)::text) AS b FROM generate_series(1, 400000) i; DROP TABLE public.bulk");
            },
            () => ExecAsync(replica, "kill", "-CONT", startup), health: "replication", status: "warning");
    }

    [Fact]
    public async Task Connections_run_out()
    {
        var sessions = new List<NpgsqlConnection>();
        await MakeAsync(["ConnectionsHigh", "ConnectionsExhausted"],
            async () =>
            {
                // One is left for whoever asks: 94 of 97 are above 95 %.
                for (var used = await UsedAsync(); used < 94; used++)
                    sessions.Add(await fixture.OpenAsync(Roles.ReadOnly, Secrets.ReadOnly));
            },
            async () =>
            {
                foreach (var session in sessions)
                    await session.DisposeAsync();
            }, health: "connections", status: "critical");
    }

    /// <summary>Sixty clients whose statements take eight seconds, over forty server connections.</summary>
    [Fact]
    public async Task The_pool_is_exhausted()
    {
        var load = Task.CompletedTask;
        await MakeAsync(["PoolExhausted", "PoolWaitLong"],
            () =>
            {
                load = ExecAsync("timescaledb-1", "env", "PGPASSWORD=" + fixture.Cluster.Deployment.Passwords[Secrets.ReadOnly], "sh", "-c",
                    $"echo 'SELECT pg_sleep(8);' > /tmp/sleep.sql && pgbench -n -c 60 -T 40 -f /tmp/sleep.sql 'host={ClusterNames.PgBouncer} port={Ports.PgBouncer} dbname={ClusterNames.Database} user={Roles.ReadOnly} sslmode=require'");
                return Task.CompletedTask;
            },
            () => load);
    }

    [Fact]
    public Task The_pool_is_paused() => MakeAsync(["PoolPaused"], () => ConsoleAsync($"DISABLE {ClusterNames.ReadOnlyDatabase}"), () => ConsoleAsync($"ENABLE {ClusterNames.ReadOnlyDatabase}"));

    [Fact]
    public Task Sessions_lock_each_other_out() => MakeAsync(["Deadlocks"],
        async () =>
        {
            for (var round = 0; round < 2; round++)
                await Task.WhenAll(Enumerable.Range(0, 4).SelectMany(pair => new[] { LockAsync(pair * 2, (pair * 2) + 1), LockAsync((pair * 2) + 1, pair * 2) }));
        }, () => Task.CompletedTask);

    [Fact]
    public async Task A_session_waits_for_a_lock()
    {
        await using var holder = await fixture.OpenAsync(Roles.Owner, Secrets.Owner);
        await using var waiter = await fixture.OpenAsync(Roles.Owner, Secrets.Owner);
        await RunAsync(holder, "SELECT pg_advisory_lock(77)");
        var waiting = Task.CompletedTask;
        await MakeAsync(["BlockedSessions"],
            () =>
            {
                waiting = RunAsync(waiter, "SELECT pg_advisory_lock(77)", timeout: 300);
                return Task.CompletedTask;
            },
            async () =>
            {
                await RunAsync(holder, "SELECT pg_advisory_unlock(77)");
                await waiting;
            });
    }

    [Fact]
    public async Task Old_rows_are_not_dropped()
    {
        await using var owner = await fixture.OpenAsync(Roles.Owner, Secrets.Owner);
        await MakeAsync(["RetentionBehind", "RetentionFarBehind"],
            () => RunAsync(owner, "INSERT INTO events.system_events (time, component, kind, message) VALUES (now() - interval '200 days', 'test', 'test', 'old')"),
            () => RunAsync(owner, "SELECT public.drop_chunks('events.system_events', older_than => interval '150 days')"), health: "retention", status: "critical");
    }

    [Fact]
    public async Task A_stranger_knocks()
    {
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var knocking = Task.Run(async () =>
        {
            while (!enough.IsCancellationRequested)
            {
                await fixture.PostAsync("hub_wrong", "gpt-4o", 1, TimeProvider.System.GetUtcNow(), Cancel);
                await Task.Delay(TimeSpan.FromMilliseconds(300), Cancel);
            }
        }, Cancel);
        await MakeAsync(["IngestUnauthorized"], () => Task.CompletedTask, async () =>
        {
            await enough.CancelAsync();
            await knocking;
        });
    }

    [Fact]
    public async Task A_clock_runs_ahead()
    {
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var sending = Task.Run(async () =>
        {
            while (!enough.IsCancellationRequested)
            {
                await fixture.PostAsync("gpt-4o", 20, TimeProvider.System.GetUtcNow().AddDays(2), Cancel);
                await Task.Delay(TimeSpan.FromMilliseconds(500), Cancel);
            }
        }, Cancel);
        await MakeAsync(["IngestRejecting"], () => Task.CompletedTask, async () =>
        {
            await enough.CancelAsync();
            await sending;
        });
    }

    /// <summary>Makes the fault, waits for its alerts, removes it, and waits until they are gone.</summary>
    private async Task MakeAsync(string[] alerts, Func<Task> fault, Func<Task> repair, string? health = null, string? status = null, string[]? resolves = null)
    {
        var seen = new Dictionary<string, FiringAlert>();
        var started = TimeProvider.System.GetTimestamp();
        try
        {
            await fault();
            await UntilAsync(async () =>
            {
                foreach (var alert in await fixture.Prometheus.FiringAsync(Cancel))
                    seen.TryAdd(alert.Name, alert);
                return alerts.All(seen.ContainsKey);
            }, () => $"not seen to fire: {string.Join(", ", alerts.Where(name => !seen.ContainsKey(name)))}; seen: {string.Join(", ", seen.Keys)}");
            output.WriteLine($"{string.Join(", ", alerts)} fired within {TimeProvider.System.GetElapsedTime(started).TotalSeconds:0} s");
            if (health is not null)
                Assert.Equal(status, await fixture.HealthAsync(health));
        }
        finally
        {
            await repair();
        }

        Assert.All(alerts, name =>
        {
            var texts = seen[name].Annotations["summary"] + seen[name].Annotations["description"];
            Assert.DoesNotContain("<error", texts, StringComparison.Ordinal);
            Assert.DoesNotContain("<no value>", texts, StringComparison.Ordinal);
        });
        started = TimeProvider.System.GetTimestamp();
        IReadOnlyList<string> left = [];
        await UntilAsync(async () => (left = [.. (await fixture.Prometheus.FiringAsync(Cancel)).Select(alert => alert.Name).Intersect(resolves ?? alerts)]).Count == 0,
            () => "still firing: " + string.Join(", ", left));
        output.WriteLine($"resolved within {TimeProvider.System.GetElapsedTime(started).TotalSeconds:0} s");
        if (health is not null)
            await UntilAsync(async () => await fixture.HealthAsync(health) == "ok", () => $"{health} is not ok again");
    }

    private static async Task UntilAsync(Func<Task<bool>> condition, Func<string> otherwise)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (!await condition())
        {
            if (TimeProvider.System.GetElapsedTime(started) > Patience)
                Assert.Fail(otherwise());
            await Task.Delay(TimeSpan.FromMilliseconds(500), Cancel);
        }
    }

    private async Task ExecAsync(string container, params string[] command)
    {
        var result = await fixture.Cluster[container].ExecAsync(command, Cancel);
        Assert.True(result.ExitCode == 0, result.Stdout + result.Stderr);
    }

    /// <summary>An order on PgBouncer's console, as its administrator.</summary>
    private Task ConsoleAsync(string order) => ExecAsync("timescaledb-1", "env", "PGPASSWORD=" + fixture.Cluster.Deployment.Passwords[Secrets.PgBouncer],
        "psql", "-X", $"host={ClusterNames.PgBouncer} port={Ports.PgBouncer} dbname=pgbouncer user={Roles.PgBouncer} sslmode=require", "-c", order);

    private async Task<int> UsedAsync()
    {
        await using var monitor = await fixture.OpenAsync(Roles.Monitor, Secrets.Monitor);
        await using var command = new NpgsqlCommand("SELECT count(*)::int FROM pg_stat_activity WHERE backend_type = 'client backend'", monitor);
        return (int)(await command.ExecuteScalarAsync(Cancel))!;
    }

    /// <summary>Two sessions that take the same locks in another order: one of them is broken off.</summary>
    private async Task LockAsync(int first, int second)
    {
        await using var session = await fixture.OpenAsync(Roles.Owner, Secrets.Owner);
        await RunAsync(session, $"BEGIN; SELECT pg_advisory_xact_lock(1000 + {first}); SELECT pg_sleep(0.5)");
        try
        {
            await RunAsync(session, $"SELECT pg_advisory_xact_lock(1000 + {second})");
        }
        catch (PostgresException broken) when (broken.SqlState == PostgresErrorCodes.DeadlockDetected)
        {
            // The one of the two that the server has chosen.
        }
    }

    private static async Task RunAsync(NpgsqlConnection connection, string sql, int timeout = 30)
    {
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = timeout };
        await command.ExecuteNonQueryAsync(Cancel);
    }
}
