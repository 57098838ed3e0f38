using Analytics.Ingest.Protos;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace Analytics.Ingest.Otlp;

/// <summary>OTLP's error body, google.rpc.Status, by HTTP status.</summary>
internal static class RpcStatus
{
    public const int InvalidArgument = 3;
    public const int ResourceExhausted = 8;
    public const int Unimplemented = 12;
    public const int Internal = 13;
    public const int Unavailable = 14;
    public const int Unauthenticated = 16;

    /// <summary>The code that stands for an HTTP status, by the mapping of google.rpc.Code.</summary>
    public static int CodeOf(int httpStatus) => httpStatus switch
    {
        StatusCodes.Status401Unauthorized => Unauthenticated,
        StatusCodes.Status404NotFound or StatusCodes.Status405MethodNotAllowed => Unimplemented,
        StatusCodes.Status415UnsupportedMediaType => Unimplemented,
        // With RetryInfo the client may retry, without it may not: https://opentelemetry.io/docs/specs/otlp/#failures
        StatusCodes.Status413PayloadTooLarge or StatusCodes.Status429TooManyRequests => ResourceExhausted,
        StatusCodes.Status503ServiceUnavailable => Unavailable,
        >= 500 => Internal,
        _ => InvalidArgument,
    };

    /// <summary>A status, with google.rpc.RetryInfo when the client should retry.</summary>
    public static Status Of(int httpStatus, string message, TimeSpan? retryAfter)
    {
        var status = new Status { Code = CodeOf(httpStatus), Message = message };
        if (retryAfter is { } wait)
        {
            // Packed by hand: Any.Pack would name Hub's own copy of the message.
            var info = new RetryInfo { RetryDelay = Duration.FromTimeSpan(wait) };
            status.Details.Add(new Any { TypeUrl = "type.googleapis.com/google.rpc.RetryInfo", Value = info.ToByteString() });
        }

        return status;
    }
}
