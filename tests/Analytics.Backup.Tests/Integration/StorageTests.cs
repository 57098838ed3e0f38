using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;

namespace Analytics.Backup.Tests.Integration;

[Collection(nameof(BackupServer)), Trait(Tiers.Trait, Tiers.Integration)]
public class A_repository_in_object_storage(StorageServer fixture) : IClassFixture<StorageServer>
{
    private S3Server Storage => fixture.Storage;

    [Fact]
    public async Task Is_verified_and_names_the_page_that_was_altered()
    {
        var server = await fixture.StartAsync();
        await server.ArchiveAsync();
        await SucceedsAsync(server, "verify", "all intact");
        var bundle = (await Storage.ListAsync(StorageServer.Backups)).First(key => key.Contains("F/bundle/", StringComparison.Ordinal));
        await Storage.AlterAsync(bundle);
        try
        {
            await FailsAsync(server, "verify", null, bundle[StorageServer.Backups.Length..]);
            Assert.Contains("marked damaged", (await server.LastEventAsync("verify")).Message, StringComparison.Ordinal);
            Assert.Contains("0 of 7 daily", (await server.RunAsync("list")).Output, StringComparison.Ordinal);
        }
        finally
        {
            await Storage.PutBackAsync(bundle);
        }

        await SucceedsAsync(server, "verify", "all intact");
    }

    [Fact]
    public async Task Names_the_WAL_that_was_removed()
    {
        var server = await fixture.StartAsync();
        for (var segments = 0; segments < 3; segments++) await server.ArchiveAsync();
        // …/17-1/0000000100000000/000000010000000000000003-b98b….lz4
        var segment = (await Storage.ListAsync(StorageServer.Archive)).Where(key => key.EndsWith(".lz4", StringComparison.Ordinal)).SkipLast(1).Last();
        await Storage.RemoveAsync(segment);
        try
        {
            await FailsAsync(server, "verify", null, $"WAL {segment.Split('/')[^1][..24]}");
        }
        finally
        {
            await Storage.PutBackAsync(segment);
        }

        await SucceedsAsync(server, "verify", "all intact");
    }

    [Theory]
    [InlineData("ExpiredToken", "the repository's credentials have expired", "full", "diff", "verify", "retain", "drill", "check")]
    [InlineData("InvalidAccessKeyId", "the repository refuses the credentials", "full", "verify", "drill", "check")]
    [InlineData("QuotaExceeded", "the repository is out of space", "full", "diff", "verify", "check")]
    [InlineData("XMinioAdminBucketQuotaExceeded", "the repository is out of space", "full", "check")]
    [InlineData("XMinioStorageFull", "the repository is out of space", "diff", "check")]
    public async Task Is_named_by_every_job_that_it_refuses(string code, string message, params string[] verbs)
    {
        var server = await fixture.StartAsync();
        await Storage.FailAsync(code);
        try
        {
            foreach (var verb in verbs) await FailsAsync(server, verb, null, message);
            await AlertedAsync(server);
        }
        finally
        {
            await Storage.FailAsync(null);
        }

        await server.ArchiveAsync();
    }

    [Fact]
    public async Task Is_named_when_it_fills_up_during_a_backup()
    {
        var server = await fixture.StartAsync();
        // What the runner writes before (backup.info and its copy) still fits; whoever is next, the server with its WAL or the backup, does not.
        await Storage.FailAsync("QuotaExceeded", writes: 2);
        try
        {
            await FailsAsync(server, "full", null, "the repository is out of space");
        }
        finally
        {
            await Storage.FailAsync(null);
        }

        await server.ArchiveAsync();
        await SucceedsAsync(server, "diff", "stored");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Is_named_when_it_is_unreachable(bool frozen)
    {
        var server = await fixture.StartAsync();
        await (frozen ? Storage.FreezeAsync() : Storage.LeaveAsync(fixture.Network));
        try
        {
            // A frozen one takes connections until nobody waits in its queue, and is silent after.
            foreach (var verb in frozen ? new[] { "full", "verify" } : ["full", "diff", "verify", "drill", "check"])
                await FailsAsync(server, verb, null, frozen ? "a host (does not answer|cannot be reached): storage:9000" : "a host cannot be reached: storage");
        }
        finally
        {
            await (frozen ? Storage.ThawAsync() : Storage.JoinAsync(fixture.Network, TestContext.Current.CancellationToken));
        }

        await server.ArchiveAsync();
    }

    [Fact]
    public async Task Is_named_when_the_key_of_the_cipher_is_wrong()
    {
        var server = await fixture.StartAsync();
        var wrong = await server.ConfigureAsync("s/only-for-tests/another/");
        foreach (var verb in new[] { "full", "diff", "verify", "retain", "drill", "check" }) await FailsAsync(server, verb, wrong, "wrong cipher key");
    }

    [Fact]
    public async Task Is_not_blamed_for_a_server_that_does_not_archive()
    {
        var server = await fixture.StartAsync();
        await server.ShellAsync($"touch {BackupServer.NoArchive}");
        try
        {
            await FailsAsync(server, "diff", null, "The repository takes what this job writes. The server failed to archive 0000000");
        }
        finally
        {
            await server.ShellAsync($"rm {BackupServer.NoArchive}");
        }

        await server.ArchiveAsync();
    }

    private static async Task SucceedsAsync(BackupServer server, string verb, string message)
    {
        var done = await server.RunAsync(verb);
        Assert.True(done.ExitCode == 0 && done.Output.Contains(message, StringComparison.Ordinal), done.Everything);
    }

    /// <summary>It fails, says why and what to do, and leaves a row that the metrics are made of.</summary>
    private static async Task FailsAsync(BackupServer server, string verb, string? configuration, [StringSyntax("Regex")] string message)
    {
        var failed = await server.RunAsync(verb, configuration);
        Assert.True(failed.ExitCode == ExitCodes.Failed, $"{verb}: {failed.Everything}");
        // A check looks and leaves no row; what it found is its output, in lines as long as the terminal.
        var said = verb == "check" ? string.Join(' ', failed.Output.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)) : failed.Errors;
        Assert.True(Regex.IsMatch(said, message) && said.Contains('→', StringComparison.Ordinal), $"{verb}: {failed.Everything}");
        if (verb == "check") return;
        var (severity, text, detail) = await server.LastEventAsync(verb);
        Assert.Equal("error", severity);
        Assert.Matches(message, text);
        Assert.Contains("\"result\": \"failure\"", detail, StringComparison.Ordinal);
    }

    /// <summary>What WalArchiveFailing stands on: the server says by itself that its WAL goes nowhere.</summary>
    private static Task AlertedAsync(BackupServer server) => server.ShellAsync(
        """
        psql -qX -U postgres -d postgres -c "CREATE TABLE IF NOT EXISTS public.tick (i int); INSERT INTO public.tick VALUES (1); SELECT pg_switch_wal()" > /dev/null
        for i in $(seq 600); do [ "$(psql -AtqX -U postgres -d postgres -c "SELECT last_failed_time > last_archived_time FROM pg_stat_archiver")" = t ] && exit 0; sleep 0.1; done; exit 1
        """);
}
