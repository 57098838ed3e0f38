using System.Net;
using System.Net.Http.Headers;
using Hub.Cli.Send.Otlp;

namespace Hub.Cli.Send.Replay;

/// <summary>What one attempt came to.</summary>
internal abstract record Attempt
{
    /// <summary>200. <paramref name="Rejected"/> spans of the request were not stored; the others are.</summary>
    public sealed record Answered(long Rejected, string Message) : Attempt;

    /// <summary>It may be tried again. <paramref name="MaybeStored"/>: the request reached the receiver, which may have stored it all the
    /// same.</summary>
    public sealed record Failed(string Reason, TimeSpan? RetryAfter, bool MaybeStored) : Attempt;

    /// <summary>No further attempt would help. <paramref name="EndsReplay"/>: nor would any other request.</summary>
    public sealed record Final(string Reason, bool MaybeStored, bool EndsReplay) : Attempt;
}

/// <summary>Makes single attempts at an export. Every way in which one can end is an <see cref="Attempt"/>; nothing is thrown.</summary>
internal sealed class ExportClient(HttpClient http, Uri endpoint, string apiKey, TimeProvider time)
{
    /// <summary>Ingest answers within 30 s; what takes longer is lost.</summary>
    private static readonly TimeSpan LongestAttempt = TimeSpan.FromSeconds(40);

    private const int MaxAnswerBytes = 4 << 20;

    /// <summary>A client as the replay needs it: no redirects (they would turn a POST into a GET), no proxy on the way to this
    /// machine.</summary>
    public static HttpClient CreateHttp(ReplayOptions options) => new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseProxy = !options.Endpoint.IsLoopback,
        ConnectTimeout = TimeSpan.FromSeconds(5),
        MaxConnectionsPerServer = options.Concurrency,
    })
    {
        Timeout = options.GiveUpAfter < LongestAttempt ? options.GiveUpAfter : LongestAttempt,
        MaxResponseContentBufferSize = MaxAnswerBytes,
    };

    /// <param name="export">What to send.</param>
    /// <param name="abandon">Gives up on the answer.</param>
    public async Task<Attempt> SendAsync(OtlpExport export, CancellationToken abandon)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, endpoint);
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", apiKey);
            request.Content = new ByteArrayContent(export.GzipBody);
            request.Content.Headers.ContentType = new MediaTypeHeaderValue(export.ContentType);
            request.Content.Headers.ContentEncoding.Add("gzip");
            using var response = await http.SendAsync(request, abandon);
            return await ReadAsync(response, abandon);
        }
        catch (HttpRequestException failure)
        {
            var never = failure.HttpRequestError is HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError
                or HttpRequestError.SecureConnectionError or HttpRequestError.ProxyTunnelError;
            return new Attempt.Failed(never ? $"no connection: {failure.Message}" : $"connection lost: {failure.Message}", null,
                MaybeStored: !never);
        }
        catch (OperationCanceledException) when (abandon.IsCancellationRequested)
        {
            return new Attempt.Failed("stopped while waiting for the answer", null, MaybeStored: true);
        }
        catch (OperationCanceledException)
        {
            return new Attempt.Failed($"no answer within {http.Timeout.TotalSeconds:0.#} s", null, MaybeStored: true);
        }
    }

    private async Task<Attempt> ReadAsync(HttpResponseMessage response, CancellationToken abandon)
    {
        var body = await response.Content.ReadAsByteArrayAsync(abandon);
        var type = response.Content.Headers.ContentType?.MediaType;
        if (response.IsSuccessStatusCode)
        {
            try
            {
                var (rejected, message) = OtlpAnswer.PartialSuccess(type, body);
                return new Attempt.Answered(rejected, message);
            }
            catch (InvalidDataException foreign)
            {
                return new Attempt.Final($"{endpoint} does not speak OTLP: {foreign.Message}", MaybeStored: true, EndsReplay: true);
            }
        }

        var status = $"{(int)response.StatusCode} {response.ReasonPhrase}";
        if (RetryPolicy.IsRetryable(response.StatusCode))
        {
            return new Attempt.Failed(status, RetryPolicy.RetryAfter(response.Headers.RetryAfter, time.GetUtcNow()),
                // 503 is also what a receiver answers whose commit took too long; 429 comes before any work.
                MaybeStored: response.StatusCode != HttpStatusCode.TooManyRequests);
        }

        var said = OtlpAnswer.StatusMessage(type, body);
        var reason = said.Length == 0 ? status : $"{status}: {said}";
        return new Attempt.Final(reason, MaybeStored: (int)response.StatusCode >= 500, RetryPolicy.ConcernsAll(response.StatusCode));
    }
}
