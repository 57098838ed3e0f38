namespace Analytics.Ingest.Http;

/// <summary>A request that gets an error for an answer. Every protocol writes it in its own form.</summary>
internal sealed class RequestRefusedException(int status, string message, TimeSpan? retryAfter = null) : Exception(message)
{
    /// <summary>The HTTP status.</summary>
    public int Status { get; } = status;

    /// <summary>When to retry, for 429 and 503.</summary>
    public TimeSpan? RetryAfter { get; } = retryAfter;

    public static RequestRefusedException Malformed(string message) => new(StatusCodes.Status400BadRequest, message);

    public static RequestRefusedException TooLarge(int limit, string what) =>
        new(StatusCodes.Status413PayloadTooLarge,
            $"The body {what} is larger than the limit of {limit} bytes. Send fewer spans in one request.");

    public static RequestRefusedException TooManyCalls(int limit) =>
        new(StatusCodes.Status413PayloadTooLarge,
            $"The request brings more than the {limit} model calls that fit into one. Send fewer in one request.");

    public static RequestRefusedException Busy(TimeSpan retryAfter, string? reason = null) =>
        new(StatusCodes.Status503ServiceUnavailable, reason ??
            "The rows could not be committed now. Nothing is lost by sending the same request again.", retryAfter);
}
