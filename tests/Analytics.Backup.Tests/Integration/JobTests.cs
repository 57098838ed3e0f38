using Analytics.Backup.Manifests;

namespace Analytics.Backup.Tests.Integration;

[Collection(nameof(BackupServer)), Trait(Tiers.Trait, Tiers.Integration)]
public class A_backup(BackupServer backups)
{
    [Fact]
    public async Task Is_recorded_with_its_manifest_in_it()
    {
        var server = await backups.StartAsync();
        var taken = await server.RunAsync("diff");
        Assert.True(taken.ExitCode == 0, taken.Everything);

        var (severity, message, detail) = await server.LastEventAsync("diff");
        Assert.Equal("info", severity);
        Assert.Contains("D, ", message, StringComparison.Ordinal);
        using var json = System.Text.Json.JsonDocument.Parse(detail);
        Assert.Equal("success", json.RootElement.GetProperty("result").GetString());
        Assert.True(json.RootElement.GetProperty("size_bytes").GetInt64() > 1_000_000);
        Assert.Equal(1, json.RootElement.GetProperty("restorable_sets").GetInt32());

        var text = await server.Tables.ReadOnly.ScalarAsync<string>("SELECT manifest FROM events.backup_manifests WHERE sha256 = $1",
            json.RootElement.GetProperty("manifest").GetString()!);
        Assert.Equal(json.RootElement.GetProperty("manifest").GetString(), DatabaseManifest.Hash(text!));
        var manifest = DatabaseManifest.Parse(text!);
        Assert.Equal(
            ["aggregates.call_rollups", "analytics.calls", "analytics.cost_archive", "events.error_logs", "events.system_events",
                "metrics.model_performance"],
            manifest.Hypertables.Select(table => table.Name));
        var requests = manifest.Hypertables[1].Chunks;
        Assert.Equal(500, requests.Sum(chunk => chunk.Rows));
        Assert.All(requests, chunk => Assert.Equal(chunk.Sealed, chunk.Checksum is not null));
        Assert.True(requests.Count(chunk => chunk.Sealed) >= 3);
        Assert.NotEmpty(manifest.Policies);
        Assert.Equal(4, manifest.Aggregates.Count);
        Assert.Contains("schema_version="
            + await server.Tables.Owner.ScalarAsync<string>("SELECT value FROM analytics.schema_metadata WHERE key = 'schema_version'"),
            manifest.Metadata);
    }

