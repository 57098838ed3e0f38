using System.Text;
using Analytics.Topology;
using Analytics.Topology.Security;
using Npgsql;

namespace Hub.Cli.Tests.Monitoring;

/// <summary>
/// Faults made for real: the alert is seen to fire in Prometheus, with texts that say something, and to resolve when the fault is gone. The
/// rules are those of every hub, only more impatient (<see cref="FastRules"/>). With the faults and without them
/// analytics.system_health_check() says the same as the alerts (<see cref="HealthAgreement"/>).
/// </summary>
[Trait(Tiers.Trait, Tiers.Fault), Collection(nameof(MonitoredCluster))]
public sealed class AlertFaultTests(MonitoredCluster fixture, ITestOutputHelper output)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>
    /// Each fault has a part of its own: one replica does not replay, the other has lost its exporter and shows a bad certificate.
    /// </summary>
    [Fact]
    public async Task Faults_beside_each_other()
    {
        var leader = await fixture.LeaderAsync();
        var replicas = fixture.Cluster.Topology.Database.Hosts.Where(host => host != leader).ToList();
        await using var owner = await fixture.OpenAsync(Roles.Owner, Secrets.Owner);
        await using var holder = await fixture.OpenAsync(Roles.Owner, Secrets.Owner);
        await using var waiter = await fixture.OpenAsync(Roles.Owner, Secrets.Owner);
        await new FaultWave(fixture, output).RunAsync(
            NobodyKnowsThePrice(owner), AStrangerKnocks(), AClockRunsAhead(), SessionsLockEachOtherOut(), ASessionWaits(holder, waiter),
            OldRowsAreNotDropped(owner),
            new Fault(["ClusterPaused"], () => ExecAsync(leader, "patronictl", "pause", "--wait"),
                () => ExecAsync(leader, "patronictl", "resume", "--wait")),
            new Fault(["PoolPaused"], () => ConsoleAsync($"DISABLE {ClusterNames.ReadOnlyDatabase}"),
                () => ConsoleAsync($"ENABLE {ClusterNames.ReadOnlyDatabase}")),
            new Fault(["DatabaseExporterDown"], () => fixture.EngineAsync("stop", ExporterOf(replicas[1])),
                () => fixture.EngineAsync("start", ExporterOf(replicas[1]))),
            ACertificateIsAboutToExpire(replicas[1]), AReplicaStopsToReplay(leader, replicas[0]),

            // Mended last: a good backup needs every standby.
            TheRepositoryIsClosed(leader));
    }

    /// <summary>Connections to the primary, and the pool of readers, whose servers are the replicas.</summary>
    [Fact]
    public async Task Connections_and_pool_run_out()
    {
        var sessions = new List<NpgsqlConnection>();
        var load = Task.CompletedTask;
        await new FaultWave(fixture, output).RunAsync(
            new Fault(["PoolExhausted", "PoolWaitLong"],
                () =>
                {
                    // Twenty clients over ten server connections: half of them always wait, up to 15 s, less than the pool lets them.
                    load = fixture.Cluster["timescaledb-1"].ExecAsync(["env", "PGPASSWORD=" + Password(Secrets.ReadOnly), "sh", "-c",
                        "echo 'SELECT pg_sleep(15);' > /tmp/sleep.sql && exec pgbench -n -c 20 -T 600 -f /tmp/sleep.sql "
                            + $"'host={ClusterNames.PgBouncer} port={Ports.PgBouncer} dbname={ClusterNames.ReadOnlyDatabase} "
                                + $"user={Roles.ReadOnly} sslmode=require'"], Cancel);
                    return Task.CompletedTask;
                },
                async () =>
                {
                    await ExecAsync("timescaledb-1", "pkill", "pgbench");
                    await load;
                }),
            new Fault(["ConnectionsHigh", "ConnectionsExhausted"],
                async () =>
                {
                    // One is left for whoever asks: 94 of 97 are above 95 %.
                    while (await UsedAsync() < 94)
                        sessions.Add(await fixture.OpenAsync(Roles.ReadOnly, Secrets.ReadOnly));
                },
                async () =>
                {
                    foreach (var session in sessions)
                        await session.DisposeAsync();
                })
            { Health = ("connections", "critical") });
    }

    /// <summary>Without etcd the leader goes on by failsafe; rows wait because the way to it is gone.</summary>
    [Fact]
    public Task Etcd_and_the_gateway_are_gone() => new FaultWave(fixture, output).RunAsync(
        new Fault(["EtcdMemberDown", "EtcdQuorumLost", "EtcdNoLeader"], () => fixture.EngineAsync("kill", "etcd-2", "etcd-3"),
            () => fixture.EngineAsync("start", "etcd-2", "etcd-3")),
        new Fault(["HaProxyDown", "GatewayGone"], () => fixture.EngineAsync("kill", ClusterNames.HaProxy),
            () => fixture.EngineAsync("start", ClusterNames.HaProxy)),
        ApplicationsSendWithoutWaiting("IngestAvailabilityBurnsFast"),
        new Fault(["PgBouncerDown", "IngestQueueOld", "IngestWriteFailing"], () => fixture.EngineAsync("kill", ClusterNames.PgBouncer),
            async () =>
            {
                await fixture.EngineAsync("start", ClusterNames.PgBouncer);
                await fixture.Cluster.UntilStreamingAsync(Cancel);
            }));

    [Fact]
    public async Task The_primary_and_ingest_are_gone()
    {
        var leader = await fixture.LeaderAsync();
        await new FaultWave(fixture, output).RunAsync(
            new Fault(["IngestDown", "IngestGone"], () => fixture.EngineAsync("kill", ClusterNames.Ingest),
                () => fixture.EngineAsync("start", ClusterNames.Ingest)),
            new Fault(["DatabaseMemberDown", "PatroniDown", "DatabaseDown", "NoLeader", "NoPrimaryInGateway", "TimelineChanged",
                "StandbyMissing"],
                () => fixture.EngineAsync("kill", leader),
                async () =>
                {
                    await fixture.EngineAsync("start", leader);
                    await fixture.Cluster.UntilStreamingAsync(Cancel);
                }));
    }

    /// <summary>
    /// Two requests a second, whether the last ones were answered or not. The fixture's own traffic waits for each answer: while nothing
    /// can be stored it has two refused in a minute, fewer than <paramref name="alert"/> asks for.
    /// </summary>
    private Fault ApplicationsSendWithoutWaiting(string alert)
    {
        var requests = new List<Task>();
        var sender = Fault.Repeated([alert],
            cancel =>
            {
                requests.Add(SendAsync(cancel));
                return Task.CompletedTask;
            }, TimeSpan.FromMilliseconds(500));
        return sender with
        {
            Mend = async () =>
            {
                await sender.Mend();
                await Task.WhenAll(requests);
            },
        };

        async Task SendAsync(CancellationToken cancel)
        {
            try
            {
                await fixture.PostAsync("gpt-4o", 1, TimeProvider.System.GetUtcNow(), cancel);
            }
            catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
            {
                // Not answered within the client's time, which is part of the fault.
            }
        }
    }

    private Fault AStrangerKnocks() => Fault.Repeated(["IngestUnauthorized"],
        cancel => fixture.PostAsync("hub_wrong", "gpt-4o", 1, TimeProvider.System.GetUtcNow(), cancel), TimeSpan.FromMilliseconds(300));

    /// <summary>Most calls are of a model that no catalogue has. Their rows go at the end: the check looks back a whole day.</summary>
    private Fault NobodyKnowsThePrice(NpgsqlConnection owner)
    {
        var calls = Fault.Repeated(["UnpricedRequests", "UnpricedRequestsMost"],
            cancel => fixture.PostAsync("nobody-sells-this", 200, TimeProvider.System.GetUtcNow(), cancel), TimeSpan.FromMilliseconds(500));
        return calls with
        {
            Mend = async () =>
            {
                await calls.Mend();
                await RunAsync(owner, "DELETE FROM analytics.calls WHERE cost_usd IS NULL");
                await RunAsync(owner, "DELETE FROM aggregates.call_rollups WHERE priced_calls < calls");
            },
            Health = ("unpriced_requests", "warning"),
        };
    }

    private Fault AClockRunsAhead() => Fault.Repeated(["IngestRejecting"],
        cancel => fixture.PostAsync("gpt-4o", 20, TimeProvider.System.GetUtcNow().AddDays(2), cancel), TimeSpan.FromMilliseconds(500));

    private Fault SessionsLockEachOtherOut() => Fault.Repeated(["Deadlocks"],
        _ => Task.WhenAll(Enumerable.Range(0,
            4).SelectMany(pair => new[] { LockAsync(pair * 2, (pair * 2) + 1), LockAsync((pair * 2) + 1, pair * 2) })),
            TimeSpan.FromSeconds(1));

    private static Fault ASessionWaits(NpgsqlConnection holder, NpgsqlConnection waiter)
    {
        var waiting = Task.CompletedTask;
        return new Fault(["BlockedSessions"],
            async () =>
            {
                await RunAsync(holder, "SELECT pg_advisory_lock(77)");
                waiting = RunAsync(waiter, "SELECT pg_advisory_lock(77)", timeout: 600);
            },
            async () =>
            {
                await RunAsync(holder, "SELECT pg_advisory_unlock(77)");
                await waiting;
            });
    }

    private static Fault OldRowsAreNotDropped(NpgsqlConnection owner) =>
        new(["RetentionBehind", "RetentionFarBehind", "HealthCheckCritical"],
        () => RunAsync(owner, "INSERT INTO events.system_events (time, component, kind, message) VALUES (now() - interval '200 days', "
            + "'test', 'test', 'old')"),
        () => RunAsync(owner, "SELECT public.drop_chunks('events.system_events', older_than => interval '150 days')"))
        { Health = ("retention", "critical") };

    /// <summary>
    /// The process that replays stands still. A pause by pg_wal_replay_pause() would not last: Patroni resumes it within a round.
    /// </summary>
    private Fault AReplicaStopsToReplay(string leader, string replica)
    {
        var startup = "";
        return new Fault(["ReplicationLag", "ReplicationBytesBehind"],
            async () =>
            {
                startup = await fixture.SuperuserAsync(replica, "SELECT pid FROM pg_stat_activity WHERE backend_type = 'startup'");
                await ExecAsync(replica, "kill", "-STOP", startup);
                await fixture.SuperuserAsync(leader, "CREATE TABLE public.bulk AS SELECT md5(i::text) AS a, md5((-i)::text) AS b FROM "
                    + "generate_series(1, 400000) i; DROP TABLE public.bulk");
            },
            () => ExecAsync(replica, "kill", "-CONT", startup))
        { Health = ("replication", "warning") };
    }

    /// <summary>PostgreSQL shows a certificate that is valid for five more days, and then its own again.</summary>
    private Fault ACertificateIsAboutToExpire(string member)
    {
        var topology = fixture.Cluster.Topology;
        var old = Certificates.Issue(fixture.Cluster.Deployment.Authority, ClusterNames.TimescaleDb,
            CertificateNames.For(topology)[ClusterNames.TimescaleDb],
            TimeProvider.System.GetUtcNow(), TimeSpan.FromDays(5));
        return new Fault(["CertificateExpires", "CertificateExpiresSoon"], () => ShowAsync(member, old),
            () => ShowAsync(member, fixture.Cluster.Deployment.Certificate(ClusterNames.TimescaleDb)));
    }

    private async Task ShowAsync(string member, KeyPair pair)
    {
        foreach (var (path, text) in new[] { (Paths.CertFile, pair.CertificatePem), (Paths.KeyFile, pair.KeyPem) })
            await ExecAsync(member, "sh", "-c", $"echo {Convert.ToBase64String(Encoding.ASCII.GetBytes(text))} | base64 -d > {path}");
        await fixture.SuperuserAsync(member, "SELECT pg_reload_conf()");
    }

    /// <summary>Neither WAL nor a backup can be written, until the repository is open again and a backup succeeds.</summary>
    private Fault TheRepositoryIsClosed(string leader) => new(["WalArchiveFailing", "BackupFailed"],
        async () =>
        {
            await ExecAsync(leader, "chmod", "0", Paths.BackupRepository);
            await fixture.SuperuserAsync(leader, "SELECT pg_switch_wal()");
            var refused = await BackUpAsync();
            Assert.True(refused.ExitCode is not 0, refused.ToString());
        },
        async () =>
        {
            await ExecAsync(leader, "chmod", "750", Paths.BackupRepository);
            (await BackUpAsync()).Accepted();
        });

    private Task<CheckResult> BackUpAsync() => BackupRuns.RunAsync(fixture.Cluster, "full", Cancel);

    private string ExporterOf(string member) =>
        ClusterNames.Member(ClusterNames.PostgresExporter, fixture.Cluster.Topology.Database.Hosts.ToList().IndexOf(member) + 1);

    private string Password(string secret) => fixture.Cluster.Deployment.Passwords[secret];

    private async Task ExecAsync(string container, params string[] command)
    {
        var result = await fixture.Cluster[container].ExecAsync(command, Cancel);
        Assert.True(result.ExitCode == 0, result.Stdout + result.Stderr);
    }

    /// <summary>An order on PgBouncer's console, as its administrator.</summary>
    private Task ConsoleAsync(string order) => ExecAsync("timescaledb-1", "env", "PGPASSWORD=" + Password(Secrets.PgBouncer),
        "psql", "-X", $"host={ClusterNames.PgBouncer} port={Ports.PgBouncer} dbname=pgbouncer user={Roles.PgBouncer} sslmode=require", "-c",
        order);

    private async Task<int> UsedAsync()
    {
        await using var monitor = await fixture.OpenAsync(Roles.Monitor, Secrets.Monitor);
        await using var command = new NpgsqlCommand("SELECT count(*)::int FROM pg_stat_activity WHERE backend_type = 'client backend'",
            monitor);
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
