using System.Diagnostics;
using Npgsql;

namespace Analytics.Ingest.Writing;

/// <summary>
/// The spans between a request and its calls' COPY. A batch carries many requests and a large request many batches, so neither is the
/// other's parent: "ingest store" (within the request's trace) and "ingest batch" (a trace of its own, with one "ingest write" for each
/// attempt and Npgsql's spans below it) are linked, both ways.
/// </summary>
internal static class IngestTracing
{
    public const string SourceName = "Hub.Ingest";
    public const string Store = "ingest store", Batch = "ingest batch", Write = "ingest write";

    /// <summary>Most links of one span: OpenTelemetry's own default limit. What goes beyond it is counted in
    /// <see cref="LinksDropped"/>.</summary>
    public const int MaxLinks = 128;
    public const string LinksDropped = "hub.links.dropped", Calls = "hub.rows", Requests = "hub.requests", Path = "hub.write.path";

    private static readonly ActivitySource Source = new(SourceName);

    /// <summary>The wait of one request for its calls' commit.</summary>
    public static Activity? StartStore(int calls) => Source.StartActivity(Store)?.SetTag(Calls, calls);

    /// <summary>The life of one batch, with links to the requests that it carries.</summary>
    public static Activity? StartBatch(IReadOnlyCollection<WritePart> parts)
    {
        // A lane outlives requests: whatever its thread was doing before is not this batch's parent.
        Activity.Current = null;
        if (!Source.HasListeners()) return null;
        var requests = parts.Select(part => part.Owner.Span).Where(span => span != default).Distinct().ToList();
        var batch = Source.StartActivity(Batch, ActivityKind.Internal, default(ActivityContext),
            links: requests.Take(MaxLinks).Select(span => new ActivityLink(span)));
        batch?.SetTag(Calls, parts.Sum(part => part.Calls.Length)).SetTag(Requests, parts.Select(part => part.Owner).Distinct().Count());
        CountDropped(batch, requests.Count);
        return batch;
    }

    /// <summary>One attempt at a transaction.</summary>
    /// <param name="calls">Its calls.</param>
    /// <param name="staging">Whether it looks for duplicates, through temporary tables.</param>
    public static Activity? StartWrite(int calls, bool staging) => Source.StartActivity(Write)?.SetTag(Calls, calls).SetTag(Path,
        staging ? "staging" : "copy");

    /// <summary>Marks an attempt as failed, with the SQLSTATE where there is one. The message could repeat a call's content.</summary>
    public static void Failed(Activity? write, Exception failure) =>
        write?.SetStatus(ActivityStatusCode.Error).SetTag("error.type",
            failure is PostgresException refused ? refused.SqlState : failure.GetType().FullName);

    /// <summary>Links a request to the batches that carried its calls.</summary>
    public static void Link(Activity? store, IReadOnlyCollection<ActivityContext> batches)
    {
        if (store is null) return;
        foreach (var batch in batches.Take(MaxLinks)) store.AddLink(new ActivityLink(batch));
        CountDropped(store, batches.Count);
    }

    private static void CountDropped(Activity? span, int links)
    {
        if (links > MaxLinks) span?.SetTag(LinksDropped, links - MaxLinks);
    }
}
