using System.Net;
using System.Net.Http.Json;
using Analytics.Ingest.Maintenance;
using Analytics.Ingest.Protos;
using Analytics.Ingest.Tests.Infrastructure;
using Microsoft.Extensions.DependencyInjection;

namespace Analytics.Ingest.Tests.Integration;

/// <summary>Each call is one row, whoever sends it, however often and however late, and the roll-ups hold exactly the rows.</summary>
[Trait(Tiers.Trait, Tiers.Integration)]
public sealed class StoredOnceTests(DatabaseFixture databases) : HostedTests(databases)
{
    [Fact]
    public async Task Two_projects_with_identical_ids_are_both_stored()
    {
        var other = await IngestHost.CreateKeyAsync(Database, "another project");
        using var otherOtlp = Client(Host.OtlpHttp, other);
        using var otherRest = Client(Host.Rest, other);
        Span[] spans = [Exports.Call(1, Now), Exports.Call(2, Now, ("error.type", "x"))];
        var batch = new
        {
            requests = new[]
            {
                new { time = Now, request_id = (Guid?)Guid.NewGuid(), id = (string?)null, model = "gpt-4o", error_type = (string?)"y" },
                new { time = Now, request_id = (Guid?)null, id = (string?)"order-1", model = "gpt-4o", error_type = (string?)null },
            },
        };
        foreach (var (otlp, rest) in new[] { (Otlp, Rest), (otherOtlp, otherRest) })
        {
            using var response = await otlp.SendAsync(Exports.Of(spans));
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            using var answer = await rest.PostAsJsonAsync("/api/v1/requests", batch, TestContext.Current.CancellationToken);
            Assert.Contains("\"accepted\":2", await answer.TextAsync(), StringComparison.Ordinal);
        }

        await AssertRowsAsync(8);
        Assert.Equal(4, await CountAsync("events.error_logs"));
        Assert.Equal([[4L], [4L]], await Database.Owner.RowsAsync("SELECT count(*) FROM analytics.calls GROUP BY project_id"));
        Assert.Equal(7, await Database.Owner.ScalarAsync<long>("SELECT count(DISTINCT request_id) FROM analytics.llm_requests"));
        await AssertRollUpsAsync();
    }

