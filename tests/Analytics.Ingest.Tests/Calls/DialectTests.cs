using Analytics.Ingest.Calls;
using Analytics.Ingest.Protos;
using Analytics.Ingest.Tests.Infrastructure;
using Google.Protobuf;

namespace Analytics.Ingest.Tests.Calls;

public sealed class DialectTests
{
    private static readonly string[] SpanKinds = ["LLM", "EMBEDDING"];

    public static TheoryData<string> TokenNames() => [.. AttributeTable.Names
        .Where(pair => pair.Value.Slot is >= Slot.InputTokens and <= Slot.TotalTokens).Select(pair => pair.Key)];

    [Theory]
    [MemberData(nameof(TokenNames))]
    public void Every_name_of_a_count_is_read_as_integer_string_and_whole_double(string name)
    {
        foreach (var value in new object[] { 42, "42", 42.0 })
        {
            var usage = Map(Exports.Bare(1, null, ("gen_ai.request.model", "m"), (name, value)))!.Usage;
            var count = AttributeTable.Names[name].Slot switch
            {
                Slot.InputTokens => usage.Input,
                Slot.OutputTokens => usage.Output,
                Slot.CacheReadTokens => usage.CacheRead,
                Slot.CacheWriteTokens => usage.CacheWrite,
                Slot.ReasoningTokens => usage.Reasoning,
                _ => usage.Total,
            };
            Assert.Equal(42, count.Value);
            Assert.Null(usage.Contradictions);
        }
    }

    [Fact]
    public void Names_are_short_enough_to_be_found()
    {
        Assert.All(AttributeTable.Names.Keys, name => Assert.True(name.Length <= AttributeTable.MaxNameBytes));
        Assert.All(AttributeTable.Names.Keys, name => Assert.True(AttributeTable.TryGet(System.Text.Encoding.UTF8.GetBytes(name), out _)));
        Assert.False(AttributeTable.TryGet("gen_ai.usage.input_tökens"u8, out _));
        Assert.False(AttributeTable.TryGet(new byte[1000], out _));
    }

    [Fact]
    public void The_newest_name_wins_and_another_value_under_an_older_one_is_a_contradiction()
    {
        var usage = Map(Exports.Bare(1, null, ("gen_ai.usage.prompt_tokens", 7), ("gen_ai.usage.input_tokens", 9), ("llm.token_count.prompt", 9)))!.Usage;

        Assert.Equal(9, usage.Input.Value);
        Assert.Equal(["input_tokens_disagree"], usage.Contradictions);
    }

    [Theory]
    [InlineData(-1, "input_tokens_negative")]
    [InlineData(100_000_001, "input_tokens_absurd")]
    [InlineData(1.5, "input_tokens_unreadable")]
    [InlineData("many", "input_tokens_unreadable")]
    [InlineData(double.NaN, "input_tokens_unreadable")]
    public void Invalid_count_is_unknown_and_flagged(object value, string contradiction)
    {
        var usage = Map(Exports.Bare(1, null, ("gen_ai.request.model", "m"), ("gen_ai.usage.input_tokens", value)))!.Usage;

        Assert.Null(usage.Input.Value);
        Assert.Equal([contradiction], usage.Contradictions);
    }

    [Fact]
    public void OpenInference_spans_are_model_calls_by_their_kind()
    {
        foreach (var kind in SpanKinds)
        {
            var call = Map(Exports.Bare(1, null, ("openinference.span.kind", kind), ("llm.model_name", "claude-sonnet-4-5"), ("llm.token_count.prompt", 5)))!;
            Assert.Equal("claude-sonnet-4-5", call.ResponseModel);
            Assert.Equal(kind == "LLM" ? null : "embeddings", call.Operation);
        }

        Assert.Equal(IgnoredReason.NotInference, Why(Exports.Bare(1, null, ("openinference.span.kind", "CHAIN"), ("llm.token_count.prompt", 5))));
    }

