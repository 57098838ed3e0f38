using System.Globalization;
using Analytics.Topology;
using Hub.Cli.Engine;
using Hub.Operations.Processes;

namespace Hub.Cli.Tests.Restore;

/// <summary>
/// What backups are for, with the commands that an operator has, against object storage over TLS. The tests share one hub; each leaves it healthy.
/// </summary>
[Collection(nameof(BackedUpHub)), Trait(Tiers.Trait, Tiers.Nightly)]
public sealed class RestoreTests(RestoreHub hub, ITestOutputHelper output) : IClassFixture<RestoreHub>
{
    /// <summary>archive_timeout, and what a segment's way into the repository may take on a busy machine.</summary>
    private static readonly TimeSpan MostLost = TimeSpan.FromSeconds(60 + 15);

    /// <summary>LLM requests a second beside the loss: a segment of WAL is full every few seconds.</summary>
    private const int LoadRate = 500;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_dropped_table_comes_back_as_it_was_just_before_across_a_failover()
    {
        await ExecuteAsync("CREATE TABLE public.ticks (id int PRIMARY KEY, at timestamptz NOT NULL)");
        await using var ticker = new Ticker(hub, "public.ticks");
        ticker.Start();
        await UntilAsync(() => ticker.Acknowledged.Count >= 5, "five acknowledged writes");
        (await ProcessRunner.RunAsync("docker", ["kill", await hub.ContainerAsync(await hub.LeaderAsync())], Cancel)).OrThrow("The leader was not killed");
        var before = ticker.Acknowledged.Count;
        await UntilAsync(() => ticker.Acknowledged.Count >= before + 5, "five more acknowledged writes");
        await hub.RunAsync("up");

        var moment = await DropAsync("public.ticks");
        await ticker.StopAsync();
        var expected = ticker.Acknowledged.Where(row => row.At < moment).Select(row => row.Id).ToHashSet();
        var clock = TimeProvider.System.GetTimestamp();
        await hub.RunAsync("restore", "--to", Text(moment), "--into", "cluster", "--yes");
        Report($"restored to just before the drop, with its full backup: {Seconds(clock)} s; {expected.Count} rows");
        var stored = await ticker.StoredAsync(Cancel);
        Assert.Empty(expected.Except(stored));
        Assert.Empty(ticker.Acknowledged.Where(row => row.At >= moment).Select(row => row.Id).Intersect(stored));
        Assert.False(await hub.ScalarAsync<bool>("SELECT to_regclass('public.later') IS NOT NULL", Cancel));
        await HealthyAsync();
        await hub.RunAsync("restore", "confirm");
        Assert.Equal(2, (await hub.TryAsync("restore", "undo")).ExitCode);
    }

    [Fact]
    public async Task A_restore_can_be_interrupted_repeated_and_undone()
    {
        await ExecuteAsync("CREATE TABLE public.kept (x int); INSERT INTO public.kept VALUES (42)");
        var to = Text(await DropAsync("public.kept"));
        var clock = TimeProvider.System.GetTimestamp();
        await InterruptAsync("restore", "--to", to, "--into", "cluster", "--yes");
        Report($"interrupted after {Seconds(clock)} s");
        await hub.RunAsync("restore", "--to", to, "--into", "cluster", "--yes");
        Assert.Equal(42, await hub.ScalarAsync<int>("SELECT x FROM public.kept", Cancel));
        await HealthyAsync();
        Assert.Equal(1, (await hub.TryAsync("restore", "--to", "latest", "--into", "cluster", "--yes")).ExitCode);

        clock = TimeProvider.System.GetTimestamp();
        await hub.RunAsync("restore", "undo");
        Report($"undone, with its full backup: {Seconds(clock)} s");
        Assert.True(await hub.ScalarAsync<bool>("SELECT to_regclass('public.later') IS NOT NULL AND to_regclass('public.kept') IS NULL", Cancel));
        await ExecuteAsync("DROP TABLE public.later");
        await HealthyAsync();
    }

