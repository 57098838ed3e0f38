using System.ComponentModel;
using Analytics.Ingest.Http;
using Analytics.Ingest.Keys;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Npgsql;

namespace Analytics.Ingest.Usage;

/// <summary><c>GET /api/v1/usage</c>: requests, tokens, cost, errors and latency of the key's project.</summary>
internal static class UsageApi
{
    public static IEndpointConventionBuilder MapUsageApi(this IEndpointRouteBuilder app) => app
        .MapGet("/api/v1/usage", GetAsync)
        .WithName("GetUsage")
        .WithTags("Usage")
        .WithSummary("Usage and cost")
        .WithDescription($"Whole hours, UTC, of the key's own project; at most {UsageQuery.MaxDays} days at once. " +
            "An unknown cost is not counted as 0: see unpriced_requests.")
        .ProducesProblem(StatusCodes.Status400BadRequest)
        .ProducesProblem(StatusCodes.Status401Unauthorized)
        .ProducesProblem(StatusCodes.Status503ServiceUnavailable);

    private static async Task<Ok<UsageAnswer>> GetAsync(
        HttpContext context,
        ApiKeyAuthenticator keys,
        UsageReader reader,
        TimeProvider time,
        [Description("Begin, RFC 3339. Default: 24 hours before to.")] string? from,
        [Description("End, RFC 3339, exclusive. Default: now.")] string? to,
        [FromQuery(Name = "group_by"), Description("model, provider, project, hour or day. Default: model.")] string? groupBy)
    {
        var project = (await keys.RequireCallerAsync(context)).ProjectId;
        var (query, error) = UsageQuery.Parse(from, to, groupBy, time.GetUtcNow());
        if (query is null) throw RequestRefusedException.Malformed(error!);
        try
        {
            return TypedResults.Ok(await reader.ReadAsync(project, query, context.RequestAborted));
        }
        catch (PostgresException slow) when (slow.SqlState == PostgresErrorCodes.QueryCanceled)
        {
            throw new RequestRefusedException(
                StatusCodes.Status503ServiceUnavailable, "The query took too long. Ask for a shorter range.", KeyRequirement.RetryAfter);
        }
        catch (Exception away) when (away is NpgsqlException or TimeoutException)
        {
            throw new RequestRefusedException(StatusCodes.Status503ServiceUnavailable, "The database does not answer now.",
                KeyRequirement.RetryAfter);
        }
    }
}
