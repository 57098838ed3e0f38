using Analytics.Ingest.Calls;
using Analytics.Ingest.Http;
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
    public void Truncated_message_is_refused_with_its_position()
    {
        var refused = Assert.Throws<RequestRefusedException>(() => Reads.Protobuf(Whole.AsMemory()[..^5]));
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
            () => Reads.Protobuf(buffer.AsMemory(50, damaged.Length)));
        Assert.StartsWith(
            $"Not a valid protobuf message at byte {second} of {damaged.Length} (resourceSpans[0].scopeSpans[0].spans[1].traceId): there is no wire type 7",
            refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Damaged_bytes_cause_only_the_expected_exception() => Gen.Select(Gen.Int[0, Whole.Length - 1], Gen.Byte, Gen.Int[0, Whole.Length]).Sample((at, with, length) =>
    {
        var damaged = Whole.ToArray();
        damaged[at] = with;
        try
        {
            Reads.Protobuf(damaged.AsMemory()[..length]);
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
        Assert.Equal("gp", Assert.Single(Reads.Protobuf(export.ToByteArray())).Call!.RequestModel);
    }

    [Fact]
    public void Resource_after_its_spans_applies_to_them()
    {
        var export = Exports.Of(Exports.Call(1));
        var (resource, spans) = (export.ResourceSpans[0].Resource, export.ResourceSpans[0].ScopeSpans);
        byte[] message = [.. new ResourceSpans { ScopeSpans = { spans } }.ToByteArray(), .. new ResourceSpans { Resource = resource }.ToByteArray()];
        var turned = new ExportTraceServiceRequest { ResourceSpans = { ResourceSpans.Parser.ParseFrom(message) } }.ToByteArray();
        byte[] bytes = [turned[0], .. Varint(message.Length), .. message];
        var call = Assert.Single(Reads.Protobuf(bytes)).Call!;
        Assert.Equal(("shop", "test"), (call.ServiceName, call.Environment));

        static byte[] Varint(int value) => value < 128 ? [(byte)value] : [(byte)(value | 128), (byte)(value >> 7)];
    }

    /// <summary>4 million spans in 8 MB, and what else costs a sender nothing.</summary>
    [Theory]
    [InlineData("empty spans")]
    [InlineData("empty attributes")]
    [InlineData("unknown attributes")]
    [InlineData("deep nesting")]
    [InlineData("a long text")]
    [InlineData("empty resources")]
    public void Discarded_data_costs_no_memory(string abuse)
    {
        var bytes = Abuse.Protobuf(abuse);
        var receiver = new Abuse.CountingReceiver();
        var span = new SpanDraft(new ExportText(bytes));
        OtlpProtobuf.ReadSpans(span, receiver);
        var before = GC.GetAllocatedBytesForCurrentThread();
        OtlpProtobuf.ReadSpans(span, receiver);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 64 << 10);
        Assert.True(receiver.Spans >= (abuse == "empty resources" ? 0 : 2));
    }

    [Fact]
    public void Points_and_records_are_counted()
    {
        var metrics = new ExportMetricsServiceRequest
        {
            ResourceMetrics =
            {
                new ResourceMetrics
                {
                    ScopeMetrics =
                    {
                        new ScopeMetrics
                        {
                            Metrics =
                            {
                                new Metric { Gauge = new Points { DataPoints = { new Point(), new Point() } } },
                                new Metric { Summary = new Points { DataPoints = { new Point() } } },
                                new Metric(),
                            },
                        },
                    },
                },
            },
        };
        Assert.Equal(3, OtlpProtobuf.CountPoints(metrics.ToByteArray()));
        var logs = new ExportLogsServiceRequest
        {
            ResourceLogs = { new ResourceLogs { ScopeLogs = { new ScopeLogs { LogRecords = { new LogRecord(), new LogRecord() } } } } },
        };
        Assert.Equal(2, OtlpProtobuf.CountRecords(logs.ToByteArray()));
        Assert.Equal(400, Assert.Throws<RequestRefusedException>(() => OtlpProtobuf.CountRecords([0x0A, 5])).Status);
    }
}
