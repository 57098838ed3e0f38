using Analytics.Ingest.Calls;
using Analytics.Ingest.Protos;
using Analytics.Ingest.Tests.Infrastructure;
using CsCheck;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace Analytics.Ingest.Tests.Calls;

/// <summary>Facts that senders write in several units and forms, and facts that contradict each other.</summary>
public sealed class ReportedFactsTests
{
    private static readonly string[] Pieces = ["\"usage\":{", "\"inputTokens\":1", "\"outputTokens\":1", "}", "\\", "\"", "x"];

    private readonly CallBuilder builder = new(Options.Create(new IngestOptions()), new FakeTimeProvider(Exports.Now));

    [Theory]
    [InlineData("gen_ai.response.time_to_first_chunk", 0.25, 0.25)]
    [InlineData("gen_ai.client.operation.time_to_first_chunk", 0.25, 0.25)]
    [InlineData("gen_ai.response.time_to_first_token", 0.25, 0.25)]
    [InlineData("gen_ai.server.time_to_first_token", 0.25, 0.25)]
    // 250 s of a call that took half a second are milliseconds.
    [InlineData("gen_ai.server.time_to_first_token", 250, 0.25)]
    [InlineData("ai.response.msToFirstChunk", 250.5, 0.2505)]
    [InlineData("ttft_ms", 250, 0.25)]
    [InlineData("mastra.completion_start_time", "2026-11-22T12:30:00.250Z", 0.25)]
    [InlineData("langfuse.observation.completion_start_time", "\"2026-11-22T12:30:00.250000Z\"", 0.25)]
    public void Time_to_first_token_is_read_in_the_unit_of_its_name(string name, object value, double seconds) =>
        Assert.Equal(seconds, Build(Exports.Call(1, null, (name, value))).TimeToFirstTokenSeconds!.Value, 6);

    [Fact]
    public void Strands_milliseconds_are_read_as_such_on_a_call_of_any_length()
    {
        var span = Exports.Call(1, null, ("gen_ai.provider.name", null), ("gen_ai.system", "strands-agents"),
            ("gen_ai.server.time_to_first_token", 20));
        span.EndTimeUnixNano = span.StartTimeUnixNano + 30_000_000_000;
        Assert.Equal(0.02, Build(span).TimeToFirstTokenSeconds);
    }

    [Theory]
    [InlineData("gen_ai.response.time_to_first_chunk", -0.1, "first_token_before_start")]
    [InlineData("ai.response.msToFirstChunk", 502, "first_token_after_end")]
    [InlineData("gen_ai.response.time_to_first_chunk", 600, "first_token_after_end")]
    [InlineData("mastra.completion_start_time", "2026-11-22T12:29:59Z", "first_token_before_start")]
    public void First_token_outside_its_call_is_flagged_and_not_stored(string name, object value, string contradiction)
    {
        var call = Build(Exports.Call(1, null, (name, value)));
        Assert.Null(call.TimeToFirstTokenSeconds);
        Assert.Equal([contradiction], call.Usage.Contradictions);
    }

    [Fact]
    public void First_token_may_come_with_the_end_of_its_call() =>
        Assert.Equal(0.5005, Build(Exports.Call(1, null, ("ai.response.msToFirstChunk", 500.5))).TimeToFirstTokenSeconds);

    [Theory]
    [InlineData("""["stop"]""", "stop")]
    [InlineData("""["tool_calls", "stop"]""", "tool_calls")]
    [InlineData("[Stop, Length]", "Stop")]
    [InlineData("['end_turn']", "end_turn")]
    [InlineData("stop, length", "stop")]
    [InlineData("stop", "stop")]
    [InlineData("[]", null)]
    [InlineData("[null]", null)]
    public void Finish_reason_is_the_first_of_a_list_in_any_form(string reasons, string? first) =>
        Assert.Equal(first, Build(Exports.Call(1, null, ("gen_ai.response.finish_reasons", reasons))).FinishReason);

