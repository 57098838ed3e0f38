using System.Net;
using System.Text;
using System.Text.Json;
using Analytics.Ingest.Protos;
using Analytics.Ingest.Tests.Infrastructure;
using Analytics.Ingest.Tests.Otlp;
using Google.Protobuf;

namespace Analytics.Ingest.Tests.Integration;

[Trait(Tiers.Trait, Tiers.Integration)]
public sealed class OtlpHttpTests(DatabaseFixture databases) : HostedTests(databases)
{
    private const string Protobuf = "application/x-protobuf", Json = "application/json";

    private protected override (string Name, string Value)[] Options => [("Ingest:MaxBodyBytes", "1048576")];

    [Fact]
    public async Task An_answer_of_200_means_that_the_rows_are_committed()
    {
        for (var id = 1; id <= 20; id++)
        {
            using var response = await Otlp.SendAsync(Exports.Of(Exports.Call(id, Now)), gzip: id % 2 == 0);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            Assert.Equal(Protobuf, response.Content.Headers.ContentType?.MediaType);
            Assert.Null((await response.ReadAsync(ExportTraceServiceResponse.Parser)).PartialSuccess);
            await AssertRowsAsync(id);
        }
    }

    [Fact]
    public async Task A_resend_adds_no_row_in_whatever_encoding()
    {
        var failed = Exports.Call(3, Now, ("error.type", "timeout"));
        var export = Exports.Of(Exports.Call(1, Now), Exports.Call(2, Now), failed, Exports.Call(1, Now));
        using var first = await Otlp.SendAsync(export);
        using var second = await Otlp.SendAsync(export, gzip: true);
        using var third = await Otlp.SendAsync("/v1/traces", OtlpJsonTests.JsonOf(export, upper: true, numbers: false), Json);

        Assert.All(new[] { first, second, third }, response => Assert.Equal(HttpStatusCode.OK, response.StatusCode));
        Assert.Equal("{}", Compact(await third.TextAsync()));
        await AssertRowsAsync(3);
        Assert.Equal(1, await CountAsync("events.error_logs"));
        Assert.Equal(1 + 4 + 4, await MetricAsync("hub_ingest_rows_duplicate_total"));
        Assert.Equal(3, await MetricAsync("hub_ingest_rows_stored_total"));
    }

    [Fact]
    public async Task New_rows_among_old_ones_are_stored()
    {
        using var first = await Otlp.SendAsync(Exports.Of(Exports.Call(1, Now), Exports.Call(2, Now)));
        using var second =
            await Otlp.SendAsync(Exports.Of(Exports.Call(2, Now), Exports.Call(3, Now), Exports.Call(4, Now, ("error.type", "x"))));
        Assert.Equal(HttpStatusCode.OK, second.StatusCode);
        await AssertRowsAsync(4);
        Assert.Equal(1, await CountAsync("events.error_logs"));
        Assert.Equal(4, await Database.Owner.ScalarAsync<long>("SELECT count(ingested_at) FROM analytics.llm_requests"));
    }

    [Fact]
    public async Task Every_fact_is_stored_where_the_schema_says()
    {
        await AddPriceAsync("openai", "priced-here", 2.5m, 10m);
        var span = Exports.Call(1, Now, ("gen_ai.response.model", "priced-here-1"), ("gen_ai.usage.cache_read.input_tokens", 40),
            ("gen_ai.usage.reasoning.output_tokens", 5), ("gen_ai.request.stream", true), ("gen_ai.response.time_to_first_chunk", 0.2),
            ("user.id", "u\0ser"), ("gen_ai.conversation.id", "c"), ("gen_ai.response.finish_reasons", new[] { "stop" }));
        using var response = await Otlp.SendAsync(Exports.Of(span));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);

