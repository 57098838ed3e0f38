using Analytics.Ingest.Calls;
using Analytics.Ingest.Protos;
using Analytics.Ingest.Tests.Infrastructure;
using CsCheck;
using Google.Protobuf;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace Analytics.Ingest.Tests.Calls;

public sealed class CallRuleTests
{
    private readonly CallBuilder builder = new(Options.Create(new IngestOptions()), new FakeTimeProvider(Exports.Now));

    [Fact]
    public void A_call_is_stored_in_whole_microseconds()
    {
        var span = Exports.Call(1);
        span.StartTimeUnixNano += 1999;
        span.EndTimeUnixNano += 1999;
        Assert.Null(Build(span, out var call));

        Assert.Equal(Exports.Now.UtcDateTime.AddMicroseconds(1), call!.Time);
        Assert.Equal(DateTimeKind.Utc, call.Time.Kind);
        Assert.Equal(0.5, call.DurationSeconds);
        Assert.Equal(("openai", "gpt-4o", "chat", 100, 20),
            (call.Provider, call.Model, call.Operation, call.Usage.Input, call.Usage.Output));
    }

    [Fact]
    public void Impossible_times_are_rejected_by_name()
    {
        Assert.Equal(CallBuilder.StartMissing, Build(With(span => span.StartTimeUnixNano = 0), out _));
        Assert.Equal(CallBuilder.EndMissing, Build(With(span => span.EndTimeUnixNano = 0), out _));
        Assert.Equal(CallBuilder.EndBeforeStart, Build(With(span => span.EndTimeUnixNano = span.StartTimeUnixNano - 1), out _));
        Assert.Equal(CallBuilder.TooFarInFuture, Build(Exports.Call(1, Exports.Now.AddMinutes(10.1)), out _));
        Assert.Null(Build(Exports.Call(1, Exports.Now.AddMinutes(9.9)), out _));
        Assert.Equal(CallBuilder.TooOld, Build(Exports.Call(1, Exports.Now.AddDays(-365.1)), out _));
        Assert.Null(Build(Exports.Call(1, Exports.Now.AddDays(-364.9)), out _));
        Assert.Equal(CallBuilder.TooFarInFuture, Build(With(span => span.EndTimeUnixNano = ulong.MaxValue), out _));
        Assert.Equal(CallBuilder.TooFarInFuture,
            Build(With(span => (span.StartTimeUnixNano, span.EndTimeUnixNano) = (ulong.MaxValue, ulong.MaxValue)), out _));
    }

    [Fact]
    public void Ids_that_identify_nothing_are_rejected_by_name()
    {
        Assert.Equal(SpanMapper.TraceIdMissing, Build(With(span => span.TraceId = ByteString.Empty), out _));
        Assert.Equal(SpanMapper.TraceIdMissing, Build(With(span => span.TraceId = ByteString.CopyFrom(new byte[16])), out _));
        Assert.Equal(SpanMapper.TraceIdMissing, Build(With(span => span.TraceId = ByteString.CopyFrom(1, 2, 3)), out _));
        Assert.Equal(SpanMapper.SpanIdMissing, Build(With(span => span.SpanId = ByteString.CopyFrom(new byte[8])), out _));
    }

    [Fact]
    public void Every_rule_has_a_sentence() =>
        Assert.All(
            new[] { CallBuilder.StartMissing, CallBuilder.EndMissing, CallBuilder.EndBeforeStart, CallBuilder.TooFarInFuture,
                CallBuilder.TooOld, SpanMapper.TraceIdMissing, SpanMapper.SpanIdMissing },
            rule => Assert.NotEqual(rule, builder.Explain(rule)));

    [Fact]
    public void A_model_that_nobody_names_is_unknown_and_a_provider_is_known_by_its_model()
    {
        Assert.Null(Build(Exports.Bare(1, null, ("gen_ai.usage.input_tokens", 1)), out var nameless));
        Assert.Equal(("unknown", "unknown"), (nameless!.Provider, nameless.Model));
        Assert.Null(Build(Exports.Bare(1, null, ("gen_ai.request.model", "claude-sonnet-4-5")), out var claude));
        Assert.Equal("anthropic", claude!.Provider);
    }