    [Theory]
    [InlineData("gen_ai.cost.total_cost")]
    [InlineData("gen_ai.usage.total_cost")]
    [InlineData("litellm.cost.total")]
    [InlineData("operation.cost")]
    public void Every_name_of_a_cost_is_read(string name) =>
        Assert.Equal(0.0125m, Reads.Of(Exports.Call(1, null, (name, 0.0125))).Call!.Usage.Cost);

    [Fact]
    public void Newest_name_of_a_cost_wins_and_another_value_is_a_contradiction()
    {
        var usage = Reads.Of(Exports.Call(1, null, ("gen_ai.cost.total_cost", 2.0), ("gen_ai.usage.cost", 1.0))).Call!.Usage;
        Assert.Equal(1m, usage.Cost);
        Assert.Equal(["cost_disagree"], usage.Contradictions);
    }

    [Theory]
    [InlineData("ai.response.providerMetadata", """{"anthropic":{"usage":{"input_tokens":4,"cache_creation_input_tokens":30},"x":{}}}""")]
    [InlineData("ai.response.providerMetadata", """{"anthropic":{"cacheCreationInputTokens": 30 }}""")]
    [InlineData("ai.response.providerMetadata", """{"bedrock":{"usage":{"cacheWriteInputTokens":30}}}""")]
    [InlineData("gen_ai.usage.input_token_details", "{'audio': 0, 'cache_creation': 30}")]
    public void Cached_tokens_are_found_inside_a_text(string name, string text) =>
        Assert.Equal(30, Reads.Of(Exports.Call(1, null, (name, text))).Call!.Usage.CacheWrite.Value);

    [Theory]
    [InlineData("""{"text":"\"cacheCreationInputTokens\":30"}""")]
    [InlineData("""{"cacheCreationInputTokens":null}""")]
    [InlineData("""{"cacheCreationInputTokensX":30}""")]
    [InlineData("""cacheCreationInputTokens":30""")]
    public void Words_of_an_answer_are_no_counts(string text) =>
        Assert.Null(Reads.Of(Exports.Call(1, null, ("ai.response.providerMetadata", text))).Call!.Usage.CacheWrite.Value);

    [Theory]
    [InlineData("""{"usage":{"inputTokens":1},"raw":{"usage":{"prompt_tokens":2}}}""", 1)]
    [InlineData("""{"a":{"usage":{"inputTokens":1}},"usage":{"outputTokens":3,"inputTokens":2}}""", 2)]
    [InlineData("""{"message":"\"usage\":{\"inputTokens\":1}"}""", null)]
    [InlineData("""{"raw":{"usage":{"prompt_tokens":2}}}""", null)]
    public void Usage_of_Genkit_is_the_last_that_counts_in_its_words(string output, int? input)
    {
        var usage = Reads.Of(Exports.Bare(1, null, ("genkit:metadata:subtype", "model"), ("genkit:name", "m"), ("genkit:output", output)));
        Assert.Equal(input, usage.Call!.Usage.Input.Value);
    }

    [Fact]
    public void Usage_of_an_escaped_text_begins_where_that_of_the_text_does() => Gen.Int[0, Pieces.Length - 1].Select(at => Pieces[at])
        .Array[0, 12].Sample(pieces =>
        {
            var text = string.Concat(pieces);
            var escaped = System.Text.Encoding.UTF8.GetBytes(text.Replace("\\", "\\\\").Replace("\"", "\\\""));
            var bytes = new byte[escaped.Length];
            var usage = UsageTexts.EscapedUsageIn(Slot.GenkitOutput, escaped);
            var length = JsonText.Unescape(usage, bytes);
            var expected = UsageTexts.UsageIn(Slot.GenkitOutput, System.Text.Encoding.UTF8.GetBytes(text));
            if (!expected.IsEmpty) Assert.Equal(expected, bytes.AsSpan(0, length));
        });

