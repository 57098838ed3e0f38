using System.Globalization;
using System.Text.Json;
using Hub.Cli.Engine;
using Npgsql;

namespace Hub.Cli.Tests.Restore;

/// <summary>
/// What a full backup costs ingest: one sender at full speed, and in the same run windows without and with a backup, in turn. The figures are
/// printed; what is asserted is that every backup succeeds, that nothing acknowledged is lost, and that no more is lost of the throughput than
/// <see cref="LeastShare"/> allows.
/// </summary>
[Collection(nameof(BackedUpHub)), Trait(Tiers.Trait, Tiers.Nightly)]
public sealed class BackupCostTests(VolumeHub hub, ITestOutputHelper output) : IClassFixture<VolumeHub>
{
    private const int Pairs = 4;

    /// <summary>A fifth is what a backup may cost; the rest is for a machine that others use as well.</summary>
    private const double LeastShare = 0.7;

    /// <summary>Random bytes, which lz4 makes no smaller: the dearest case for the repository.</summary>
    private const int FillerRows = 400_000;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Ingest_goes_on_beside_full_backups()
    {
        // One connection, from before the traffic: on a busy machine a new one waits, and the windows with it.
        await using var connection = await hub.OpenAsync(Cancel);
        await ExecuteAsync(connection, string.Create(CultureInfo.InvariantCulture,
            $"CREATE TABLE public.filler AS SELECT i, public.gen_random_bytes(1000) AS bytes FROM generate_series(1, {FillerRows}) i"));
        using var sender = hub.Start("send", "--count", "10000000", "--timeout", "600", "--json");
        var (said, errors) = (sender.StandardOutput.ReadToEndAsync(Cancel), sender.StandardError.ReadToEndAsync(Cancel));
        // Connections, caches and the first chunks.
        await Task.Delay(TimeSpan.FromSeconds(15), Cancel);
        var quiet = new List<double> { await RateAsync(connection, () => Task.Delay(TimeSpan.FromSeconds(30), Cancel)) };
        var busy = new List<double>();
        for (var pair = 1; pair <= Pairs; pair++)
        {
            var took = TimeSpan.Zero;
            busy.Add(await RateAsync(connection, async () =>
            {
                var clock = TimeProvider.System.GetTimestamp();
                await hub.RunAsync("backup", "full", "--no-retain");
                took = TimeProvider.System.GetElapsedTime(clock);
            }));
            quiet.Add(await RateAsync(connection, () => Task.Delay(took, Cancel)));
            // Beside the windows on both sides of it: the machine's own mood moves both.
            Report($"{quiet[^2]:0} rows/s, with a backup of {took.TotalSeconds:0} s {busy[^1]:0} rows/s, {quiet[^1]:0} rows/s: {Share(pair - 1):P0}");
        }

        var shares = Enumerable.Range(0, Pairs).Select(Share).Order().ToList();
        var median = (shares[(Pairs - 1) / 2] + shares[Pairs / 2]) / 2;
        Report($"ingest beside a full backup: median {median:P0} of what it is without, {shares[0]:P0} to {shares[^1]:P0}; medians of the windows {Median(busy):0} and {Median(quiet):0} rows/s; database {await SizeAsync(connection)}; load {(OperatingSystem.IsLinux() ? File.ReadAllText("/proc/loadavg").Trim() : "not known")}");
        Assert.False(sender.HasExited, "the sender ended before the last backup");
        (await Processes.RunAsync("kill", ["-TERM", $"{sender.Id}"], Cancel)).OrThrow("the sender was not stopped");
        await sender.WaitForExitAsync(Cancel);
        using var summary = JsonDocument.Parse(await said);
        var acknowledged = summary.RootElement.GetProperty("acknowledged").GetInt64();
        Assert.True(acknowledged > 0, await errors);
        Assert.InRange(await CountAsync(connection), acknowledged, long.MaxValue);
        Assert.InRange(median, LeastShare, double.MaxValue);

        double Share(int pair) => busy[pair] / ((quiet[pair] + quiet[pair + 1]) / 2);
    }

    private static double Median(List<double> values)
    {
        var sorted = values.Order().ToList();
        return (sorted[(sorted.Count - 1) / 2] + sorted[sorted.Count / 2]) / 2;
    }

    /// <summary>Rows a second while something goes on.</summary>
    private static async Task<double> RateAsync(NpgsqlConnection connection, Func<Task> work)
    {
        var (before, clock) = (await CountAsync(connection), TimeProvider.System.GetTimestamp());
        await work();
        var elapsed = TimeProvider.System.GetElapsedTime(clock);
        return (await CountAsync(connection) - before) / elapsed.TotalSeconds;
    }

    private static async Task<long> CountAsync(NpgsqlConnection connection) => (long)(await AskAsync(connection, "SELECT count(*) FROM analytics.llm_requests"))!;

    private static async Task<string> SizeAsync(NpgsqlConnection connection) => (string)(await AskAsync(connection, "SELECT pg_size_pretty(pg_database_size(current_database()))"))!;

    private static Task ExecuteAsync(NpgsqlConnection connection, string sql) => AskAsync(connection, sql);

    private static async Task<object?> AskAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 600 };
        return await command.ExecuteScalarAsync(Cancel);
    }

    private void Report(FormattableString line) => output.WriteLine(line.ToString(CultureInfo.InvariantCulture));
}
