using Analytics.Backup.Manifests;

namespace Analytics.Backup.Tests.Integration;

[Collection(nameof(BackupServer)), Trait(Tiers.Trait, Tiers.Integration)]
public class A_drill(BackupServer backups)
{
    [Fact]
    public async Task Restores_the_latest_set_and_leaves_nothing_behind()
    {
        var server = await backups.StartAsync();
        await server.ArchiveAsync();
        var drill = await server.RunAsync("drill");
        Assert.True(drill.ExitCode == 0, drill.Everything);
        foreach (var check in Checks) Assert.Contains($"✓ {check} (", drill.Output, StringComparison.Ordinal);
        Assert.Contains("(RTO)", drill.Output, StringComparison.Ordinal);
        var (_, _, detail) = await server.LastEventAsync("drill");
        using var json = System.Text.Json.JsonDocument.Parse(detail);
        Assert.True(json.RootElement.GetProperty("recovery_seconds").GetDouble() > 0);
        Assert.True(json.RootElement.GetProperty("newest_row_age_seconds").GetDouble() >= 0);
        Assert.Equal(Checks.Order(), json.RootElement.GetProperty("checks").EnumerateObject().Select(check => check.Name).Order());
        await NothingIsLeftAsync(server);
    }

    [Fact]
    public async Task Recovers_to_just_before_a_moment()
    {
        var server = await backups.StartAsync();
        await server.Tables.Owner.ExecuteAsync("CREATE TABLE events.marks (i int)");
        await server.Tables.Owner.ExecuteAsync("INSERT INTO events.marks VALUES (1)");
        var moment = await server.ShellAsync($"sleep 0.1; psql -AtqX -U postgres -d {BackupServer.Database} -c \"SELECT "
            + $"to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD\\\"T\\\"HH24:MI:SS.US\\\"Z\\\"')\"; sleep 0.1");
        await server.Tables.Owner.ExecuteAsync("DROP TABLE events.marks");
        await server.ArchiveAsync();
        var drill = await server.RunAsync($"drill --to {moment.Trim()}");
        Assert.True(drill.ExitCode == 0 && drill.Output.Contains("✓ target (1)", StringComparison.Ordinal), drill.Everything);

        var early = await server.RunAsync("drill --to 2020-01-01T00:00:00Z");
        Assert.Contains("No set ended before", early.Errors, StringComparison.Ordinal);
        Assert.Equal(ExitCodes.Failed, early.ExitCode);
        var late = await server.RunAsync("drill --to 2099-01-01T00:00:00Z");
        Assert.Contains("The archive ends before the target", late.Errors, StringComparison.Ordinal);
        Assert.Equal(ExitCodes.Failed, late.ExitCode);
        Assert.Equal(ExitCodes.Configuration, (await server.RunAsync("drill --to soon")).ExitCode);
        Assert.Equal(ExitCodes.Configuration, (await server.RunAsync("drill --set 20200101-000000F")).ExitCode);
        await NothingIsLeftAsync(server);
    }

    [Fact]
    public async Task Fails_each_check_that_the_primary_recorded_otherwise()
    {
        var server = await backups.StartAsync();
        // The primary "recorded" something else than it had: as if the restored state were not that of the backup.
        await server.RunAsync("diff");
        var newest =
            await server.Tables.Superuser.ScalarAsync<string>(
                "SELECT manifest FROM events.backup_manifests ORDER BY recorded_at DESC LIMIT 1");
        var manifest = DatabaseManifest.Parse(newest!);
        var requests = manifest.Hypertables.Single(table => table.Name == "analytics.calls");
        var closed = requests.Chunks.Where(chunk => chunk.Sealed).ToList();
        var broken = manifest with
        {
            Metadata = ["schema_version=99"],
            Server = manifest.Server with { Timescale = "1.0.0" },
            Policies = [.. manifest.Policies, "policy_retention on analytics.gone every 1 day, {}"],
            Jobs = ["public.gone every 1 hour, {}"],
            Aggregates = [.. manifest.Aggregates, new AggregateState("aggregates.gone", "continuous", new string('0', 64))],
            Hypertables =
            [
                .. manifest.Hypertables.Except([requests]), new HypertableState("analytics.gone",
                    [new ChunkState("_timescaledb_internal.gone", closed[0].Start, closed[0].End, true)]),
                requests with
                {
                    Chunks = [closed[0] with { Rows = closed[0].Rows + 1 }, closed[1] with { Checksum = "0" },
                        .. requests.Chunks.Except(closed.Take(2))
                            .Select(chunk => chunk.Sealed ? chunk : chunk with { Rows = chunk.Rows + 100000 })],
                },
            ],
        };
        await TakeAsync(server, broken.ToText());
        await server.ArchiveAsync();
        var drill = await server.RunAsync("drill");
        Assert.Equal(ExitCodes.Failed, drill.ExitCode);
        foreach (var check in new[] { "schema_metadata", "extensions", "hypertables", "chunks", "policies", "jobs", "aggregates", "rows",
            "checksums", "rows_at_target" })
            Assert.Contains($"✗ {check} (", drill.Output, StringComparison.Ordinal);
        foreach (var check in new[] { "manifest", "answers", "target", "pg_amcheck" })
            Assert.Contains($"✓ {check} (", drill.Output, StringComparison.Ordinal);
        Assert.Contains("10 of 14 checks failed", drill.Errors, StringComparison.Ordinal);
        Assert.Contains("\"checksums\": \"failed\"", (await server.LastEventAsync("drill")).Detail, StringComparison.Ordinal);
        await NothingIsLeftAsync(server);
        Assert.Equal(0, (await server.RunAsync("diff")).ExitCode);
    }

