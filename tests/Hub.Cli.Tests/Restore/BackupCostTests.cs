using System.Globalization;
using System.Text.Json;
using Hub.Cli.Engine;
using Hub.Operations.Processes;
using Npgsql;

namespace Hub.Cli.Tests.Restore;

/// <summary>
/// What a full backup costs ingest: one sender at full speed, and while backups run, windows in which they go on and windows in which all that
/// belongs to them is frozen, in turn. Both kinds meet the same database, the same checkpoint and the same other programs of the machine. The
/// figures are printed; what is asserted is that every backup succeeds, that nothing acknowledged is lost, and <see cref="LeastShare"/>.
/// </summary>
[Collection(nameof(BackedUpHub)), Trait(Tiers.Trait, Tiers.Nightly)]
public sealed class BackupCostTests(VolumeHub hub, ITestOutputHelper output) : IClassFixture<VolumeHub>
{
    private const int Pairs = 12;

    /// <summary>A fifth is what a backup may cost; the rest is for a machine that others use as well.</summary>
    private const double LeastShare = 0.65;

    /// <summary>Random bytes, which lz4 makes no smaller: the dearest case for the repository.</summary>
    private const int FillerRows = 400_000;

    /// <summary>Short beside what else changes on a machine, long beside the second after which a session reports what it has inserted.</summary>
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(6), Settle = TimeSpan.FromSeconds(1);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Ingest_goes_on_beside_full_backups()
    {
        // One connection, from before the traffic: on a busy machine a new one waits, and the windows with it.
        await using var connection = await hub.OpenAsync(Cancel);
        await AskAsync(connection, string.Create(CultureInfo.InvariantCulture,
            $"CREATE TABLE public.filler AS SELECT i, public.gen_random_bytes(1000) AS bytes FROM generate_series(1, {FillerRows}) i"));
        using var sender = hub.Start("send", "--count", "10000000", "--timeout", "600", "--json");
        var (said, errors) = (sender.StandardOutput.ReadToEndAsync(Cancel), sender.StandardError.ReadToEndAsync(Cancel));
        try
        {
            // Connections, caches and the first chunks.
            await Task.Delay(TimeSpan.FromSeconds(15), Cancel);
            var (busy, frozen, backups) = (new List<double>(), new List<double>(), 0);
            while (busy.Count < Pairs)
            {
                backups++;
                await MeasureAsync(connection, busy, frozen);
            }

            var shares = busy.Zip(frozen, (with, without) => with / without).Order().ToList();
            Report($"ingest beside {backups} full backups, {busy.Count} windows of {Window.TotalSeconds:0} s each: {Median(busy):0} rows/s, and {Median(frozen):0} while they are frozen: {Median(busy) / Median(frozen):P0}; pair by pair {Median(shares):P0} (from {shares[0]:P0} to {shares[^1]:P0})");
            Report($"database {await AskAsync(connection, "SELECT pg_size_pretty(pg_database_size(current_database()))")}; load {(OperatingSystem.IsLinux() ? File.ReadAllText("/proc/loadavg").Trim() : "not known")}");
            Assert.False(sender.HasExited, "the sender ended before the last backup");
            (await ProcessRunner.RunAsync("kill", ["-TERM", $"{sender.Id}"], Cancel)).OrThrow("the sender was not stopped");
            await sender.WaitForExitAsync(Cancel);
            using var summary = JsonDocument.Parse(await said);
            var acknowledged = summary.RootElement.GetProperty("acknowledged").GetInt64();
            Assert.True(acknowledged > 0, await errors);
            Assert.InRange((long)(await AskAsync(connection, "SELECT count(*) FROM analytics.llm_requests"))!, acknowledged, long.MaxValue);
            Assert.InRange(Median(busy) / Median(frozen), LeastShare, double.MaxValue);
        }
        finally
        {
            if (!sender.HasExited)
                sender.Kill();
        }
    }

    /// <summary>One full backup, whose containers are let go and frozen in turn.</summary>
    private async Task MeasureAsync(NpgsqlConnection connection, List<double> busy, List<double> frozen)
    {
        var backup = hub.RunAsync("backup", "full", "--no-retain");
        string[] containers;
        while ((containers = await ContainersAsync("backup")).Length == 0)
        {
            Assert.False(backup.IsCompleted, "the backup ended before it was seen");
            await Task.Delay(TimeSpan.FromMilliseconds(200), Cancel);
        }

        string[] all = [.. containers, .. await ContainersAsync("backup-server-1"), .. await ContainersAsync("backup-server-2"), .. await ContainersAsync("backup-server-3")];
        while (!backup.IsCompleted)
        {
            var with = await RateAsync(connection);
            // Its last window holds its end and the time after it: neither the one nor the other.
            if (backup.IsCompleted || (await ProcessRunner.RunAsync("docker", ["pause", .. all], Cancel)).ExitCode != 0)
                break;
            double without;
            try
            {
                await Task.Delay(Settle, Cancel);
                without = await RateAsync(connection);
            }
            finally
            {
                (await ProcessRunner.RunAsync("docker", ["unpause", .. all], CancellationToken.None)).OrThrow("The backup stays frozen");
            }

            busy.Add(with);
            frozen.Add(without);
            await Task.Delay(Settle, Cancel);
        }

        // One that could not be frozen whole may be frozen in part.
        await ProcessRunner.RunAsync("docker", ["unpause", .. all], CancellationToken.None);
        await backup;
    }

    /// <summary>Rows a second, of all tables, in a window.</summary>
    private static async Task<double> RateAsync(NpgsqlConnection connection)
    {
        var (before, clock) = (await InsertedAsync(connection), TimeProvider.System.GetTimestamp());
        await Task.Delay(Window, Cancel);
        return (await InsertedAsync(connection) - before) / TimeProvider.System.GetElapsedTime(clock).TotalSeconds;
    }

    /// <summary>By the server's own counter: to count rows would itself take a part of the processors.</summary>
    private static async Task<long> InsertedAsync(NpgsqlConnection connection) => (long)(await AskAsync(connection, "SELECT tup_inserted FROM pg_stat_database WHERE datname = current_database()"))!;

    private async Task<string[]> ContainersAsync(string service) =>
        (await ProcessRunner.RunAsync("docker", ["ps", "--quiet", "--filter", $"label=com.docker.compose.project={hub.Name}", "--filter", $"label=com.docker.compose.service={service}"], Cancel))
            .OrThrow("The containers were not listed").Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToList();
        return (sorted[(sorted.Count - 1) / 2] + sorted[sorted.Count / 2]) / 2;
    }

    private static async Task<object?> AskAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 600 };
        return await command.ExecuteScalarAsync(Cancel);
    }

    private void Report(FormattableString line) => output.WriteLine(line.ToString(CultureInfo.InvariantCulture));
}