    /// <summary>With every chunk of a day that is over compressed, where the edition compresses.</summary>
    [Theory]
    [InlineData(8)]
    [InlineData(300)]
    public async Task A_late_call_is_stored_once_whatever_its_chunk_is(int days)
    {
        var then = Now.AddDays(-days);
        Span Late(int id, int shift) => Exports.Call(id, then.AddSeconds(id % 60 + shift), ("error.type", id % 10 == 0 ? "x" : null));
        await SendAllAsync(Enumerable.Range(1, 1000).Select(id => Late(id, 0)));
        if (await Database.Owner.ScalarAsync<bool>("SELECT current_setting('timescaledb.license') = 'timescale'"))
        {
            await Database.Owner.ExecuteAsync(
                "SELECT public.compress_chunk(c) FROM public.show_chunks('analytics.calls', older_than => interval '3 days') c");
            await Database.Owner.ExecuteAsync(
                "SELECT public.compress_chunk(c) FROM public.show_chunks('events.error_logs', older_than => interval '3 days') c");
        }

        // Half of them again, and as many new ones, some of today among them.
        await SendAllAsync(Enumerable.Range(501, 1000).Select(id => id % 100 == 0 ? Exports.Call(id, Now) : Late(id, 0)));
        Assert.Equal(1505, await CountAsync("analytics.calls"));
        Assert.Equal(await Database.Owner.ScalarAsync<long>("SELECT count(*) FROM analytics.calls WHERE is_error"),
            await CountAsync("events.error_logs"));
        await AssertRollUpsAsync();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Roll_ups_equal_the_calls_after_every_step(int seed)
    {
        await AddPriceAsync("openai", "priced", 2.5m, 10m);
        var random = new Random(seed);
        var sent = new List<Span>();
        var maintenance = Host.Services.GetRequiredService<MaintenanceService>();
        for (var step = 0; step < 12; step++)
        {
            var exports = Enumerable.Range(0, 4).Select(_ => Enumerable.Range(0, random.Next(1, 60))
                .Select(_ => sent.Count > 0 && random.Next(3) == 0 ? sent[random.Next(sent.Count)] : Remember(Any())).ToArray()).ToList();
            // At once: lanes meet each other's duplicates.
            var work = exports.Select(async spans => (await Otlp.SendAsync(Exports.Of(spans))).Dispose()).ToList();
            if (random.Next(2) == 0) work.Add(maintenance.CompactRollUpsAsync(TestContext.Current.CancellationToken));
            await Task.WhenAll(work);
            Assert.Equal(sent.Count, await CountAsync("analytics.calls"));
            await AssertRollUpsAsync();
        }

        Span Remember(Span span)
        {
            sent.Add(span);
            return span;
        }

        Span Any() => Exports.Call(sent.Count + 1, Now.AddMinutes(random.Next(2) == 0 ? -random.Next(25) : -random.Next(60 * 24 * 30)),
            ("gen_ai.request.model", random.Next(3) == 0 ? "unheard-of" : "priced"),
            ("gen_ai.operation.name", random.Next(4) == 0 ? "embeddings" : "chat"),
            ("gen_ai.usage.input_tokens", random.Next(5) == 0 ? null : random.Next(1000)),
            ("gen_ai.usage.cache_read.input_tokens", random.Next(3) == 0 ? 5 : null),
            ("gen_ai.response.time_to_first_chunk", random.Next(2) == 0 ? random.NextDouble() * 0.4 : null),
            ("error.type", random.Next(20) == 0 ? "x" : null));
    }

    private async Task SendAllAsync(IEnumerable<Span> spans)
    {
        foreach (var export in spans.Chunk(250))
        {
            using var response = await Otlp.SendAsync(Exports.Of(export));
            Assert.Equal((HttpStatusCode.OK, ""), (response.StatusCode, await response.TextAsync()));
        }
    }

    /// <summary>No key of the roll-ups has another sum than its calls.</summary>
    private async Task AssertRollUpsAsync()
    {
        const string Keys = "project_id, provider, model, operation, service_name, environment";
        Assert.Empty(await Database.Owner.RowsAsync(
            $"""
             WITH raw AS (
               SELECT public.time_bucket(INTERVAL '15 minutes', time) AS time, {Keys}, count(*) AS calls,
                      count(*) FILTER (WHERE is_error) AS errors,
                      sum(input_tokens) AS input, sum(output_tokens) AS output, sum(cache_read_tokens) AS read, count(cost_usd) AS priced,
                      sum(cost_usd) AS cost, sum(input_cost) AS input_cost, sum(round(duration_seconds * 1000000)) AS duration,
                      count(*) FILTER (WHERE duration_seconds > 0.32 AND duration_seconds <= 0.64) AS bucket,
                      count(*) FILTER (WHERE time_to_first_token_seconds > 0.16 AND time_to_first_token_seconds <= 0.32) AS first
                 FROM analytics.calls GROUP BY 1, {Keys}),
             rolled AS (
               SELECT time, {Keys}, sum(calls) AS calls, sum(errors) AS errors, sum(input_tokens) AS input, sum(output_tokens) AS output,
                      sum(cache_read_tokens) AS read, sum(priced_calls) AS priced, sum(cost_usd) AS cost, sum(input_cost) AS input_cost,
                      sum(duration_microseconds) AS duration, coalesce(sum(duration_bucket_6), 0) AS bucket,
                      coalesce(sum(first_token_bucket_5), 0) AS first
                 FROM aggregates.call_rollups GROUP BY time, {Keys})
             (TABLE raw EXCEPT TABLE rolled) UNION ALL (TABLE rolled EXCEPT TABLE raw)
             """));
    }
}