    [Fact]
    public async Task A_table_is_looked_up_in_a_scratch_instance_while_the_cluster_goes_on()
    {
        await ExecuteAsync("CREATE TABLE public.lost (x int); INSERT INTO public.lost VALUES (42)");
        var shown = await hub.RunAsync("restore", "--to", Text(await DropAsync("public.lost")));
        await ExecuteAsync("DROP TABLE public.later");
        var target = shown.Split('"')[1];
        var found = await ProcessRunner.RunAsync("docker", ["exec", $"{hub.Name}-restore", "psql", target, "-XAtc", "SELECT x FROM public.lost"], Cancel);
        Assert.Equal("42", found.Output.Trim());
        await hub.RunAsync("restore", "drop-scratch");
        Assert.Equal(2, (await hub.TryAsync("restore", "drop-scratch")).ExitCode);
        await HealthyAsync();
    }

    [Fact]
    public async Task A_cluster_whose_volumes_are_gone_comes_back_from_the_repository()
    {
        await ExecuteAsync("CREATE TABLE public.loss (id int PRIMARY KEY, at timestamptz NOT NULL)");
        using var sender = hub.Start("send", "--count", "10000000", "--rate", $"{LoadRate}", "--timeout", "600", "--json");
        var (said, errors) = (sender.StandardOutput.ReadToEndAsync(Cancel), sender.StandardError.ReadToEndAsync(Cancel));
        var before = await hub.ScalarAsync<long>("SELECT count(*) FROM analytics.llm_requests", Cancel);
        await using var ticker = new Ticker(hub, "public.loss");
        ticker.Start();
        // Longer than what may be lost: a repository that took nothing meanwhile would lose more.
        await UntilAsync(() => ticker.Acknowledged is [var first, .., var newest] && newest.At - first.At > MostLost + TimeSpan.FromSeconds(5), "acknowledged writes over that time");
        var rows = await hub.ScalarAsync<long>("SELECT count(*) FROM analytics.llm_requests", Cancel) - before;
        Assert.False(sender.HasExited, "the traffic ended");
        await DestroyAsync();
        await ticker.StopAsync();
        (await ProcessRunner.RunAsync("kill", ["-TERM", $"{sender.Id}"], Cancel)).OrThrow("the sender was not stopped");
        await sender.WaitForExitAsync(Cancel);
        Assert.True(rows > 0, await said + await errors);
        var last = ticker.Acknowledged[^1];

        var clock = TimeProvider.System.GetTimestamp();
        await hub.RunAsync("restore", "--to", "latest", "--into", "cluster", "--yes");
        var taken = Seconds(clock);
        var stored = await ticker.StoredAsync(Cancel);
        var lost = ticker.Acknowledged.Where(row => !stored.Contains(row.Id)).ToList();
        var age = lost.Count == 0 ? TimeSpan.Zero : last.At - lost[0].At;
        Report($"three members and etcd lost beside {rows / (last.At - ticker.Acknowledged[0].At).TotalSeconds:0} rows/s, back in {taken} s (with a full backup); {lost.Count} of {ticker.Acknowledged.Count} acknowledged rows lost, the oldest of them {age.TotalSeconds:0.0} s before the end");
        Assert.InRange(age, TimeSpan.Zero, MostLost);
        await HealthyAsync();
        await hub.RunAsync("restore", "confirm");
    }

