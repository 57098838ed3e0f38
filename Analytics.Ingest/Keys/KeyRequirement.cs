using Analytics.Ingest.Http;

namespace Analytics.Ingest.Keys;

internal static class KeyRequirement
{
    /// <summary>When to retry while a key cannot be checked.</summary>
    public static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(5);

    /// <summary>Whose request it is.</summary>
    /// <exception cref="RequestRefusedException">401 without a good key; 503 while that cannot be known.</exception>
    public static async Task<Caller> RequireCallerAsync(this ApiKeyAuthenticator keys, HttpContext context)
    {
        var result = await keys.AuthenticateAsync(context.Request.Headers.Authorization, context.RequestAborted);
        return result.Verdict switch
        {
            KeyVerdict.Accepted => result.Caller!,
            KeyVerdict.Refused => throw new RequestRefusedException(
                StatusCodes.Status401Unauthorized, "No API key, or not a valid one. Send it as 'Authorization: Bearer <key>'."),
            _ => throw new RequestRefusedException(
                StatusCodes.Status503ServiceUnavailable, "The API key cannot be checked now, because the database does not answer.",
                RetryAfter),
        };
    }

    /// <summary>Whose request that brings data it is, within the limits of its key.</summary>
    /// <exception cref="RequestRefusedException">401, 503; 429 where the key has used up a limit.</exception>
    public static async Task<Caller> RequireSenderAsync(this ApiKeyAuthenticator keys, KeyLimiter limits, HttpContext context)
    {
        var caller = await keys.RequireCallerAsync(context);
        limits.Admit(caller, context.Request.ContentLength);
        return caller;
    }
}