    [Fact]
    public void Any_bytes_make_a_text_that_PostgreSQL_takes() => Gen.Byte.Array[0, 3000].Sample(bytes =>
    {
        var text = Text.Clean(bytes, 100);
        if (text is null) return;
        Assert.InRange(text.Length, 1, 100);
        Assert.DoesNotContain('\0', text);
        // Strict: throws on a lone surrogate.
        _ = new System.Text.UTF8Encoding(false, true).GetBytes(text);
    });

    [Fact]
    public void Texts_are_cut_without_breaking_a_character()
    {
        Assert.Equal("ab", Text.Clean("ab\U0001F600", 3));
        Assert.Equal("ab", Text.Clean("a\0\uD83Db"));
        Assert.Null(Text.Clean(" \0 "));
        Assert.Equal(Text.NameBound, Text.Clean(new string('x', 5000))!.Length);
    }

    [Fact]
    public void An_id_is_the_same_every_time_and_in_no_other_project()
    {
        var span = Exports.Call(1);
        var id = CallId.OfSpan(1, span.TraceId.Span, span.SpanId.Span);
        Assert.Equal(id, CallId.OfSpan(1, span.TraceId.Span, span.SpanId.Span));
        Assert.NotEqual(id, CallId.OfSpan(2, span.TraceId.Span, span.SpanId.Span));
        Assert.Equal(Guid.Parse("198608b6-ae29-807b-82dd-ef0b82167eeb"),
            CallId.ToRequestId(new DateTime(2026, 11, 30, 18, 0, 0, 123, 457, DateTimeKind.Utc), -1234567890123456789));
        Assert.NotEqual(CallId.OfText(1, "a"), CallId.OfText(1, "b"));
        var given = Guid.NewGuid();
        Assert.Equal(CallId.OfRequest(1, given), CallId.OfRequest(1, given));
        Assert.NotEqual(CallId.OfRequest(1, given), CallId.OfRequest(2, given));
        // Fixed for ever: a change would store every resend twice.
        Assert.Equal(Guid.Parse("73cc5146-ff89-83fa-9bc5-d76242c29b9c"), CallId.OfText(1, "order-1"));
        Assert.Equal(274983718973561686, CallId.OfSpan(1, Convert.FromHexString("0af7651916cd43dd8448eb211c80319c"),
            Convert.FromHexString("b7ad6b7169203331")));
        Assert.Equal(8980526706449668638, CallId.OfRequest(1, Guid.Parse("73cc5146-ff89-83fa-9bc5-d76242c29b9c")));
    }

    [Fact]
    public void The_id_for_people_holds_time_and_id()
    {
        var random = new Random(1);
        for (var i = 0; i < 1000; i++)
        {
            var time = DateTime.UnixEpoch.AddTicks(random.NextInt64(0, 200L * 365 * TimeSpan.TicksPerDay)
                / TimeSpan.TicksPerMicrosecond * TimeSpan.TicksPerMicrosecond);
            var id = random.NextInt64(long.MinValue, long.MaxValue);
            var text = CallId.ToRequestId(time, id);
            Assert.Equal(8, text.Version);
            Assert.InRange(text.Variant, 8, 11);
            Assert.NotEqual(text, CallId.ToRequestId(time.AddMicroseconds(1), id));
            Assert.NotEqual(text, CallId.ToRequestId(time, id ^ (1L << random.Next(64))));
        }
    }

    private static Span With(Action<Span> change)
    {
        var span = Exports.Call(1);
        change(span);
        return span;
    }

    private string? Build(Span span, out Call? call)
    {
        call = null;
        var read = Reads.Of(span);
        return read.Call is null ? read.Rejected : builder.TryBuild(1, read.Call, out call);
    }
}
