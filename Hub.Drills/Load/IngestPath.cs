using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Analytics.Topology;
using Hub.Drills.Ledgers;
using Hub.Operations;
using Hub.Operations.Clusters;

namespace Hub.Drills.Load;

/// <summary>One writer that takes the whole way: ingest, PgBouncer, HAProxy, primary. It asks once and never again.</summary>
internal sealed class IngestPath(RunningCluster cluster, string apiKey) : IWritePath
{
    public const string PathName = "ingest";

    /// <summary>Ingest answers within 30 s; what takes longer is unknown.</summary>
    private readonly HttpClient http = new(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false, ConnectTimeout = TimeSpan.FromSeconds(5), MaxConnectionsPerServer = 1 })
    {
        Timeout = TimeSpan.FromSeconds(40),
        DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", apiKey) },
    };

    public string Name => PathName;

    public async Task<(Answer Answer, string? Reason)> WriteAsync(Guid id, CancellationToken abandon)
    {
        var time = TimeProvider.System.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);
        using var content = new StringContent(
            $$"""{"requests":[{"time":"{{time}}","request_id":"{{id}}","provider":"openai","model":"gpt-4o","service_name":"drill","usage":{"input_tokens":10,"output_tokens":2} } ] }""",
            Encoding.UTF8, "application/json");
        try
        {
            var port = await cluster.HostPortAsync(ClusterNames.Ingest, Ports.Rest, abandon);
            using var response = await http.PostAsync(new Uri($"http://127.0.0.1:{port}/api/v1/requests"), content, abandon);
            var said = await response.Content.ReadAsStringAsync(abandon);
            return response.StatusCode switch
            {
                HttpStatusCode.OK when said.Contains("\"rejected\":[]", StringComparison.Ordinal) => (Answer.Acknowledged, null),
                HttpStatusCode.OK => (Answer.Refused, said),

                // Ingest answers 503 also when the commit took longer than it lets a request wait.
                HttpStatusCode.ServiceUnavailable or >= HttpStatusCode.InternalServerError => (Answer.Unknown, $"{(int)response.StatusCode}"),
                _ => (Answer.Refused, $"{(int)response.StatusCode} {said}"),
            };
        }
        catch (HttpRequestException failure) when (failure.HttpRequestError is HttpRequestError.ConnectionError)
        {
            cluster.ForgetPorts();
            return (Answer.Refused, "no connection");
        }
        catch (OperationException gone)
        {
            return (Answer.Refused, gone.Message);
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException or OperationCanceledException)
        {
            return (Answer.Unknown, failure is OperationCanceledException ? "no answer" : "connection lost");
        }
    }

    public ValueTask DisposeAsync()
    {
        http.Dispose();
        return ValueTask.CompletedTask;
    }
}
