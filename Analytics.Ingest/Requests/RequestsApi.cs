using Analytics.Ingest.Hosting;
using Analytics.Ingest.Keys;
using Analytics.Ingest.Rows;
using Analytics.Ingest.Telemetry;
using Analytics.Ingest.Writing;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;

namespace Analytics.Ingest.Requests;

/// <summary><c>POST /api/v1/requests</c>: model calls as plain JSON, for programs without OpenTelemetry.</summary>
internal static class RequestsApi
{
    public static IEndpointConventionBuilder MapRequestsApi(this IEndpointRouteBuilder app) => app
        .MapPost("/api/v1/requests", PostAsync)
        .WithName("PostRequests")
        .WithTags("Ingest")
        .WithSummary("Store model calls")
        .WithDescription("200 means that every call not listed as rejected is committed on the primary and a synchronous standby; copies says 1 where the hub has one member. " +
            "After 503 or a broken connection send the same batch again: calls are recognised by id and time. Unknown fields are refused. gzip is understood.")
        .Accepts<RequestBatch>("application/json")
        .ProducesProblem(StatusCodes.Status400BadRequest)
        .ProducesProblem(StatusCodes.Status401Unauthorized)
        .ProducesProblem(StatusCodes.Status413PayloadTooLarge)
        .ProducesProblem(StatusCodes.Status415UnsupportedMediaType)
        .ProducesProblem(StatusCodes.Status503ServiceUnavailable);

    private static async Task<Ok<RequestBatchResult>> PostAsync(
        HttpContext context, ApiKeyAuthenticator keys, BodyReader bodies, RequestReader reader, RowBuilder builder, IngestPipeline pipeline,
        IngestMetrics metrics, IOptions<IngestOptions> options)
    {
        var project = await keys.RequireProjectAsync(context);
        if (!context.Request.HasJsonContentType())
        {
            throw new RequestRefusedException(StatusCodes.Status415UnsupportedMediaType, "The Content-Type is not supported. Send application/json.");
        }

        if (!await pipeline.ReadyAsync()) throw RequestRefusedException.Busy(DrainRate.WaitWhenStalled);

        var ids = new List<Guid>();
        var rejected = new List<RejectedRequest>();
        using var rows = pipeline.NewRows();
        using (var body = await bodies.ReadAsync(context.Request, context.RequestAborted))
        {
            reader.Read(body.Bytes.Span, (index, facts) =>
            {
                if (index >= options.Value.QueueRows) throw RequestRefusedException.TooManyCalls(index);
                var call = RequestMapper.Map(project, facts);
                ids.Add(call.RequestId);
                var rule = builder.TryBuild(project, call, out var row);
                if (row is not null)
                {
                    rows.Add(row, index);
                    return;
                }

                metrics.Rejected(rule!);
                rejected.Add(new RejectedRequest(index, builder.Explain(rule!)));
            });
        }

        var written = await pipeline.WriteAsync(rows);
        if (written.RetryAfter is { } later) throw RequestRefusedException.Busy(later);
        rejected.AddRange(written.Rows.Where(row => row.Outcome == RowOutcome.Rejected).Select(row => new RejectedRequest(row.Index, row.Reason!)));
        rejected.Sort((a, b) => a.Index.CompareTo(b.Index));
        return TypedResults.Ok(new RequestBatchResult
        {
            Accepted = written.Rows.Count(row => row.Outcome == RowOutcome.Stored),
            Duplicates = written.Rows.Count(row => row.Outcome == RowOutcome.Duplicate),
            Rejected = rejected,
            RequestIds = ids,
            Copies = CommitCopies.Of(written.Rows),
        });
    }
}
