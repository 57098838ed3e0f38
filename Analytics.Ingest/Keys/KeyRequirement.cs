using Analytics.Ingest.Http;

namespace Analytics.Ingest.Keys;

internal static class KeyRequirement
{
    /// <summary>When to retry while a key cannot be checked.</summary>
    public static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(5);

    /// <summary>The project of the request's key.</summary>
    /// <exception cref="RequestRefusedException">401 without a good key; 503 while that cannot be known.</exception>
    public static async Task<int> RequireProjectAsync(this ApiKeyAuthenticator keys, HttpContext context)
    {
        var result = await keys.AuthenticateAsync(context.Request.Headers.Authorization, context.RequestAborted);
        return result.Verdict switch
        {
            KeyVerdict.Accepted => result.ProjectId,
            KeyVerdict.Refused => throw new RequestRefusedException(
                StatusCodes.Status401Unauthorized, "No API key, or not a valid one. Send it as 'Authorization: Bearer <key>'."),
            _ => throw new RequestRefusedException(
                StatusCodes.Status503ServiceUnavailable, "The API key cannot be checked now, because the database does not answer.", RetryAfter),
        };
    }
}