    [Fact]
    public void Any_text_may_hold_counts() => Gen.Select(Gen.String[0, 60], Gen.String[0, 5]).Sample((text, name) =>
        UsageTexts.Number(System.Text.Encoding.UTF8.GetBytes(text), System.Text.Encoding.UTF8.GetBytes('x' + name)));

    [Fact]
    public void Minus_one_of_Semantic_Kernel_is_an_unknown_count()
    {
        var usage = Reads.Of(Exports.Bare(1, null, ("gen_ai.request.model", "m"), ("gen_ai.response.prompt_tokens", -1))).Call!.Usage;
        Assert.True(usage.IsEmpty);
    }

    [Theory]
    [InlineData("traceloop.association.properties.user_id", "traceloop.association.properties.session_id")]
    [InlineData("ai.telemetry.metadata.userId", "ai.telemetry.metadata.sessionId")]
    [InlineData("langsmith.metadata.user_id", "langsmith.metadata.thread_id")]
    public void User_and_session_are_read_from_a_frameworks_metadata(string user, string session)
    {
        var call = Build(Exports.Call(1, null, (user, "u1"), (session, "s1")));
        Assert.Equal(("u1", "s1"), (call.UserId, call.ConversationId));
    }

    [Theory]
    // Cached tokens are a part of the input unless the client says otherwise, whoever made the model.
    [InlineData("claude-sonnet-4-5", null, 5000)]
    [InlineData("claude-sonnet-4-5", false, 6500)]
    [InlineData("gpt-4o", null, 5000)]
    public void Cached_tokens_of_a_REST_call_are_part_of_its_input_as_documented(string model, bool? included, long input)
    {
        var call = Build(new RestCall
        {
            Time = Exports.Now,
            Model = model,
            Usage = new RestUsage { InputTokens = 5000, OutputTokens = 1, CacheReadTokens = 1500, CachedTokensIncluded = included },
        });
        Assert.Equal((input, 1500L), (call.Usage.Input, call.Usage.CacheRead));
    }

    [Fact]
    public void Entry_that_Logfire_writes_at_the_end_of_a_stream_started_with_it()
    {
        var span = Exports.Call(1, Exports.Now, ("logfire.span_type", "log"), ("duration", 1.5), ("request_data", "{}"));
        span.EndTimeUnixNano = span.StartTimeUnixNano;
        var call = Build(span);
        Assert.Equal((1.5, Exports.Now.UtcDateTime.AddSeconds(-1.5), true), (call.DurationSeconds, call.Time, call.Streamed));
    }

    [Fact]
    public void Duration_of_any_other_sender_is_not_one() =>
        Assert.Equal(0.5, Build(Exports.Call(1, null, ("duration", 1.5))).DurationSeconds);

    [Fact]
    public void Logfires_request_of_a_stream_is_a_call_only_when_it_failed()
    {
        var span = Exports.Call(1, null, ("gen_ai.usage.input_tokens", null), ("gen_ai.usage.output_tokens", null), ("request_data", "{}"));
        Assert.Equal(IgnoredReason.NotInference, Reads.Of(span).IgnoredReason);
        span.Status = new SpanStatus { Code = 2 };
        Assert.NotNull(Reads.Of(span).Call);
    }

    [Fact]
    public void First_token_of_a_REST_call_after_its_end_is_flagged()
    {
        var call = Build(new RestCall { Time = Exports.Now, Model = "m", DurationSeconds = 1, TimeToFirstTokenSeconds = 512 });
        Assert.Null(call.TimeToFirstTokenSeconds);
        Assert.Equal(["first_token_after_end"], call.Usage.Contradictions);
    }

    private Call Build(Span span) => Build(Reads.Of(span).Call!);

    private Call Build(RestCall call) => Build(RestCallMapper.Map(1, call));

    private Call Build(ReportedCall reported)
    {
        Assert.Null(builder.TryBuild(1, reported, out var call));
        return call!;
    }
}
