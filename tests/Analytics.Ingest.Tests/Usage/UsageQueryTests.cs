using Analytics.Ingest.Usage;

namespace Analytics.Ingest.Tests.Usage;

public sealed class UsageQueryTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 22, 12, 34, 56, TimeSpan.Zero);

    [Fact]
    public void Without_times_it_is_about_the_last_24_hours_by_model()
    {
        var (query, _) = UsageQuery.Parse(null, null, null, Now);
        Assert.Equal((At("2026-11-21T12:00Z"), At("2026-11-22T13:00Z"), "model"), (query!.From, query.To, query.GroupBy));
    }

    [Theory]
    [InlineData("2026-01-01T10:20:30Z", "2026-01-01T10:20:31Z", "2026-01-01T10:00Z", "2026-01-01T11:00Z")]
    [InlineData("2026-01-01T10:00:00Z", "2026-01-01T11:00:00Z", "2026-01-01T10:00Z", "2026-01-01T11:00Z")]
    [InlineData("2026-01-01T10:00:00+05:30", "2026-01-01T11:00:00.0000001+05:30", "2026-01-01T04:00Z", "2026-01-01T06:00Z")]
    [InlineData("2026-01-01", "2026-01-02", "2026-01-01T00:00Z", "2026-01-02T00:00Z")]
    public void Times_are_aligned_outward_to_whole_hours(string from, string to, string alignedFrom, string alignedTo)
    {
        var (query, error) = UsageQuery.Parse(from, to, "hour", Now);
        Assert.Null(error);
        Assert.Equal((At(alignedFrom), At(alignedTo)), (query!.From, query.To));
    }

    [Theory]
    [InlineData("2026-01-02", "2026-01-01", "model", "from must be before to")]
    [InlineData("2026-01-01", "2026-01-01", "model", "from must be before to")]
    [InlineData("2024-01-01", "2026-01-01", "hour", "more than 400 days")]
    [InlineData("yesterday", null, "model", "from is not a time")]
    [InlineData(null, "0001-01-01", "model", "to is not a time")]
    [InlineData(null, "9999-12-31T23:59:59Z", "model", "to is not a time")]
    [InlineData(null, null, "model; DROP TABLE", "group_by is one of model, provider, project, hour, day")]
    public void Invalid_query_is_refused_with_the_reason(string? from, string? to, string groupBy, string why) =>
        Assert.Contains(why, UsageQuery.Parse(from, to, groupBy, Now).Error, StringComparison.Ordinal);

    private static DateTimeOffset At(string time) => DateTimeOffset.Parse(time, System.Globalization.CultureInfo.InvariantCulture);
}
