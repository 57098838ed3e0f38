using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Hub.Cli.Engine;

/// <summary>
/// Asks image registries for digests and tags, by their API (OCI distribution 1.1). Without an account: what a public registry tells
/// everybody, by the token that it hands out for that.
/// </summary>
internal sealed partial class RegistryClient(HttpClient http, int pageSize = 1000)
{
    /// <summary>Lists of platforms first: their digest names the image on every machine.</summary>
    private static readonly string[] Manifests =
    [
        "application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json",
        "application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json",
    ];

    /// <summary>The digest of what a tag is now.</summary>
    /// <exception cref="RegistryException">The registry did not tell it.</exception>
    public async Task<string> DigestAsync(string image, CancellationToken cancellation)
    {
        var name = ImageName.Parse(image);
        using var response = await SendAsync(name, HttpMethod.Get, new Uri(name.Address, $"{name.Repository}/manifests/{name.Tag}"), Manifests, cancellation);
        var digest = "sha256:" + Convert.ToHexStringLower(SHA256.HashData(await response.Content.ReadAsByteArrayAsync(cancellation)));
        if (response.Headers.TryGetValues("Docker-Content-Digest", out var told) && told.Single() != digest)
            throw new RegistryException($"its response does not match its digest ({told.Single()}, but {digest})");
        return digest;
    }

    /// <summary>Every tag of the image's repository.</summary>
    /// <exception cref="RegistryException">The registry did not tell them.</exception>
    public async Task<IReadOnlyList<string>> TagsAsync(string image, CancellationToken cancellation)
    {
        var name = ImageName.Parse(image);
        var tags = new List<string>();
        for (var next = new Uri(name.Address, $"{name.Repository}/tags/list?n={pageSize}"); next is not null;)
        {
            using var response = await SendAsync(name, HttpMethod.Get, next, ["application/json"], cancellation);
            using var document = await JsonDocument.ParseAsync(await response.Content.ReadAsStreamAsync(cancellation), cancellationToken: cancellation);
            if (document.RootElement.TryGetProperty("tags", out var page) && page.ValueKind == JsonValueKind.Array)
                tags.AddRange(page.EnumerateArray().Select(tag => tag.GetString()!));
            // Link: </v2/coreos/etcd/tags/list?last=v3.5.4&n=1000>; rel="next"
            next = response.Headers.TryGetValues("Link", out var links) && NextPage().Match(string.Join(',', links)) is { Success: true } link ? new Uri(name.Address, link.Groups[1].Value) : null;
        }

        return tags;
    }

    private async Task<HttpResponseMessage> SendAsync(ImageName name, HttpMethod method, Uri address, string[] accept, CancellationToken cancellation)
    {
        try
        {
            var response = await OnceAsync(null);
            if (response.StatusCode == HttpStatusCode.Unauthorized && response.Headers.WwwAuthenticate.FirstOrDefault(challenge => challenge.Scheme == "Bearer")?.Parameter is { } challenge)
            {
                response.Dispose();
                response = await OnceAsync(await TokenAsync(challenge, cancellation));
            }

            if (response.IsSuccessStatusCode)
                return response;
            using (response)
            {
                throw response.StatusCode switch
                {
                    HttpStatusCode.NotFound => new RegistryException($"it has no {name.Repository}:{name.Tag}"),
                    HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => new RegistryException("it asks for a login", needsLogin: true),
                    _ => new RegistryException($"it answers {(int)response.StatusCode} {response.ReasonPhrase}"),
                };
            }
        }
        catch (HttpRequestException problem)
        {
            throw new RegistryException($"no answer: {problem.Message}");
        }
        catch (TaskCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new RegistryException($"no answer within {http.Timeout.TotalSeconds:0} s");
        }

        async Task<HttpResponseMessage> OnceAsync(string? token)
        {
            using var request = new HttpRequestMessage(method, address);
            foreach (var type in accept)
                request.Headers.Accept.ParseAdd(type);
            if (token is not null)
                request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
            return await http.SendAsync(request, cancellation);
        }
    }

    /// <summary>Reads <c>realm="https://auth.example.com/token",service="registry.example.com",scope="repository:a/b:pull"</c>.</summary>
    private async Task<string?> TokenAsync(string challenge, CancellationToken cancellation)
    {
        var fields = Field().Matches(challenge).ToDictionary(match => match.Groups[1].Value, match => match.Groups[2].Value);
        if (!fields.TryGetValue("realm", out var realm))
            return null;
        var query = string.Join('&', fields.Where(field => field.Key is "service" or "scope").Select(field => $"{field.Key}={Uri.EscapeDataString(field.Value)}"));
        using var response = await http.GetAsync(new Uri($"{realm}?{query}"), cancellation);
        if (!response.IsSuccessStatusCode)
            return null;
        using var document = JsonDocument.Parse(await response.Content.ReadAsStringAsync(cancellation));
        return (document.RootElement.TryGetProperty("token", out var token) || document.RootElement.TryGetProperty("access_token", out token)) ? token.GetString() : null;
    }

    [GeneratedRegex("<([^>]+)>;\\s*rel=\"?next\"?")]
    private static partial Regex NextPage();

    [GeneratedRegex("(\\w+)=\"([^\"]*)\"")]
    private static partial Regex Field();
}

/// <summary>Why a registry did not tell something.</summary>
internal sealed class RegistryException(string message, bool needsLogin = false) : Exception(message)
{
    /// <summary>It would tell somebody whom it knows, as the engine may be.</summary>
    public bool NeedsLogin { get; } = needsLogin;
}
