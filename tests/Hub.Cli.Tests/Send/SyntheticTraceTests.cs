using Hub.Cli.Send.Traces;

namespace Hub.Cli.Tests.Send;

public sealed class SyntheticTraceTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(200)]
    [InlineData(5000)]
    public void Lies_in_the_day_before_its_end_in_order(int count)
    {
        var rows = SyntheticTrace.Make(count, 1, Sample.Noon);
        Assert.Equal(count, rows.Count);
        Assert.Equal(Sample.Noon, rows[^1].Time);
        Assert.InRange(rows[0].Time, Sample.Noon.AddDays(-1), Sample.Noon);
        Assert.Equal(rows.OrderBy(row => row.Time), rows);
        Assert.All(rows, row => Assert.InRange(row.InputTokens, 1, 200_000));
    }

    [Fact]
    public void The_same_seed_gives_the_same_calls_whenever_it_ends()
    {
        var later = Sample.Noon.AddHours(5);
        Assert.Equal(
            SyntheticTrace.Make(300, 4, Sample.Noon).Select(row => (Sample.Noon - row.Time, row.InputTokens, row.OutputTokens)),
            SyntheticTrace.Make(300, 4, later).Select(row => (later - row.Time, row.InputTokens, row.OutputTokens)));
        Assert.NotEqual(SyntheticTrace.Make(300, 4, Sample.Noon), SyntheticTrace.Make(300, 5, Sample.Noon));
    }

    [Fact]
    public void Some_calls_generate_nothing_and_some_much()
    {
        var rows = SyntheticTrace.Make(2000, 1, Sample.Noon);
        Assert.Contains(rows, row => row.OutputTokens == 0);
        Assert.Contains(rows, row => row.OutputTokens > 1000);
        Assert.Contains(rows, row => row.InputTokens > 10_000);
    }
}