    /// <summary>docs/runbooks/lost-region.md: another machine, the bucket, and the two files that were kept.</summary>
    [Fact]
    public async Task Lost_site_is_restored_from_the_bucket_and_two_files()
    {
        await ExecuteAsync("CREATE TABLE public.site (x int); INSERT INTO public.site VALUES (42)");
        // Ends with a segment that went from the primary into the repository.
        await hub.RunAsync("backup", "check");
        var containers = (await ProcessRunner.RunAsync("docker", ["ps", "--all", "--quiet", "--filter", $"label=com.docker.compose.project={hub.Name}"], Cancel)).OrThrow("not listed").Output;
        (await ProcessRunner.RunAsync("docker", ["rm", "--force", "--volumes", .. containers.Split('\n', StringSplitOptions.RemoveEmptyEntries)], Cancel)).OrThrow("not removed");
        var volumes = (await ProcessRunner.RunAsync("docker", ["volume", "ls", "--quiet", "--filter", $"label=com.docker.compose.project={hub.Name}"], Cancel)).OrThrow("not listed").Output;
        (await ProcessRunner.RunAsync("docker", ["volume", "rm", .. volumes.Split('\n', StringSplitOptions.RemoveEmptyEntries)], Cancel)).OrThrow("not removed");
        var kept = new[] { "secrets.env", "hub.json" }.Select(name => (Name: name, Text: File.ReadAllText(Path.Combine(hub.State, name)))).ToList();
        Directory.Delete(hub.State, recursive: true);
        Directory.CreateDirectory(hub.State);
        foreach (var (name, text) in kept)
            await File.WriteAllTextAsync(Path.Combine(hub.State, name), text, Cancel);

        var clock = TimeProvider.System.GetTimestamp();
        await hub.RunAsync("restore", "--to", "latest", "--into", "cluster", "--yes");
        Report($"a new site out of the bucket and two files: {Seconds(clock)} s, its full backup included");
        Assert.Equal(42, await hub.ScalarAsync<int>("SELECT x FROM public.site", Cancel));
        await HealthyAsync();
        await hub.RunAsync("restore", "confirm");
    }

    /// <summary>What each job says of each fault is tested beside hub-backup; this is that a cluster's operator is told, and how soon.</summary>
    [Fact]
    public async Task Unreachable_storage_is_named_and_recorded()
    {
        await hub.Storage.LeaveAsync(hub.Network);
        try
        {
            var clock = TimeProvider.System.GetTimestamp();
            var result = await hub.TryAsync("backup", "verify");
            Report($"an unreachable storage was named after {Seconds(clock)} s");
            Assert.True(result.ExitCode == 1, result.ToString());
            Assert.Contains("cannot be reached", result.Output + result.Error, StringComparison.Ordinal);
            var recorded = await hub.ScalarAsync<string>("SELECT detail->>'error' FROM events.system_events WHERE component = 'backup' AND kind = 'verify' AND detail->>'result' = 'failure' ORDER BY time DESC LIMIT 1", Cancel);
            Assert.Contains("cannot be reached", recorded, StringComparison.Ordinal);
        }
        finally
        {
            await hub.Storage.JoinAsync(hub.Network, Cancel);
        }
    }

    [Fact]
    public async Task The_drill_passes()
    {
        var clock = TimeProvider.System.GetTimestamp();
        // What a drill of a small database may take at most; it takes a fraction of it.
        await hub.RunAsync("backup", "drill").WaitAsync(TimeSpan.FromMinutes(3), Cancel);
        Report($"drill: {Seconds(clock)} s");
    }

    [Fact]
    public async Task Impossible_target_is_refused_before_anything_stops()
    {
        var result = await hub.TryAsync("restore", "--to", "2999-01-01T00:00:00Z", "--into", "cluster", "--yes");
        Assert.Equal(2, result.ExitCode);
        Assert.Contains("in the future", result.Error, StringComparison.Ordinal);
        await HealthyAsync();
    }

    /// <summary>Drops a table and makes another.</summary>
    /// <returns>The moment before, by the database's own clock, as one would find it in its log.</returns>
    private async Task<DateTime> DropAsync(string table)
    {
        var moment = await hub.ScalarAsync<DateTime>("SELECT clock_timestamp()", Cancel);
        await ExecuteAsync($"DROP TABLE {table}; CREATE TABLE public.later (x int)");
        return moment;
    }

