namespace Analytics.Migrations.Tests;

[Trait(Tiers.Trait, Tiers.Integration)]
public class The_health_check(DatabaseFixture databases)
{
    private static readonly string[] Checks =
    [
        "schema_version", "edition", "server_role", "replication", "synchronous_standby", "wal_archiving", "background_jobs", "retention",
        "compression",
        "unpriced_requests", "calls_upgrade", "connections", "transaction_age",
    ];

    [Fact]
    public async Task Gives_every_role_the_same_rows()
    {
        await using var database = await databases.CreateMigratedAsync();
        foreach (var source in new[] { database.App, database.ReadOnly, database.Monitor })
        {
            var rows = await source.RowsAsync("SELECT check_name, status, detail FROM analytics.system_health_check()");
            Assert.Equal(Checks, rows.Select(row => (string)row[0]!));
            // A server alone: no standby, no archive. All else is well.
            Assert.All(rows,
                row => Assert.Equal(row[0] is "replication" or "synchronous_standby" or "wal_archiving" ? "warning" : "ok", row[1]));
            Assert.All(rows, row => Assert.NotEmpty((string)row[2]!));
        }
    }

    [Fact]
    public async Task Sees_requests_without_a_price()
    {
        await using var database = await databases.CreateMigratedAsync();
        var hour = await database.HourAsync();
        await database.AddAsync([.. Enumerable.Range(0, 9).Select(_ => new Request(hour))]);
        Assert.Equal("ok", (await CheckAsync(database, "unpriced_requests")).Status);
        await database.AddAsync(new Request(hour) { Cost = null });
        Assert.Equal(("warning", "10.0 % of 10 requests of the last 24 h (1); analytics.unpriced_models names the models"),
            await CheckAsync(database, "unpriced_requests"));
        await database.AddAsync([.. Enumerable.Range(0, 10).Select(_ => new Request(hour) { Cost = null })]);
        // However many they are, no data are lost by it.
        Assert.Equal(("warning", "55.0 % of 20 requests of the last 24 h (11); analytics.unpriced_models names the models"),
            await CheckAsync(database, "unpriced_requests"));
    }

    [Fact]
    public async Task Detects_chunks_past_their_retention()
    {
        await using var database = await databases.CreateMigratedAsync();
        var hour = await database.HourAsync();
        await database.App.ExecuteAsync("INSERT INTO events.system_events (time, component, kind, message) VALUES ($1, 'c', 'k', 'm')",
            hour.AddDays(-91));
        Assert.Equal("ok", (await CheckAsync(database, "retention")).Status);
        await database.App.ExecuteAsync("INSERT INTO events.system_events (time, component, kind, message) VALUES ($1, 'c', 'k', 'm')",
            hour.AddDays(-95));
        Assert.Equal(("warning", "1 chunks should have been dropped: 1 events.system_events"), await CheckAsync(database, "retention"));
        await database.AddAsync(new Request(hour.AddDays(-800)));
        Assert.Equal("critical", (await CheckAsync(database, "retention")).Status);
    }

    [Fact]
    public async Task Detects_a_schema_that_differs_from_the_applied_scripts()
    {
        await using var database = await databases.CreateMigratedAsync();
        await database.Owner.ExecuteAsync("UPDATE analytics.schema_metadata SET value = '03' WHERE key = 'schema_version'");
        Assert.Equal(("critical", $"version 03, newest applied script {MigrationScript.LoadEmbedded().Max(script => script.Number):00}"),
            await CheckAsync(database, "schema_version"));
        await database.Owner.ExecuteAsync("UPDATE analytics.schema_metadata SET value = 'other' WHERE key = 'edition'");
        Assert.Equal("critical", (await CheckAsync(database, "edition")).Status);
    }

    /// <summary>Of three members, as the server was told: that it waits for nobody is critical. Of one it is what one member is.</summary>
    [Fact]
    public async Task Sees_commits_that_are_on_one_member_of_several()
    {
        await using var server = await DatabaseServer.StartAsync("hub.members=3");
        if (server.Container is null) Assert.Skip("needs a server of its own, HUB_TEST_DB names a shared one");
        await server.RunInitScriptAsync("hub_copies");
        await using var database = server.Open("hub_copies");
        await database.StopJobsAsync();
        await database.MigrateAsync();
        Assert.Equal(("critical", "none named: commits are on this server only, one of 3 members"),
            await CheckAsync(database, "synchronous_standby"));

        await using var one = await databases.CreateMigratedAsync();
        Assert.Equal(("warning", "one copy: this hub has one member, and a commit is on it only"),
            await CheckAsync(one, "synchronous_standby"));
    }

