namespace Analytics.Migrations.Tests;

[Trait(Tiers.Trait, Tiers.Integration)]
public class Histogram_quantile_answers_as_Prometheus_does(DatabaseFixture databases)
{
    [Fact]
    public async Task In_every_case()
    {
        await using var database = await databases.CreateMigratedAsync();
        (double Q, Dictionary<int, long> Counts, double? Expected)[] cases =
        [
            // linear inside the bucket (0.64, 1.28]
            (0.5, new() { [7] = 100 }, 0.64 + 0.64 * 0.5),
            (0.95, new() { [7] = 100 }, 0.64 + 0.64 * 0.95),
            // the first bucket begins at 0
            (0.5, new() { [0] = 10 }, 0.005),
            // 90 in (0.01, 0.02], 10 in (1.28, 2.56]: the 95th is in the middle of the second
            (0.95, new() { [1] = 90, [8] = 10 }, 1.28 + 1.28 * 0.5),
            // exactly on a border: its upper bound
            (0.9, new() { [1] = 90, [8] = 10 }, 0.02),
            // empty buckets in between are skipped
            (0.91, new() { [1] = 90, [8] = 10 }, 1.28 + 1.28 * 0.1),
            // above the last bound nothing is known but the bound
            (0.99, new() { [0] = 1, [14] = 99 }, 81.92),
            (1, new() { [13] = 4 }, 81.92),
            (0, new() { [7] = 100 }, 0.64),
            (-0.1, new() { [7] = 1 }, double.NegativeInfinity),
            (1.1, new() { [7] = 1 }, double.PositiveInfinity),
            (double.NaN, new() { [7] = 1 }, double.NaN),
            (0.5, [], null),
        ];
        foreach (var (q, counts, expected) in cases)
        {
            var all = Enumerable.Range(0, 15).Select(i => counts.GetValueOrDefault(i)).ToArray();
            var answer = (await database.ReadOnly.RowsAsync("SELECT analytics.histogram_quantile($1, $2)", q, all))[0][0];
            if (expected is { } number) Assert.Equal(number, (double)answer!, 1e-12);
            else Assert.Null(answer);
        }
    }

    [Theory]
    [InlineData("ARRAY[1, 2]::bigint[]")]
    [InlineData("ARRAY[-1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]::bigint[]")]
    [InlineData("'{}'::bigint[]")]
    public async Task And_refuses_input_that_is_not_a_histogram(string counts)
    {
        await using var database = await databases.CreateMigratedAsync();
        var refused = await Assert.ThrowsAsync<Npgsql.PostgresException>(() => database.ReadOnly.ExecuteAsync($"SELECT analytics.histogram_quantile(0.5, {counts})"));
        Assert.Equal(Npgsql.PostgresErrorCodes.InvalidParameterValue, refused.SqlState);
    }
}
