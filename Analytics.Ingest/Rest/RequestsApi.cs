using Analytics.Ingest.Calls;
using Analytics.Ingest.Http;
using Analytics.Ingest.Keys;
using Analytics.Ingest.Pricing;
using Analytics.Ingest.Telemetry;
using Analytics.Ingest.Writing;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;

namespace Analytics.Ingest.Rest;

/// <summary><c>POST /api/v1/requests</c>: a batch of model calls as plain JSON, for programs without OpenTelemetry.</summary>
internal static class RequestsApi
{
    public static IEndpointConventionBuilder MapRequestsApi(this IEndpointRouteBuilder app) => app
        .MapPost("/api/v1/requests", PostAsync)
        .WithName("PostRequests")
        .WithTags("Ingest")
        .WithSummary("Store model calls")
        .WithDescription("200 means that every call not listed as rejected is committed on the primary and a synchronous standby; copies "
            + "says 1 where the hub has one member. " +
            "After 503 or a broken connection send the same batch again: calls are recognised by id and time. Unknown fields are "
            + "refused. gzip is understood.")
        .Accepts<CallBatch>("application/json")
        .ProducesProblem(StatusCodes.Status400BadRequest)
        .ProducesProblem(StatusCodes.Status401Unauthorized)
        .ProducesProblem(StatusCodes.Status413PayloadTooLarge)
        .ProducesProblem(StatusCodes.Status415UnsupportedMediaType)
        .ProducesProblem(StatusCodes.Status429TooManyRequests)
        .ProducesProblem(StatusCodes.Status503ServiceUnavailable);

    private static async Task<Ok<CallBatchResult>> PostAsync(
        HttpContext context, ApiKeyAuthenticator keys, KeyLimiter limits, BodyReader bodies, CallBatchReader reader, CallBuilder builder,
        CallPricer pricer, IngestPipeline pipeline, IngestMetrics metrics, IOptions<IngestOptions> options)
    {
        var caller = await keys.RequireSenderAsync(limits, context);
        var project = caller.ProjectId;
        if (!context.Request.HasJsonContentType())
        {
            throw new RequestRefusedException(StatusCodes.Status415UnsupportedMediaType,
                "The Content-Type is not supported. Send application/json.");
        }

        if (!await pipeline.ReadyAsync()) throw RequestRefusedException.Busy(DrainRate.WaitWhenStalled);

        var ids = new List<Guid>();
        var rejected = new List<RejectedCall>();
        using var calls = pipeline.NewCalls(caller);
        using (var body = await bodies.ReadAsync(context.Request, project, bytes => limits.Received(caller, bytes),
            context.RequestAborted))
        {
            reader.Read(body.Bytes.Span, (index, received) =>
            {
                if (index >= options.Value.QueueRows) throw RequestRefusedException.TooManyCalls(index);
                var reported = RestCallMapper.Map(project, received);
                ids.Add(reported.GivenId ?? CallId.ToRequestId(CallBuilder.TimeOf(reported), reported.CallId));
                var rule = builder.TryBuild(project, reported, out var call);
                if (call is not null)
                {
                    calls.Add(pricer.Price(call, reported.Usage), index);
                    return;
                }

                metrics.Rejected(rule!);
                rejected.Add(new RejectedCall(index, builder.Explain(rule!)));
            });
        }

        var written = await pipeline.WriteAsync(calls);
        if (written.RetryAfter is { } later) throw RequestRefusedException.Busy(later, written.Reason);
        rejected.AddRange(written.Calls.Where(call => call.Outcome == CallOutcome.Rejected)
            .Select(call => new RejectedCall(call.Index, call.Reason!)));
        rejected.Sort((a, b) => a.Index.CompareTo(b.Index));
        return TypedResults.Ok(new CallBatchResult
        {
            Accepted = written.Calls.Count(call => call.Outcome == CallOutcome.Stored),
            Duplicates = written.Calls.Count(call => call.Outcome == CallOutcome.Duplicate),
            Rejected = rejected,
            RequestIds = ids,
            Copies = CommitCopies.Of(written.Calls),
        });
    }
}
