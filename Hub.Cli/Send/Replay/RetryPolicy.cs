using System.Net;
using System.Net.Http.Headers;

namespace Hub.Cli.Send.Replay;

/// <summary>Which answers are tried again, and when: what OTLP prescribes (opentelemetry-proto, docs/specification.md,
/// "Failures").</summary>
internal static class RetryPolicy
{
    private static readonly TimeSpan FirstWait = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(5);

    public static bool IsRetryable(HttpStatusCode status) => status is HttpStatusCode.TooManyRequests
        or HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout;

    /// <summary>Whether every further request would get this answer as well: a wrong key, a wrong address, a format not spoken.</summary>
    public static bool ConcernsAll(HttpStatusCode status) => status is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden
        or HttpStatusCode.NotFound or HttpStatusCode.MethodNotAllowed or HttpStatusCode.UnsupportedMediaType
        || (int)status is >= 300 and < 400;

    /// <summary>
    /// The wait before the next attempt: what the receiver asked for and up to a tenth more, so that its senders do not come back all at
    /// once; else half to all of 0.25 s, 0.5 s, 1 s … at most 5 s.
    /// </summary>
    /// <param name="attempt">The number of attempts that failed, from 1.</param>
    /// <param name="retryAfter">What the receiver asked for.</param>
    /// <param name="unit">A random number from 0 to below 1.</param>
    public static TimeSpan Wait(int attempt, TimeSpan? retryAfter, double unit)
    {
        if (retryAfter is { } asked && asked >= TimeSpan.Zero) return asked * (1 + 0.1 * unit);
        var exponential = FirstWait * Math.Pow(2, Math.Min(attempt - 1, 10));
        return (exponential < LongestWait ? exponential : LongestWait) * (0.5 + 0.5 * unit);
    }

    /// <summary>Reads Retry-After, seconds or a date; null when it is missing or nonsense.</summary>
    public static TimeSpan? RetryAfter(RetryConditionHeaderValue? header, DateTimeOffset now) => header switch
    {
        { Delta: { } delta } => delta,
        { Date: { } date } => date > now ? date - now : TimeSpan.Zero,
        _ => null,
    };
}
