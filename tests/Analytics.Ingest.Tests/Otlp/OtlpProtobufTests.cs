using Analytics.Ingest.Hosting;
using Analytics.Ingest.Otlp;
using Analytics.Ingest.Protos;
using Analytics.Ingest.Tests.Infrastructure;
using CsCheck;
using Google.Protobuf;

namespace Analytics.Ingest.Tests.Otlp;

public sealed class OtlpProtobufTests
{
    private static readonly byte[] Whole = Exports.Of(Exports.Call(1), Exports.Call(2)).ToByteArray();

    [Fact]
    public void What_is_cut_off_is_refused_with_its_place()
    {
        var refused = Assert.Throws<RequestRefusedException>(() => OtlpProtobuf.Read(ExportTraceServiceRequest.Parser, Whole[..^5]));
        Assert.Equal(400, refused.Status);
        Assert.Contains($" of {Whole.Length - 5} (resourceSpans[0]): the field says that it has ", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_place_names_the_innermost_field()
    {
        // The second span's trace id, whose tag becomes one of a wire type that does not exist.
        var damaged = Whole.ToArray();
        var second = damaged.AsSpan().LastIndexOf("\u000a\u0010"u8);
        damaged[second] = 0x0F;
        var buffer = new byte[damaged.Length + 100];
        damaged.CopyTo(buffer, 50);

        var refused = Assert.Throws<RequestRefusedException>(
            () => OtlpProtobuf.Read(ExportTraceServiceRequest.Parser, new ArraySegment<byte>(buffer, 50, damaged.Length)));
        Assert.StartsWith(
            $"Not a valid protobuf message at byte {second} of {damaged.Length} (resourceSpans[0].scopeSpans[0].spans[1].traceId): there is no wire type 7",
            refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Damaged_bytes_cause_no_other_exception() => Gen.Select(Gen.Int[0, Whole.Length - 1], Gen.Byte, Gen.Int[0, Whole.Length]).Sample((at, with, length) =>
    {
        var damaged = Whole.ToArray();
        damaged[at] = with;
        try
        {
            OtlpProtobuf.Read(ExportTraceServiceRequest.Parser, damaged[..length]);
        }
        catch (RequestRefusedException refused)
        {
            Assert.Equal(400, refused.Status);
        }
    });

    [Fact]
    public void Broken_utf8_in_a_text_refuses_nothing()
    {
        var export = Exports.Of(Exports.Call(1, null, ("gen_ai.request.model", new byte[] { 0x67, 0xFF, 0xFE, 0x70 })));
        var read = OtlpProtobuf.Read(ExportTraceServiceRequest.Parser, export.ToByteArray());
        Assert.Equal("gp", Analytics.Ingest.Rows.Text.Clean(read.ResourceSpans[0].ScopeSpans[0].Spans[0].Attributes[2].Value.StringValue.Span));
    }
}
