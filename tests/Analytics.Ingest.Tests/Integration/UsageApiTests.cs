using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Analytics.Ingest.Calls;
using Analytics.Ingest.Tests.Infrastructure;

namespace Analytics.Ingest.Tests.Integration;

[Trait(Tiers.Trait, Tiers.Integration)]
public sealed class UsageApiTests(DatabaseFixture databases) : HostedTests(databases)
{
    [Fact]
    public async Task Totals_and_groups_equal_independent_sums()
    {
        await AddPriceAsync("openai", "priced", 2m, 8m);
        var random = new Random(1);
        var hour = new DateTimeOffset(Now.UtcTicks - (Now.UtcTicks % TimeSpan.TicksPerHour), TimeSpan.Zero);
        var calls = Enumerable.Range(0, 600).Select(index => new Call(
            hour.AddHours(-random.Next(1, 30)).AddSeconds(random.Next(3600)), random.Next(3) == 0 ? "unpriced" : "priced",
            random.Next(5000), random.Next(800), random.NextDouble() * 20, random.Next(20) == 0)).ToArray();
        await PostAsync(Key, calls);
        // Another project's calls are nobody else's business.
        await PostAsync(await IngestHost.CreateKeyAsync(Database, "other"), calls[..50]);

        var all = await UsageAsync($"from={Iso(hour.AddHours(-30))}&to={Iso(hour)}");
        AssertGroup(all.GetProperty("total"), null, calls);
        AssertGroups(all, calls.GroupBy(call => call.Model));
        Assert.Equal((hour.AddHours(-30), hour, "model"), (all.GetProperty("from").GetDateTimeOffset(), all.GetProperty("to").GetDateTimeOffset(), all.GetProperty("group_by").GetString()));

        AssertGroups(await UsageAsync($"from={Iso(hour.AddHours(-30))}&to={Iso(hour)}&group_by=hour"), calls.GroupBy(call => Iso(call.Time.AddTicks(-(call.Time.UtcTicks % TimeSpan.TicksPerHour)))));
        AssertGroups(await UsageAsync($"from={Iso(hour.AddHours(-30))}&to={Iso(hour)}&group_by=day"), calls.GroupBy(call => Iso(new DateTimeOffset(call.Time.UtcDateTime.Date, TimeSpan.Zero))));
        AssertGroups(await UsageAsync($"from={Iso(hour.AddHours(-30))}&to={Iso(hour)}&group_by=provider"), calls.GroupBy(_ => "openai"));
        AssertGroups(await UsageAsync($"from={Iso(hour.AddHours(-30))}&to={Iso(hour)}&group_by=project"), calls.GroupBy(_ => "tests"));

        var part = await UsageAsync($"from={Iso(hour.AddHours(-10).AddMinutes(5))}&to={Iso(hour.AddHours(-5).AddMinutes(-5))}");
        AssertGroup(part.GetProperty("total"), null, calls.Where(call => call.Time >= hour.AddHours(-10) && call.Time < hour.AddHours(-5)));
    }

    [Fact]
    public async Task Without_data_the_figures_are_zero_or_unknown()
    {
        var usage = await UsageAsync("");
        Assert.Empty(usage.GetProperty("groups").EnumerateArray());
        var total = usage.GetProperty("total");
        Assert.Equal(0, total.GetProperty("requests").GetInt64());
        Assert.All(new[] { "cost_usd", "p95_latency_seconds", "error_rate", "priced_coverage" }, name => Assert.Equal(JsonValueKind.Null, total.GetProperty(name).ValueKind));
    }

    [Theory]
    [InlineData("from=2026-02-02&to=2026-02-01", "from must be before to")]
    [InlineData("group_by=user", "group_by is one of")]
    [InlineData("from=2020-01-01&group_by=hour", "400 days")]
    public async Task Invalid_query_gets_400(string query, string why)
    {
        using var response = await Rest.GetAsync($"/api/v1/usage?{query}", TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains(why, await response.TextAsync(), StringComparison.Ordinal);
    }

    private async Task PostAsync(string key, Call[] calls)
    {
        using var response = await Client(Host.Rest, key).PostAsJsonAsync("/api/v1/requests", new
        {
            requests = calls.Select(call => new
            {
                time = call.Time,
                provider = "openai",
                model = call.Model,
                duration_seconds = call.Seconds,
                is_error = call.Failed,
                usage = new { input_tokens = call.Input, output_tokens = call.Output },
            }),
        }, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    private async Task<JsonElement> UsageAsync(string query) =>
        JsonDocument.Parse(await Rest.GetStringAsync($"/api/v1/usage?{query}", TestContext.Current.CancellationToken)).RootElement;

    private static void AssertGroups(JsonElement usage, IEnumerable<IGrouping<string, Call>> expected)
    {
        var groups = usage.GetProperty("groups").EnumerateArray().ToDictionary(group => group.GetProperty("key").GetString()!);
        var byKey = expected.ToDictionary(group => group.Key);
        Assert.Equal(byKey.Keys.Order(), groups.Keys.Order());
        foreach (var (key, calls) in byKey) AssertGroup(groups[key], key, calls);
    }

    private static void AssertGroup(JsonElement group, string? key, IEnumerable<Call> expected)
    {
        var calls = expected.ToArray();
        var priced = calls.Where(call => call.Model == "priced").ToArray();
        Assert.Equal(key, group.GetProperty("key").GetString());
        Assert.Equal(calls.Length, group.GetProperty("requests").GetInt64());
        Assert.Equal(calls.Sum(call => call.Input), group.GetProperty("input_tokens").GetInt64());
        Assert.Equal(calls.Sum(call => call.Output), group.GetProperty("output_tokens").GetInt64());
        decimal? cost = group.GetProperty("cost_usd").ValueKind == JsonValueKind.Null ? null : group.GetProperty("cost_usd").GetDecimal();
        Assert.Equal(priced.Length == 0 ? null : priced.Sum(call => (call.Input * 2m / 1_000_000) + (call.Output * 8m / 1_000_000)), cost);
        Assert.Equal(calls.Length - priced.Length, group.GetProperty("unpriced_requests").GetInt64());
        Assert.Equal(priced.Length / (double)calls.Length, group.GetProperty("priced_coverage").GetDouble(), 9);
        Assert.Equal(calls.Count(call => call.Failed), group.GetProperty("errors").GetInt64());
        foreach (var (name, quantile) in new[] { ("p50_latency_seconds", 0.5), ("p95_latency_seconds", 0.95) })
        {
            Assert.Equal(Quantile(calls, quantile), group.GetProperty(name).GetDouble(), 9);
        }
    }

    /// <summary>Prometheus' histogram_quantile, over the convention's buckets.</summary>
    private static double Quantile(Call[] calls, double quantile)
    {
        double[] bounds = [.. Enumerable.Range(0, 14).Select(index => 0.01 * Math.Pow(2, index))];
        var rank = quantile * calls.Length;
        double below = 0;
        for (var index = 0; index < bounds.Length; index++)
        {
            var lower = index == 0 ? 0 : bounds[index - 1];
            var count = calls.Count(call => call.Seconds > (index == 0 ? -1 : lower) && call.Seconds <= bounds[index]);
            if (count > 0 && below + count >= rank) return lower + ((bounds[index] - lower) * (rank - below) / count);
            below += count;
        }

        return bounds[^1];
    }

    private static string Iso(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", System.Globalization.CultureInfo.InvariantCulture);

    private sealed record Call(DateTimeOffset Time, string Model, long Input, long Output, double Seconds, bool Failed);
}
