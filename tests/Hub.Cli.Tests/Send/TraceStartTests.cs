using Hub.Cli.Send.Traces;

namespace Hub.Cli.Tests.Send;

public sealed class TraceStartTests
{
    private static readonly DateTime Now = new(2026, 11, 22, 10, 30, 0, DateTimeKind.Utc);
    private static readonly List<TraceRow> Rows = Sample.Rows(Sample.Csv);

    [Fact]
    public void Yesterday_moves_by_whole_days_and_keeps_the_time_of_day()
    {
        var first = Rows[0].Time + TraceStart.Yesterday.ShiftOf(Rows, Now);
        Assert.Equal("2026-11-21T18:17:03.9799600Z", first.ToString("o"));
    }

    [Fact]
    public void Yesterday_is_the_date_of_the_last_row_so_that_a_long_trace_does_not_reach_into_the_future()
    {
        TraceRow[] week = [Rows[0], Rows[0] with { Time = Rows[0].Time.AddDays(6) }];
        var shift = TraceStart.Yesterday.ShiftOf(week, Now);
        Assert.Equal(new DateOnly(2026, 11, 15), DateOnly.FromDateTime(week[0].Time + shift));
        Assert.Equal(new DateOnly(2026, 11, 21), DateOnly.FromDateTime(week[1].Time + shift));
    }

    [Theory]
    [InlineData("original", "2023-11-16T18:17:03.9799600Z")]
    [InlineData("now", "2026-11-22T10:30:00.0000000Z")]
    [InlineData("2026-01-02T03:04:05.5Z", "2026-01-02T03:04:05.5000000Z")]
    [InlineData("2026-01-02 03:04:05", "2026-01-02T03:04:05.0000000Z")]
    [InlineData("2026-01-02", "2026-01-02T00:00:00.0000000Z")]
    public void Other_starts_move_the_first_row_there(string text, string expected)
    {
        var start = TraceStart.Parse(text);
        Assert.NotNull(start);
        Assert.Equal(expected, (Rows[0].Time + start.ShiftOf(Rows, Now)).ToString("o"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("tomorrow")]
    [InlineData("2026-13-01")]
    public void Invalid_start_is_refused(string text) => Assert.Null(TraceStart.Parse(text));

    [Theory]
    [InlineData("1969-12-31")]
    [InlineData("2262-01-01")]
    [InlineData("9999-12-31")]
    public void A_start_that_OTLP_cannot_write_is_refused(string text) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => TraceStart.Parse(text)!.ShiftOf(Rows, Now));
}