        var request = Assert.Single(await Database.Owner.RowsAsync(
            "SELECT time, trace_id, span_id, provider, model, request_model, operation, service_name, environment, user_id, "
            + "conversation_id, streamed, finish_reason, " +
            "is_error, error_type, duration_seconds, time_to_first_token_seconds, input_tokens, output_tokens, cost_usd FROM "
            + "analytics.llm_requests"));
        Assert.Equal(
            [Now.UtcDateTime, Convert.ToHexStringLower(span.TraceId.Span), Convert.ToHexStringLower(span.SpanId.Span), "openai",
                "priced-here-1", "gpt-4o",
                "chat", "shop", "test", "user", "c", true, "stop", false, null, 0.5, 0.2, 100L, 20L, 0.00045m], request);
        var usage = Assert.Single(await Database.Owner.RowsAsync(
            "SELECT input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, reasoning_tokens, uncached_input_tokens, "
                + "total_tokens, cache_convention, contradictions FROM analytics.token_usage"));
        Assert.Equal([100L, 20L, 40L, null, 5L, 60L, 120L, "inclusive", null], usage);
        var cost = Assert.Single(await Database.Owner.RowsAsync(
            "SELECT currency, input_cost, cache_read_cost, cache_write_cost, output_cost, total_cost, price_id IS NOT NULL, price_source "
                + "FROM analytics.cost_tracking"));
        Assert.Equal(["USD", 0.00015m, 0.0001m, 0m, 0.0002m, 0.00045m, true, "catalogue"], cost);
    }

    [Fact]
    public async Task Bad_spans_are_rejected_by_themselves_with_the_reason()
    {
        var future = Exports.Call(2, Now.AddHours(1));
        var old = Exports.Call(3, Now.AddDays(-400));
        var ignored = Exports.Bare(4, Now.AddHours(1), ("http.request.method", "GET"));
        using var response = await Otlp.SendAsync(Exports.Of(Exports.Call(1, Now), future, old, ignored,
            Exports.Call(5, Now, ("gen_ai.usage.input_tokens", -5))));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var partial = (await response.ReadAsync(ExportTraceServiceResponse.Parser)).PartialSuccess;
        Assert.Equal(2, partial.RejectedSpans);
        Assert.Contains("2 of 5 spans rejected", partial.ErrorMessage, StringComparison.Ordinal);
        Assert.Contains("10 minutes in the future (the first: span 1)", partial.ErrorMessage, StringComparison.Ordinal);
        await AssertRowsAsync(2);
        Assert.Equal(1,
            await Database.Owner.ScalarAsync<long>("SELECT count(*) FROM analytics.token_usage WHERE contradictions = "
                + "ARRAY['input_tokens_negative'] AND input_tokens IS NULL"));
        Assert.Equal(1, await MetricAsync("hub_ingest_rows_rejected_total", "rule=\"too_far_in_future\""));
        Assert.Equal(1, await MetricAsync("hub_ingest_spans_ignored_total", "reason=\"not_gen_ai\""));
    }

    [Fact]
    public async Task A_row_that_the_database_refuses_rejects_only_itself()
    {
        await Database.Owner.ExecuteAsync("ALTER TABLE analytics.calls ADD CONSTRAINT no_thirteen CHECK (output_tokens <> 13)");
        var spans = Enumerable.Range(1, 50).Select(id => Exports.Call(id, Now, ("gen_ai.usage.output_tokens", id == 37 ? 13 : 20)))
            .ToArray();
        using var response = await Otlp.SendAsync(Exports.Of(spans));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var partial = (await response.ReadAsync(ExportTraceServiceResponse.Parser)).PartialSuccess;
        Assert.Equal(1, partial.RejectedSpans);
        Assert.Contains("23514", partial.ErrorMessage, StringComparison.Ordinal);
        Assert.Contains("span 36", partial.ErrorMessage, StringComparison.Ordinal);
        await AssertRowsAsync(49);
    }

    [Theory]
    [InlineData("traces", "Not a valid protobuf message at byte ", "Not OTLP JSON at line 1")]
    [InlineData("metrics", "Not a valid protobuf message at byte ", "Not OTLP JSON at line 1")]
    [InlineData("logs", "Not a valid protobuf message at byte ", "Not OTLP JSON at line 1")]
    public async Task Malformed_bodies_get_400_with_a_status_that_says_where(string signal, string protobufPlace, string jsonPlace)
    {
        using var protobuf = await Otlp.SendAsync($"/v1/{signal}", [0x0A, 0xFF, 0x01, 0x00], Protobuf);
        Assert.Equal((HttpStatusCode.BadRequest, Protobuf), (protobuf.StatusCode, protobuf.Content.Headers.ContentType?.MediaType));
        var status = await protobuf.ReadAsync(Status.Parser);
        Assert.Equal(3, status.Code);
        Assert.StartsWith(protobufPlace, status.Message, StringComparison.Ordinal);

        using var json = await Otlp.SendAsync($"/v1/{signal}", "[1]"u8.ToArray(), Json);
        Assert.Equal((HttpStatusCode.BadRequest, Json), (json.StatusCode, json.Content.Headers.ContentType?.MediaType));
        using var body = JsonDocument.Parse(await json.TextAsync());
        Assert.Equal(3, body.RootElement.GetProperty("code").GetInt32());
        Assert.StartsWith(jsonPlace, body.RootElement.GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Refused_request_gets_the_status_that_OTLP_prescribes()
    {
        var bomb = new byte[100 << 20];
        Assert.Equal(413, await AnswerAsync("/v1/traces", bomb, Protobuf, "gzip"));
        Assert.Equal(413, await AnswerAsync("/v1/logs", new byte[(1 << 20) + 1], Protobuf, null));
        Assert.Equal(415, await AnswerAsync("/v1/traces", [], "text/plain", null));
        Assert.Equal(415, await AnswerAsync("/v1/traces", [], null, null));
        Assert.Equal(415, await AnswerAsync("/v1/traces", [], Protobuf, "zstd"));
        Assert.Equal(400, await AnswerAsync("/v1/traces", [1, 2, 3], Protobuf, "deflated", rawEncoding: "gzip"));
        Assert.Equal(404, await AnswerAsync("/v1/profiles", [], Protobuf, null));
        using var get = await Otlp.GetAsync("/v1/traces", TestContext.Current.CancellationToken);
        Assert.True(HttpStatusCode.MethodNotAllowed == get.StatusCode, await get.TextAsync() + get.RequestMessage?.RequestUri);
        Assert.Equal(12, JsonDocument.Parse(await get.TextAsync()).RootElement.GetProperty("code").GetInt32());
        Assert.Equal(200, await AnswerAsync("/v1/traces", [], Protobuf, null));
        await AssertRowsAsync(0);
    }

    [Theory]
    [InlineData("traces")]
    [InlineData("metrics")]
    [InlineData("logs")]
    public async Task Without_a_valid_key_every_signal_gets_401(string signal)
    {
        foreach (var key in new[] { null, "", "short", "hub_0000000000000000000000000000" })
        {
            using var response = await Client(Host.OtlpHttp, key).SendAsync($"/v1/{signal}", [0xFF], Protobuf);
            Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
            Assert.Equal("Bearer", response.Headers.WwwAuthenticate.ToString());
            Assert.Equal(16, (await response.ReadAsync(Status.Parser)).Code);
        }
    }

    [Fact]
    public async Task The_examples_of_the_specification_are_accepted()
    {
        foreach (var (signal, file) in new[] { ("traces", "trace"), ("metrics", "metrics"), ("logs", "logs") })
        {
            using var response = await Otlp.SendAsync($"/v1/{signal}",
                await File.ReadAllBytesAsync(SharedData.Path($"otlp-example-{file}.json"), TestContext.Current.CancellationToken), Json);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            var body = Compact(await response.TextAsync());
            if (signal == "traces") Assert.Equal("{}", body);
            else Assert.Contains($"\"errorMessage\":\"Hub does not store {(signal == "logs" ? "log records" : signal)}",
                body.Replace("errorMessage\": ", "errorMessage\":", StringComparison.Ordinal), StringComparison.Ordinal);
        }

        Assert.Equal(4, await MetricAsync("hub_ingest_not_stored_total", "signal=\"metrics\""));
        Assert.Equal(1, await MetricAsync("hub_ingest_not_stored_total", "signal=\"logs\""));
    }

    [Fact]
    public async Task A_text_that_PostgreSQL_would_refuse_is_cleaned()
    {
        var span = Exports.Call(1, Now, ("gen_ai.request.model", new byte[] { (byte)'m', 0, 0xC0, 0xFF, (byte)'x' }),
            ("error.type", new string('e', 100_000)));
        span.Status = new SpanStatus
        {
            Code = 2,
            Message = ByteString.CopyFrom(Encoding.UTF8.GetBytes(new string('\0', 10) + new string('é', 50_000)))
        };
        using var response = await Otlp.SendAsync(Exports.Of(span));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Null((await response.ReadAsync(ExportTraceServiceResponse.Parser)).PartialSuccess);
        Assert.Equal("mx", await Database.Owner.ScalarAsync<string>("SELECT model FROM analytics.llm_requests"));
        Assert.Equal(1014, await Database.Owner.ScalarAsync<int>("SELECT length(message) FROM events.error_logs"));
    }

    private async Task<int> AnswerAsync(string path, byte[] body, string? contentType, string? encoding, string? rawEncoding = null)
    {
        using var response = rawEncoding is null
            ? await Otlp.SendAsync(path, body, contentType, encoding)
            : await Otlp.SendRawAsync(path, body, contentType, rawEncoding);
        if (!response.IsSuccessStatusCode)
        {
            var status = contentType == Protobuf
                ? (await response.ReadAsync(Status.Parser)).Message
                : JsonDocument.Parse(await response.TextAsync()).RootElement.GetProperty("message").GetString();
            Assert.False(string.IsNullOrEmpty(status));
        }

        return (int)response.StatusCode;
    }

    private static string Compact(string json) => json.Replace(" ", "", StringComparison.Ordinal) is "{}" ? "{}" : json;
}