    [Fact]
    public async Task Fails_for_a_set_without_a_manifest_or_with_another()
    {
        var server = await backups.StartAsync();
        var copy = await server.CopyAsync();
        await AnnotateAsync("");
        var without = await server.RunAsync("drill", copy);
        Assert.True(without.ExitCode == ExitCodes.Failed && without.Errors.Contains("hub-backup did not take it", StringComparison.Ordinal),
            without.Everything);
        await AnnotateAsync(new string('0', 64));
        var other = await server.RunAsync("drill", copy);
        Assert.True(other.ExitCode == ExitCodes.Failed && other.Output.Contains("✗ manifest", StringComparison.Ordinal), other.Everything);

        // The row in the backup no longer has the hash under which it is kept.
        await server.Tables.Superuser.ExecuteAsync("UPDATE events.backup_manifests SET manifest = manifest || ' ' WHERE recorded_at = "
            + "(SELECT max(recorded_at) FROM events.backup_manifests)");
        var hash = await server.Tables.Superuser.ScalarAsync<string>(
            "SELECT sha256 FROM events.backup_manifests ORDER BY recorded_at DESC LIMIT 1");
        await server.ShellAsync(
            $"pgbackrest --stanza=hub --type=diff --no-expire-auto --annotation=hub-manifest={hash} backup > /dev/null");
        var altered = await server.RunAsync("drill");
        Assert.True(altered.ExitCode == ExitCodes.Failed && altered.Errors.Contains("manifest (the restored manifest's SHA-256",
            StringComparison.Ordinal), altered.Everything);
        Assert.Equal(0, (await server.RunAsync("diff")).ExitCode);

        Task AnnotateAsync(string value) => server.ShellAsync(
            $"for set in $(ls -d /tmp/hub/{copy}/backup/hub/*F* | xargs -n1 basename); do pgbackrest --config=/tmp/hub/{copy}.conf "
                + $"--stanza=hub --set=$set --annotation=hub-manifest={value} annotate; done");
    }

    [Fact]
    public async Task Fails_for_a_broken_index_and_for_a_view_that_does_not_answer()
    {
        var server = await backups.StartAsync();
        // The order that an index was built in is changed under it (as PostgreSQL's own tests of pg_amcheck do), and a view divides by
        // zero.
        await server.Tables.Superuser.ExecuteAsync(
            """
            CREATE FUNCTION events.cmp(int, int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT CASE WHEN $1 < $2 THEN -1 WHEN $1 > $2 THEN 1 ELSE 0 END';
            CREATE OPERATOR CLASS events.int_ops FOR TYPE int USING btree AS OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 events.cmp(int, int);
            CREATE TABLE events.broken AS SELECT i FROM generate_series(1, 100) i;
            CREATE INDEX broken_i ON events.broken (i events.int_ops);
            CREATE OR REPLACE FUNCTION events.cmp(int, int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT CASE WHEN $1 < $2 THEN 1 WHEN $1 > $2 THEN -1 ELSE 0 END';
            CREATE VIEW analytics.broken AS SELECT count(*) / (count(*) - count(*)) AS never FROM events.broken;
            """);
        try
        {
            await server.ArchiveAsync();
            var drill = await server.RunAsync("drill");
            Assert.Equal(ExitCodes.Failed, drill.ExitCode);
            Assert.Contains("✗ pg_amcheck", drill.Output, StringComparison.Ordinal);
            Assert.Contains("broken_i", drill.Output, StringComparison.Ordinal);
            Assert.Contains("✗ answers", drill.Output, StringComparison.Ordinal);
            Assert.Contains("division by zero", drill.Output, StringComparison.Ordinal);
            Assert.Contains("2 of 14 checks failed", drill.Errors, StringComparison.Ordinal);
        }
        finally
        {
            await server.Tables.Superuser.ExecuteAsync("DROP VIEW analytics.broken; DROP TABLE events.broken; DROP OPERATOR CLASS "
                + "events.int_ops USING btree; DROP FUNCTION events.cmp");
            await server.ArchiveAsync();
        }
    }

