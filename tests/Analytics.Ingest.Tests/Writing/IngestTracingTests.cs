using System.Diagnostics;
using Analytics.Ingest.Keys;
using Analytics.Ingest.Tests.Telemetry;
using Analytics.Ingest.Writing;

namespace Analytics.Ingest.Tests.Writing;

public sealed class IngestTracingTests
{
    [Fact]
    public void A_batch_of_many_requests_and_a_request_of_many_batches_have_bounded_links_and_say_what_is_missing()
    {
        using var spans = new SpanLog();
        var requests = Enumerable.Range(0, IngestTracing.MaxLinks + 10).Select(_ => Request()).ToList();
        using (var batch = IngestTracing.StartBatch([.. requests.Select(request => new WritePart(request, []))]))
        {
            Assert.Equal(IngestTracing.MaxLinks, batch!.Links.Count());
            Assert.Equal((10, requests.Count), (batch.GetTagItem(IngestTracing.LinksDropped), batch.GetTagItem(IngestTracing.Requests)));
            Assert.All(batch.Links.Zip(requests), pair => Assert.Equal(pair.Second.Span, pair.First.Context));
        }

        using var store = IngestTracing.StartStore(1);
        IngestTracing.Link(store, [.. Enumerable.Range(0, IngestTracing.MaxLinks + 1).Select(_ => Context())]);
        Assert.Equal(IngestTracing.MaxLinks, store!.Links.Count());
        Assert.Equal(1, store.GetTagItem(IngestTracing.LinksDropped));
    }

    [Fact]
    public void A_batch_belongs_to_no_request()
    {
        using var spans = new SpanLog();
        using var current = new Activity("what the thread did before").Start();
        using var batch = IngestTracing.StartBatch([new WritePart(Request(), [])]);
        Assert.Null(batch!.Parent);
        Assert.Equal(default, batch.ParentSpanId);
    }

    private static PendingWrite Request()
    {
        using var span = IngestTracing.StartStore(0);
        return new PendingWrite([], new Caller(1, 1, KeyLimits.None));
    }

    private static ActivityContext Context() => new(ActivityTraceId.CreateRandom(), ActivitySpanId.CreateRandom(),
        ActivityTraceFlags.Recorded);
}