    private static string Text(DateTime moment) => moment.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);

    /// <summary>Ctrl-C, once the old data lies aside and the first member is at work. As SIGTERM, which a test's children never inherit as ignored.</summary>
    private async Task InterruptAsync(params string[] arguments)
    {
        using var restore = hub.Start(arguments);
        var (output, error) = (restore.StandardOutput.ReadToEndAsync(Cancel), restore.StandardError.ReadToEndAsync(Cancel));
        var state = Path.Combine(hub.State, "restore.json");
        await UntilAsync(async () => restore.HasExited || (File.Exists(state) && (await File.ReadAllTextAsync(state, Cancel)).Contains("\"aside\"", StringComparison.Ordinal) && await MembersAsync() > 0), "the restore has put the old data aside");
        if (restore.HasExited)
            Assert.Fail($"It ended before it could be interrupted: {await output}{await error}");
        (await ProcessRunner.RunAsync("kill", ["-TERM", $"{restore.Id}"], Cancel)).OrThrow("not interrupted");
        await restore.WaitForExitAsync(Cancel).WaitAsync(TimeSpan.FromMinutes(4), Cancel);
        var said = await output + await error;
        Assert.True(restore.ExitCode == 130, $"{restore.ExitCode}: {said}");
        Assert.Contains("the members are stopped and the old data is kept", said, StringComparison.Ordinal);
        Assert.Equal(0, await MembersAsync());
    }

    /// <summary>How many members' containers run.</summary>
    private async Task<int> MembersAsync()
    {
        var running = 0;
        foreach (var member in Enumerable.Range(1, 3))
        {
            running += (await ProcessRunner.RunAsync("docker", ["ps", "--quiet", "--filter", $"label=com.docker.compose.project={hub.Name}", "--filter", $"label=com.docker.compose.service=timescaledb-{member}",
                "--filter", "label=com.docker.compose.oneoff=False"], Cancel)).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length;
        }

        return running;
    }

    /// <summary>Every member and etcd, with their volumes: what is left is the repository and the state directory.</summary>
    private async Task DestroyAsync()
    {
        var services = Enumerable.Range(1, 3).SelectMany(i => new[] { $"timescaledb-{i}", $"backup-server-{i}", $"etcd-{i}" }).ToList();
        var containers = await Task.WhenAll(services.Select(hub.ContainerAsync));
        (await ProcessRunner.RunAsync("docker", ["rm", "--force", "--volumes", .. containers], Cancel)).OrThrow("not removed");
        var volumes = (await ProcessRunner.RunAsync("docker", ["volume", "ls", "--quiet", "--filter", $"label=com.docker.compose.project={hub.Name}"], Cancel)).Output
            .Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(volume => volume.Contains("timescaledb", StringComparison.Ordinal) || volume.Contains("etcd", StringComparison.Ordinal)).ToArray();
        Assert.NotEmpty(volumes);
        (await ProcessRunner.RunAsync("docker", ["volume", "rm", .. volumes], Cancel)).OrThrow("not removed");
    }

    private Task HealthyAsync() => hub.HealthyAsync(members: 3);

    private async Task ExecuteAsync(string sql)
    {
        await using var connection = await hub.OpenAsync(Cancel);
        await using var command = new Npgsql.NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(Cancel);
    }

    private void Report(FormattableString line) => output.WriteLine(line.ToString(CultureInfo.InvariantCulture));

    private static int Seconds(long since) => (int)TimeProvider.System.GetElapsedTime(since).TotalSeconds;

    private static Task UntilAsync(Func<bool> condition, string what) => UntilAsync(() => Task.FromResult(condition()), what);

    private static Task UntilAsync(Func<Task<bool>> condition, string what) => Eventually.TrueAsync(condition, TimeSpan.FromMinutes(4), () => what, Cancel);
}
