using System.Net.Http.Json;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Analytics.Migrations.Etcd;

/// <summary>etcd answered with an error: <paramref name="code"/> is gRPC's.</summary>
public sealed class EtcdException(int code, string message) : Exception(message)
{
    /// <summary>The gRPC status code.</summary>
    public int Code { get; } = code;

    // 4 DEADLINE_EXCEEDED, 8 RESOURCE_EXHAUSTED, 14 UNAVAILABLE (no leader, leader changed)
    /// <summary>Whether the same request may succeed a moment later.</summary>
    public bool IsTransient => Code is 4 or 8 or 14;
}

/// <summary>
/// etcd's v3 API through its JSON gateway: <c>POST /v3/auth/user/add {"name":"patroni","password":"…"}</c>, answered by
/// <c>{"header":{…}}</c> or <c>{"error":"etcdserver: …","code":9,"message":"etcdserver: …"}</c>.
/// </summary>
public sealed class EtcdGateway(HttpClient client, IReadOnlyList<Uri> endpoints) : IDisposable
{
    /// <summary>A gateway over mutual TLS that trusts only the given authority.</summary>
    public static EtcdGateway Connect(EtcdAuthSettings settings)
    {
        var trust = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        trust.CustomTrustStore.AddRange(settings.Authority);
        var handler = new SocketsHttpHandler
        {
            ConnectTimeout = TimeSpan.FromSeconds(5),
            SslOptions = new SslClientAuthenticationOptions { ClientCertificates = [settings.Client], CertificateChainPolicy = trust },
        };
        return new EtcdGateway(new HttpClient(handler) { Timeout = TimeSpan.FromSeconds(10) }, settings.Endpoints);
    }

    /// <summary>Asks the first endpoint that answers.</summary>
    /// <param name="path">Such as <c>/v3/auth/enable</c>.</param>
    /// <param name="body">The request.</param>
    /// <param name="token">From /v3/auth/authenticate; null when authentication is off.</param>
    /// <param name="cancel">Stops waiting.</param>
    /// <exception cref="EtcdException">etcd refused.</exception>
    /// <exception cref="HttpRequestException">No endpoint answered.</exception>
    public async Task<JsonObject> PostAsync(string path, JsonObject body, string? token, CancellationToken cancel)
    {
        var failures = new List<string>();
        foreach (var endpoint in endpoints)
        {
            try
            {
                using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(endpoint, path)) { Content = JsonContent.Create(body) };
                if (token is not null) request.Headers.TryAddWithoutValidation("Authorization", token);
                using var response = await client.SendAsync(request, cancel);
                var text = await response.Content.ReadAsStringAsync(cancel);
                var answer = JsonNode.Parse(text) as JsonObject ?? throw new JsonException("not an object");
                return response.IsSuccessStatusCode ? answer : throw Refusal(answer);
            }
            catch (Exception e) when (IsUnreachable(e) && !cancel.IsCancellationRequested)
            {
                failures.Add($"{endpoint.Authority}: {Innermost(e)}");
            }
        }

        throw new HttpRequestException(string.Join("; ", failures));
    }

    /// <inheritdoc />
    public void Dispose() => client.Dispose();

    private static EtcdException Refusal(JsonObject answer) =>
        new((int?)answer["code"] ?? 2, (string?)answer["message"] ?? (string?)answer["error"] ?? answer.ToJsonString());

    private static bool IsUnreachable(Exception e) => e is HttpRequestException or IOException or JsonException or OperationCanceledException;

    private static string Innermost(Exception e)
    {
        while (e.InnerException is not null) e = e.InnerException;
        return e.Message;
    }
}
