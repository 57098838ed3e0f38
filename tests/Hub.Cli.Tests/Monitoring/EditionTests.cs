using Analytics.Topology;

namespace Hub.Cli.Tests.Monitoring;

/// <summary>
/// Jobs, compression and refreshed aggregates are the Community edition's (HUB_DATABASE_IMAGE): there their figures are alive, so that the rules and
/// panels made of them are too. On the Apache edition they are nought, and nothing fires for what nobody does.
/// </summary>
[Trait(Tiers.Trait, Tiers.Integration), Collection(nameof(HubUnderLoad))]
public sealed class EditionTests(HubUnderLoad fixture, ITestOutputHelper output)
{
    /// <summary>An exporter keeps these answers for a minute; then a scrape follows.</summary>
    private static readonly TimeSpan WaitLimit = TimeSpan.FromSeconds(150);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("max(hub_timescaledb_jobs_total)")]
    [InlineData("max(hub_timescaledb_job_total_runs)")]
    [InlineData("min(hub_timescaledb_job_total_failures) + 1")]
    [InlineData("max(hub_aggregate_schedule_seconds)")]
    [InlineData("max(hub_aggregate_refresh_age_seconds)")]
    [InlineData("max(hub_hypertable_compressed_chunks)")]
    [InlineData("max(hub_hypertable_compressed_before_bytes)")]
    [InlineData("max(hub_hypertable_compressed_after_bytes)")]
    public async Task What_TimescaleDB_does_by_itself_has_figures_where_it_does_it(string expression)
    {
        double? value = null;
        for (var started = TimeProvider.System.GetTimestamp(); TimeProvider.System.GetElapsedTime(started) < WaitLimit; await Task.Delay(TimeSpan.FromSeconds(3), Cancel))
        {
            value = await fixture.Prometheus.ValueAsync(expression, Cancel);
            if (value > 0 == fixture.Community)
                break;
        }

        output.WriteLine($"{expression}: {value?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "none"}");
        Assert.Equal(fixture.Community, value > 0);
    }

    [Fact]
    public async Task The_edition_is_a_label() =>
        Assert.Equal([fixture.Community ? "timescale" : "apache"], (await fixture.Prometheus.SeriesAsync("hub_timescaledb_info", Cancel)).Select(series => series["edition"]).Distinct());
}
