using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Analytics.Ingest.Hosting;
using Analytics.Ingest.Keys;
using Analytics.Ingest.Rows;
using Analytics.Ingest.Telemetry;
using Analytics.Ingest.Writing;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.Extensions.Options;

namespace Analytics.Ingest.Requests;

/// <summary><c>POST /api/v1/requests</c>: model calls as plain JSON, for programs without OpenTelemetry.</summary>
internal static partial class RequestsApi
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
        HttpContext context, ApiKeyAuthenticator keys, BodyReader bodies, RowBuilder builder, IngestPipeline pipeline, IngestMetrics metrics,
        IOptions<JsonOptions> json)
    {
        var project = await keys.RequireProjectAsync(context);
        if (!context.Request.HasJsonContentType())
        {
            throw new RequestRefusedException(StatusCodes.Status415UnsupportedMediaType, "The Content-Type is not supported. Send application/json.");
        }

        RequestBatch batch;
        using (var body = await bodies.ReadAsync(context.Request, context.RequestAborted)) batch = Read(body.Bytes, json.Value.SerializerOptions);
        if (!await pipeline.ReadyAsync()) throw RequestRefusedException.Busy(DrainRate.WaitWhenStalled);

        var ids = new Guid[batch.Requests.Count];
        var rows = new List<(RequestRow Row, int Index)>(batch.Requests.Count);
        var rejected = new List<RejectedRequest>();
        for (var index = 0; index < batch.Requests.Count; index++)
        {
            var call = RequestMapper.Map(project, batch.Requests[index]);
            ids[index] = call.RequestId;
            var rule = builder.TryBuild(project, call, out var row);
            if (row is not null)
            {
                rows.Add((row, index));
                continue;
            }

            metrics.Rejected(rule!);
            rejected.Add(new RejectedRequest(index, builder.Explain(rule!)));
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

    private static RequestBatch Read(ReadOnlySpan<byte> utf8, JsonSerializerOptions options)
    {
        try
        {
            var batch = JsonSerializer.Deserialize<RequestBatch>(utf8, options) ?? throw RequestRefusedException.Malformed("The body is null.");
            if (batch.Requests is null) throw RequestRefusedException.Malformed("requests is null.");
            for (var index = 0; index < batch.Requests.Count; index++)
            {
                if (batch.Requests[index] is null) throw RequestRefusedException.Malformed($"requests[{index}] is null.");
                if (batch.Requests[index].Id?.Length > RequestMapper.MaxIdLength)
                {
                    throw RequestRefusedException.Malformed($"requests[{index}].id is longer than {RequestMapper.MaxIdLength} characters.");
                }
            }

            return batch;
        }
        catch (JsonException malformed)
        {
            throw RequestRefusedException.Malformed(string.Create(CultureInfo.InvariantCulture,
                $"Not a valid batch at line {malformed.LineNumber + 1}, byte {malformed.BytePositionInLine + 1} ({malformed.Path}): " +
                $"{Explain(malformed.Message)}"));
        }
    }

    /// <summary>What is wrong, in the words of the one who sent it: the serializer's messages name this program's types.</summary>
    private static string Explain(string message)
    {
        if (UnknownField().Match(message) is { Success: true } unknown) return $"There is no field '{unknown.Groups[1].Value}'.";
        if (MissingField().Match(message) is { Success: true } missing) return $"{missing.Groups[1].Value} is missing.";
        if (message.Contains("could not be converted to", StringComparison.Ordinal)) return "This value is of another type, or out of range.";
        var end = message.IndexOf(" Path:", StringComparison.Ordinal);
        return end < 0 ? message : message[..end];
    }

    [GeneratedRegex("^The JSON property '([^']*)' could not be mapped")]
    private static partial Regex UnknownField();

    [GeneratedRegex("missing required properties including: '?([^'.;]*)")]
    private static partial Regex MissingField();
}