    [Fact]
    public async Task Fails_with_a_message_without_its_database()
    {
        var server = await backups.StartAsync();
        var failed = await server.RunAsync("diff", null, "ConnectionStrings__Database=Host=127.0.0.1;Port=1;Database=x;Username=y",
            "HUB_BACKUP_LOCK_SECONDS=1");
        Assert.Equal(ExitCodes.Failed, failed.ExitCode);
        Assert.Contains("No primary at 127.0.0.1:1/x", failed.Errors, StringComparison.Ordinal);
        Assert.Contains("could not be recorded in events.system_events", failed.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Says_that_the_repository_is_out_of_space()
    {
        var server = await backups.StartAsync();
        // 64 MB of memory in every container: filled to the brim.
        var copy = await server.CopyAsync(settings: "s/^start-fast=y/start-fast=y\\narchive-check=n/");
        await server.ShellAsync($"mv /tmp/hub/{copy} /dev/shm/{copy} && sed -i 's,/tmp/hub/{copy},/dev/shm/{copy},' /tmp/hub/{copy}.conf "
            + $"&& (cat /dev/zero > /dev/shm/{copy}/filler || true) 2> /dev/null");
        try
        {
            var failed = await server.RunAsync("full", copy);
            Assert.Equal(ExitCodes.Failed, failed.ExitCode);
            Assert.Contains("out of space: /dev/shm/", failed.Errors, StringComparison.Ordinal);
            Assert.Equal("error", (await server.LastEventAsync("full")).Severity);
        }
        finally
        {
            await server.ShellAsync($"rm -rf /dev/shm/{copy}");
        }
    }

    [Theory]
    [InlineData("s/only-for-tests/another/", "wrong cipher key")]
    [InlineData("s,^repo1-path=.*,repo1-path=/nowhere,", "does not know stanza 'hub'")]
    [InlineData("s,^repo1-path=.*,repo1-type=s3\\nrepo1-path=/\\nrepo1-s3-bucket=b\\nrepo1-s3-endpoint=127.0.0.1:1"
        + "\\nrepo1-s3-uri-style=path"
        + "\\nrepo1-s3-region=r\\nrepo1-s3-key=k\\nrepo1-s3-key-secret=s\\nio-timeout=1,",
        "a host cannot be reached: 127.0.0.1:1")]
    public async Task Every_job_names_a_repository_that_it_cannot_use(string settings, string message)
    {
        var server = await backups.StartAsync();
        var copy = await server.CopyAsync(settings: settings);
        foreach (var verb in new[] { "full", "diff", "verify", "retain", "drill" })
        {
            var failed = await server.RunAsync(verb, copy);
            Assert.True(failed.ExitCode == ExitCodes.Failed && failed.Errors.Contains(message, StringComparison.Ordinal),
                $"{verb}: {failed.Everything}");
            Assert.Contains("→", failed.Errors, StringComparison.Ordinal);
            var (severity, text, _) = await server.LastEventAsync(verb);
            Assert.Equal("error", severity);
            Assert.Contains(message, text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Waits_for_another_job_and_gives_up_after_the_limit()
    {
        var server = await backups.StartAsync();
        await using var other = await server.Tables.App.OpenConnectionAsync(TestContext.Current.CancellationToken);
        await LockAsync("pg_advisory_lock");
        var refused = await server.RunAsync("diff", null, "HUB_BACKUP_LOCK_SECONDS=1");
        // The connection goes back to a pool, lock and all.
        await LockAsync("pg_advisory_unlock");
        Assert.Contains("Another backup job held the lock", refused.Errors, StringComparison.Ordinal);
        Assert.Equal(ExitCodes.Failed, refused.ExitCode);

        async Task LockAsync(string function)
        {
            await using var command = new Npgsql.NpgsqlCommand($"SELECT {function}(x'6875626261636b75'::bigint)", other);
            await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        }
    }
}

[Collection(nameof(BackupServer)), Trait(Tiers.Trait, Tiers.Integration)]
public class Retention_in_a_repository(BackupServer backups)
{
    [Fact]
    public async Task Expires_sets_that_no_tier_needs_and_their_WAL()
    {
        var server = await backups.StartAsync();
        // A second full of the day takes the day's place: the first one goes, with its differentials and its WAL.
        var copy = await server.CopyAsync();
        await server.ShellAsync(
            $"pgbackrest --config=/tmp/hub/{copy}.conf --stanza=hub --type=full --no-archive-check --no-expire-auto backup > /dev/null");
        var before = await server.RunAsync("list", copy);
        var shown = await server.RunAsync("retain --dry-run", copy);
        Assert.True(shown.ExitCode == 0 && shown.Output.Contains("no tier needs it", StringComparison.Ordinal)
            && shown.Output.Contains("1 of 7 daily", StringComparison.Ordinal), shown.Everything);
        // A dry run changes nothing.
        Assert.Equal(before.Output, (await server.RunAsync("list", copy)).Output);

        var done = await server.RunAsync("retain", copy);
        Assert.True(done.ExitCode == 0, done.Everything);
        Assert.Equal("1", (await server.ShellAsync($"ls -d /tmp/hub/{copy}/backup/hub/*F* | wc -l")).Trim());
        var first = await server.ShellAsync($"ls /tmp/hub/{copy}/archive/hub/*/*/ | grep lz4 | head -1 | cut -c1-24; pgbackrest "
            + $"--config=/tmp/hub/{copy}.conf --stanza=hub info --output=json | grep -o '\"start\":\"[0-9A-F]*\"' | head -1");
        var lines = first.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        // What is left of the WAL begins at or after the begin of the set that is left.
        Assert.True(lines.Length == 1 || string.CompareOrdinal(lines[0], lines[1]["\"start\":\"".Length..^1]) >= 0, first);
        Assert.Contains("\"expired\"", (await server.LastEventAsync("retain")).Detail, StringComparison.Ordinal);
        var again = await server.RunAsync("retain", copy);
        Assert.True(again.ExitCode == 0 && again.Output.Contains("0 to expire", StringComparison.Ordinal), again.Everything);
    }
}

[Collection(nameof(BackupServer)), Trait(Tiers.Trait, Tiers.Integration)]
public class Verification_of_a_repository(BackupServer backups)
{
    [Fact]
    public async Task Marks_every_set()
    {
        var server = await backups.StartAsync();
        await server.ArchiveAsync();
        var copy = await server.CopyAsync();
        var verified = await server.RunAsync("verify", copy);
        Assert.True(verified.ExitCode == 0, verified.Everything);
        Assert.Contains("last verified full", (await server.RunAsync("list", copy)).Output, StringComparison.Ordinal);
        Assert.Contains("\"restorable_sets\": 1", (await server.LastEventAsync("verify")).Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("f=$(ls backup/hub/*F/bundle/2) && printf XXXX | dd of=$f bs=1 seek=5000 conv=notrunc status=none", "invalid checksum: ",
        "it builds on ")]
    [InlineData("rm $(ls backup/hub/*F/bundle/* | head -1)", "file missing: ", "it builds on ")]
    [InlineData("rm $(ls archive/hub/*/*/*.lz4 | sed -n 2p)", "WAL 0000000100000000", "is missing")]
    [InlineData("rm $(ls archive/hub/*/*/*.lz4 | tail -1)", "WAL 0000000100000000", "although the server was told that it is archived")]
    [InlineData("f=$(ls archive/hub/*/*/*.lz4 | sed -n 2p) && printf XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX | dd of=$f bs=1 seek=90 "
        + "conv=notrunc status=none", "invalid result: ", "000000")]
    [InlineData("f=$(ls archive/hub/*/*/*.lz4 | sed -n 1p) && printf XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX | dd of=$f bs=1 seek=90 "
        + "conv=notrunc status=none", "oldest WAL segment of each archive", "0000000100000000")]
    public async Task Names_what_was_altered_or_removed(string change, string what, string more)
    {
        var server = await backups.StartAsync();
        await server.ArchiveAsync();
        await server.ArchiveAsync();
        var copy = await server.CopyAsync(change);
        var failed = await server.RunAsync("verify", copy);
        Assert.Equal(ExitCodes.Failed, failed.ExitCode);
        Assert.Contains(what, failed.Errors, StringComparison.Ordinal);
        Assert.Contains(more, failed.Errors, StringComparison.Ordinal);
        Assert.Equal("error", (await server.LastEventAsync("verify")).Severity);
        // What builds on an altered file holds no place any more.
        if (more == "it builds on ")
            Assert.Contains("0 of 7 daily", (await server.RunAsync("list", copy)).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Is_done_without_the_database_too_but_fails_when_it_should_be_recorded()
    {
        var server = await backups.StartAsync();
        var copy = await server.CopyAsync();
        var away = await server.RunAsync("verify", copy, "ConnectionStrings__Database=Host=127.0.0.1;Port=1;Database=x;Username=y",
            "HUB_BACKUP_LOCK_SECONDS=1");
        Assert.True(away.ExitCode == ExitCodes.Failed && away.Output.Contains("all intact", StringComparison.Ordinal), away.Everything);
        Assert.Contains("could not be recorded", away.Errors, StringComparison.Ordinal);
        var result = await server.RunAsync("verify", copy, "ConnectionStrings__Database=");
        Assert.True(result.ExitCode == 0 && result.Output.Contains("not recorded", StringComparison.Ordinal), result.Everything);
    }
}