    [Theory]
    [InlineData("execute_tool")]
    [InlineData("invoke_agent")]
    [InlineData("create_agent")]
    [InlineData("fetch_response")]
    [InlineData("retrieval")]
    public void Operations_that_repeat_or_surround_usage_do_not_count_twice(string operation) =>
        Assert.Equal(IgnoredReason.NotInference, Why(Exports.Call(1, null, ("gen_ai.operation.name", operation))));

    [Fact]
    public void A_wrapper_that_names_no_operation_is_known_by_its_traceloop_kind() =>
        Assert.Equal(IgnoredReason.NotInference, Why(Exports.Call(1, null, ("gen_ai.operation.name", null), ("traceloop.span.kind", "workflow"))));

    [Fact]
    public void An_unknown_operation_with_a_model_is_a_model_call() =>
        Assert.Equal("summarise", Map(Exports.Call(1, null, ("gen_ai.operation.name", "summarise")))!.Operation);

    [Fact]
    public void A_span_of_something_else_is_ignored()
    {
        Assert.Equal(IgnoredReason.NotGenAi, Why(Exports.Bare(1, null, ("http.request.method", "GET"), ("user.id", "u"))));
        Assert.Equal(IgnoredReason.NotGenAi, Why(Exports.Bare(1, null, ("gen_ai.agent.name", "a"))));
    }

    [Fact]
    public void Hubs_own_telemetry_is_ignored_even_when_it_looks_like_a_model_call()
    {
        var export = Exports.Of(Exports.Call(1));
        export.ResourceSpans[0].Resource.Attributes.Add(Exports.Attribute("hub.self", true));
        Assert.Equal(IgnoredReason.OwnTelemetry, Assert.Single(Reads.Protobuf(export.ToByteArray())).IgnoredReason);
    }

    [Fact]
    public void A_span_without_usage_is_a_model_call_of_unknown_usage()
    {
        var call = Map(Exports.Bare(1, null, ("gen_ai.operation.name", "chat"), ("gen_ai.request.model", "gpt-4o")))!;
        Assert.True(call.Usage.IsEmpty);
    }

    [Fact]
    public void Every_other_fact_is_read()
    {
        var span = Exports.Call(1, null,
            ("gen_ai.response.model", "gpt-4o-2024-08-06"), ("gen_ai.response.finish_reasons", new[] { "stop", "length" }), ("user.id", "u1"),
            ("session.id", "s1"), ("gen_ai.is_streaming", "true"), ("gen_ai.response.time_to_first_chunk", 0.25), ("gen_ai.usage.cost", 0.0125));
        var call = Map(span)!;

        Assert.Equal(("gpt-4o-2024-08-06", "gpt-4o", "openai"), (call.ResponseModel, call.RequestModel, call.Provider));
        Assert.Equal(("stop", "u1", "s1"), (call.FinishReason, call.UserId, call.ConversationId));
        Assert.True(call.Streamed);
        Assert.Equal(0.25, call.TimeToFirstTokenSeconds);
        Assert.Equal(0.0125m, call.Usage.Cost);
        Assert.False(call.IsError);
    }

    [Fact]
    public void An_error_is_known_by_status_or_type_and_explained_by_status_or_exception()
    {
        var byStatus = Exports.Call(1);
        byStatus.Status = new SpanStatus { Code = 2, Message = Exports.Utf8("quota exceeded") };
        Assert.Equal((true, "quota exceeded"), (Map(byStatus)!.IsError, Map(byStatus)!.ErrorMessage));

        var byType = Exports.Call(1, null, ("error.type", "timeout"));
        byType.Events.Add(new Span.Types.Event
        {
            Name = Exports.Utf8("exception"),
            Attributes = { Exports.Attribute("exception.type", "TimeoutException"), Exports.Attribute("exception.message", "took too long") },
        });
        var call = Map(byType)!;
        Assert.Equal((true, "timeout", "took too long"), (call.IsError, call.ErrorType, call.ErrorMessage));
    }

    private static ReportedCall? Map(Span span) => Reads.Of(span).Call;

    private static IgnoredReason? Why(Span span)
    {
        var read = Reads.Of(span);
        Assert.Null(read.Call);
        Assert.Null(read.Rejected);
        return read.IgnoredReason;
    }
}