    [Fact]
    public async Task Sees_connections_running_out_and_a_synchronous_standby_that_is_not_there()
    {
        await using var small = await DatabaseServer.StartAsync("max_connections=20", "synchronous_standby_names=ANY 1 (other)",
            "synchronous_commit=local", "hub.members=3");
        if (small.Container is null) Assert.Skip("needs a server of its own, HUB_TEST_DB names a shared one");
        await small.RunInitScriptAsync("hub_small");
        await using var database = small.Open("hub_small");
        await database.StopJobsAsync();
        await database.MigrateAsync();
        Assert.Equal(("critical", "0 of ANY 1 (other): commits wait"), await CheckAsync(database, "synchronous_standby"));
        await database.Superuser.ExecuteAsync("ALTER ROLE llm_app SET synchronous_commit = local");
        Assert.Equal(("critical", "llm_app does not wait (synchronous_commit): its commits are on this server only"),
            await CheckAsync(database, "synchronous_standby"));
        await database.Superuser.ExecuteAsync("ALTER ROLE llm_app RESET synchronous_commit");
        var open = new List<Npgsql.NpgsqlConnection>();
        try
        {
            // 20 less the 3 reserved for superusers
            for (var i = 0; i < 14; i++) open.Add(await database.ReadOnly.OpenConnectionAsync(TestContext.Current.CancellationToken));
            Assert.Equal("warning", (await CheckAsync(database, "connections")).Status);
        }
        finally
        {
            foreach (var connection in open) await connection.DisposeAsync();
        }
    }

    [Fact]
    public async Task Detects_an_archive_command_that_archives_nothing()
    {
        // As Hub renders it where no bucket is required, and none is named.
        const string Optional =
            "[ \"$HUB_BACKUP_REQUIRED$PGBACKREST_REPO1_S3_BUCKET\" = false ] || pgbackrest --stanza=hub archive-push \"%p\"";
        await using var server = await DatabaseServer.StartAsync("archive_mode=on");
        if (server.Container is null) Assert.Skip("needs a server of its own, HUB_TEST_DB names a shared one");
        await server.RunInitScriptAsync("hub_archive");
        await using var database = server.Open("hub_archive");
        await database.StopJobsAsync();
        await database.MigrateAsync();
        Assert.Equal("critical", (await CheckAsync(database, "wal_archiving")).Status);

        await SetAsync("/bin/true");
        Assert.Equal(("warning", "archive_command does nothing: no backup to a point in time"),
            await CheckAsync(database, "wal_archiving"));

        await SetAsync(Optional.Replace("'", "''", StringComparison.Ordinal));
        var (status, detail) = await CheckAsync(database, "wal_archiving");
        Assert.Equal("warning", status);
        Assert.Matches(
            @"unless a bucket is named \(Secret backup-s3\), and no backup has succeeded since this hub was made "
                + @"at \d{4}-\d\d-\d\d \d\d:\d\d UTC$", detail);
        await database.Owner.ExecuteAsync("UPDATE analytics.schema_journal SET applied_at = applied_at - interval '3 days'");
        Assert.EndsWith("and no backup has succeeded for two days", (await CheckAsync(database, "wal_archiving")).Detail,
            StringComparison.Ordinal);
        await BackupAsync("failure", TimeSpan.Zero);
        await BackupAsync("success", TimeSpan.FromDays(3));
        Assert.Equal("warning", (await CheckAsync(database, "wal_archiving")).Status);
        await BackupAsync("success", TimeSpan.FromHours(1));
        Assert.Equal("ok", (await CheckAsync(database, "wal_archiving")).Status);

        await SetAsync("false");
        await database.Superuser.ExecuteAsync("SELECT pg_switch_wal()");
        await A_run_of_the_migrations.UntilAsync(database,
            "SELECT count(*) FROM pg_stat_archiver WHERE last_failed_time > coalesce(last_archived_time, '-infinity')");
        Assert.Equal("critical", (await CheckAsync(database, "wal_archiving")).Status);

        async Task SetAsync(string command)
        {
            await database.Superuser.ExecuteAsync($"ALTER SYSTEM SET archive_command = '{command}'");
            await database.Superuser.ExecuteAsync("SELECT pg_reload_conf()");
            await A_run_of_the_migrations.UntilAsync(database,
                $"SELECT count(*) FROM pg_settings WHERE name = 'archive_command' AND setting = '{command}'");
        }

        Task BackupAsync(string result, TimeSpan ago) => database.App.ExecuteAsync(
            "INSERT INTO events.system_events (time, component, kind, message, detail) VALUES (now() - $1, 'backup', 'full', 'm', "
                + "jsonb_build_object('result', $2::text))", ago, result);
    }