    [Fact]
    public async Task Says_which_WAL_or_file_is_missing()
    {
        var server = await backups.StartAsync();
        // All WAL of the newest set.
        var copy = await server.CopyAsync("rm archive/hub/*/*/*.lz4");
        var drill = await server.RunAsync("drill", copy);
        Assert.Equal(ExitCodes.Failed, drill.ExitCode);
        Assert.Contains("WAL that makes the set consistent is missing", drill.Errors, StringComparison.Ordinal);
        copy = await server.CopyAsync("rm $(ls backup/hub/*F/bundle/* | head -1)");
        drill = await server.RunAsync("drill", copy);
        Assert.Equal(ExitCodes.Failed, drill.ExitCode);
        Assert.Contains("a file is missing: ", drill.Errors, StringComparison.Ordinal);
        await NothingIsLeftAsync(server);
    }

    [Fact]
    public async Task Cleans_up_when_it_is_stopped_and_after_one_that_was_killed()
    {
        var server = await backups.StartAsync();
        await server.ArchiveAsync();
        foreach (var signal in new[] { "TERM", "INT" })
        {
            var stopped = await InterruptAsync(server, signal);
            Assert.Contains("130", stopped, StringComparison.Ordinal);
            await NothingIsLeftAsync(server);
            Assert.Contains("stopped by a signal", (await server.LastEventAsync("drill")).Message, StringComparison.Ordinal);
        }

        await InterruptAsync(server, "KILL");
        Assert.NotEqual("0", (await server.ShellAsync("ls -d /tmp/hub/scratch/hub-drill-* | wc -l")).Trim());
        var next = await server.RunAsync("drill");
        Assert.True(next.ExitCode == 0 && next.Output.Contains("left behind", StringComparison.Ordinal), next.Everything);
        await NothingIsLeftAsync(server);
    }

    private static readonly string[] Checks =
        ["manifest", "schema_metadata", "extensions", "hypertables", "chunks", "policies", "jobs", "aggregates", "rows", "checksums",
            "rows_at_target", "answers", "target", "pg_amcheck"];

    /// <summary>A differential whose manifest is the given text.</summary>
    private static async Task TakeAsync(BackupServer server, string text)
    {
        var hash = await server.Tables.Superuser.ScalarAsync<string>("SELECT events.record_backup_manifest('diff', $1)", text);
        await server.ShellAsync(
            $"pgbackrest --stanza=hub --type=diff --no-expire-auto --annotation=hub-manifest={hash} backup > /dev/null");
    }

    /// <summary>Starts a drill and sends a signal once its server runs.</summary>
    /// <returns>Its exit code.</returns>
    private static Task<string> InterruptAsync(BackupServer server, string signal) => server.ShellAsync(
        $"""
        set -m
        /tmp/hub/dotnet/dotnet /tmp/hub/program/hub-backup.dll drill > /dev/null 2>&1 &
        for i in $(seq 300); do ls /tmp/hub/scratch/hub-drill-*/data/postmaster.pid > /dev/null 2>&1 && break; sleep 0.1; done
        kill -{signal} $!
        wait $! && echo 0 || echo $?
        """);

    private static async Task NothingIsLeftAsync(BackupServer server)
    {
        Assert.Equal(".hub-drill.lock", (await server.ShellAsync("ls -A /tmp/hub/scratch")).Trim());
        Assert.Equal("0", (await server.ShellAsync("ls -d /tmp/hub-drill-* 2> /dev/null | wc -l")).Trim());
        Assert.Equal("0",
            (await server.ShellAsync(
                "cat /proc/[0-9]*/cmdline 2> /dev/null | tr '\\0' ' ' "
                    + "| grep -c 'scratch/hub-drill-[0-9a-f]\\{32\\}/data' || true")).Trim());
    }
}
