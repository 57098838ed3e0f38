using System.Globalization;
using Npgsql;

namespace Hub.Cli.Tests.Restore;

/// <summary>The same commands on a hub of one member, whose repository is a volume.</summary>
[Collection(nameof(BackedUpHub)), Trait(Tiers.Trait, Tiers.Nightly)]
public sealed class SingleRestoreTests(SingleHub hub) : IClassFixture<SingleHub>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_dropped_table_comes_back_and_the_restore_can_be_undone()
    {
        await ExecuteAsync("CREATE TABLE public.lost (x int); INSERT INTO public.lost VALUES (42)");
        var moment = await hub.ScalarAsync<DateTime>("SELECT clock_timestamp()", Cancel);
        await ExecuteAsync("DROP TABLE public.lost");
        await hub.RunAsync("restore", "--to", moment.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture), "--into",
            "cluster", "--yes");
        Assert.Equal(42, await hub.ScalarAsync<int>("SELECT x FROM public.lost", Cancel));
        await hub.HealthyAsync(members: 1);
        await hub.RunAsync("restore", "undo");
        Assert.True(await hub.ScalarAsync<bool>("SELECT to_regclass('public.lost') IS NULL", Cancel));
        await hub.HealthyAsync(members: 1);
        await hub.RunAsync("backup", "diff");
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var connection = await hub.OpenAsync(Cancel);
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(Cancel);
    }
}