    [Fact]
    public async Task Sees_chunks_that_should_be_compressed()
    {
        await using var database = await databases.CreateMigratedAsync();
        await database.RequireCommunityAsync();
        var hour = await database.HourAsync();
        await database.App.ExecuteAsync("INSERT INTO events.system_events (time, component, kind, message) VALUES ($1, 'c', 'k', 'm')",
            hour.AddDays(-12));
        Assert.Equal(("warning", "1 chunks should have been compressed: events.system_events"), await CheckAsync(database, "compression"));
        await database.AddAsync(new Request(hour.AddDays(-40)));
        Assert.Equal("critical", (await CheckAsync(database, "compression")).Status);
    }

    [Fact]
    public async Task Sees_background_jobs_that_fail_or_never_run()
    {
        await using var database = await databases.CreateMigratedAsync();
        await database.RequireCommunityAsync();
        await database.Owner.ExecuteAsync("UPDATE analytics.schema_journal SET applied_at = now() - interval '2 hours'");
        Assert.Equal("critical", (await CheckAsync(database, "background_jobs")).Status);
        await database.Owner.ExecuteAsync("UPDATE analytics.schema_journal SET applied_at = now()");
        Assert.Equal("ok", (await CheckAsync(database, "background_jobs")).Status);

        await database.Owner.ExecuteAsync(
            "CREATE PROCEDURE analytics.fails(job_id int, config jsonb) LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''no''; END'");
        await database.Owner.ExecuteAsync("SELECT public.add_job('analytics.fails', '1 hour')");
        await database.StartJobsAsync();
        await A_run_of_the_migrations.UntilAsync(database, "SELECT count(*) FROM timescaledb_information.job_stats JOIN "
            + "timescaledb_information.jobs USING (job_id) WHERE proc_name = 'fails' AND last_run_status = 'Failed'");
        var (status, detail) = await CheckAsync(database, "background_jobs");
        Assert.Equal("warning", status);
        // TimescaleDB on PostgreSQL 15.20 and 17.12 reports as failed what it has done.
        Assert.Matches(@"^\d+ jobs, 1 failed, 0 stuck: failed \d+ fails(; \d+ did their work and are reported as failed .*)?$", detail);

        // What a failover leaves behind before TimescaleDB 2.26.4: a job that is never due again.
        await database.StopJobsAsync();
        await database.Superuser.ExecuteAsync(
            "UPDATE _timescaledb_internal.bgw_job_stat SET next_start = '-infinity', last_start = now() - interval '1 hour' WHERE job_id "
                + "= (SELECT job_id FROM timescaledb_information.jobs WHERE proc_name = 'fails')");
        (status, detail) = await CheckAsync(database, "background_jobs");
        Assert.Equal("critical", status);
        Assert.Contains("stuck", detail, StringComparison.Ordinal);

        // Ingest calls this every five minutes.
        const string restart = "SELECT procedure FROM analytics.restart_stuck_jobs()";
        Assert.Equal(["analytics.fails"], (await database.App.RowsAsync(restart)).Select(row => row[0]));
        Assert.Empty(await database.App.RowsAsync(restart));
        Assert.Equal("warning", (await CheckAsync(database, "background_jobs")).Status);
        var told = Assert.Single(
            await database.App.RowsAsync("SELECT message FROM events.system_events WHERE kind = 'stuck_job_restarted'"));
        Assert.Contains("(analytics.fails) would never have run again", (string)told[0]!, StringComparison.Ordinal);
        await database.StartJobsAsync();
        await A_run_of_the_migrations.UntilAsync(database, "SELECT count(*) FROM timescaledb_information.job_stats JOIN "
            + "timescaledb_information.jobs USING (job_id) WHERE proc_name = 'fails' "
            + "AND last_run_started_at > now() - interval '5 minutes'");
    }

    [Fact]
    public async Task No_job_is_stuck_where_there_are_none()
    {
        await using var database = await databases.CreateMigratedAsync();
        Assert.Empty(await database.App.RowsAsync("SELECT * FROM analytics.restart_stuck_jobs()"));
    }

    private static async Task<(string Status, string Detail)> CheckAsync(TestDatabase database, string check)
    {
        var row = (await database.Monitor.RowsAsync("SELECT status, detail FROM analytics.system_health_check() WHERE check_name = $1",
            check))[0];
        return ((string)row[0]!, (string)row[1]!);
    }
}
