using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Analytics.Topology;
using Analytics.Topology.Local;
using AppHost.Cluster;

namespace AppHost.Patroni;

/// <summary>Patroni refused, or nobody answered; the message says what it said.</summary>
internal sealed class PatroniException(string message) : Exception(message);

/// <summary>
/// Patroni's REST API from this machine: TLS verified against the cluster's own CA, a client certificate, and a password for what changes
/// something.
/// </summary>
internal sealed class PatroniClient : IDisposable
{
    /// <summary>The certificate that Hub's own programs show.</summary>
    private const string ClientCertificate = $"tls/{ClusterNames.Migrations}";

    private readonly X509Certificate2 authority;
    private readonly X509Certificate2 certificate;
    private readonly HttpClient http;
    private readonly IReadOnlyList<EndpointReference> members;

    /// <param name="state">Where the certificates are.</param>
    /// <param name="login">User name and password of the REST API.</param>
    /// <param name="members">Its published port on every member.</param>
    public PatroniClient(HubState state, (string User, string Password) login, IReadOnlyList<EndpointReference> members)
    {
        this.members = members;
        authority = X509Certificate2.CreateFromPem(state.Text(LocalFiles.AuthorityCertificate));
        certificate = Usable(X509Certificate2.CreateFromPem(state.Text($"{ClientCertificate}/tls.crt"), state.Text($"{ClientCertificate}/tls.key")));
        var handler = new SocketsHttpHandler();
        handler.SslOptions.ClientCertificates = [certificate];
        handler.SslOptions.CertificateChainPolicy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            CustomTrustStore = { authority },
            RevocationMode = X509RevocationMode.NoCheck,
        };
        http = new HttpClient(handler) { Timeout = TimeSpan.FromSeconds(60) };
        var basic = Convert.ToBase64String(Encoding.UTF8.GetBytes($"{login.User}:{login.Password}"));
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basic", basic);
    }

    /// <summary>Whether a member is the primary, or a replica that PostgreSQL runs on (<c>GET /readiness</c>).</summary>
    /// <exception cref="HttpRequestException">It does not answer, or shows a certificate of another CA or name.</exception>
    public async Task<bool> IsReadyAsync(EndpointReference member, CancellationToken cancellation)
    {
        using var answer = await http.GetAsync(Address(member, "readiness"), cancellation);
        return answer.IsSuccessStatusCode;
    }

    /// <summary>The cluster as the first member that answers sees it.</summary>
    /// <exception cref="PatroniException">None answers.</exception>
    public async Task<PatroniCluster> ClusterAsync(CancellationToken cancellation) =>
        await FirstAsync(async member => await http.GetFromJsonAsync<PatroniCluster>(Address(member, "cluster"), cancellation)
            ?? throw new PatroniException("Patroni answered /cluster with null."));

    /// <summary>Hands the leadership to a synchronous standby and waits for it.</summary>
    /// <returns>What Patroni says about it.</returns>
    /// <exception cref="PatroniException">There is no leader, or Patroni refuses.</exception>
    public async Task<string> SwitchOverAsync(CancellationToken cancellation)
    {
        var leader = (await ClusterAsync(cancellation)).Leader ?? throw new PatroniException("The cluster has no leader now.");
        return await FirstAsync(async member =>
        {
            using var answer = await http.PostAsJsonAsync(Address(member, "switchover"), new { leader = leader.Name }, cancellation);
            var text = (await answer.Content.ReadAsStringAsync(cancellation)).Trim();
            return answer.IsSuccessStatusCode ? text : throw new PatroniException($"Patroni refused ({(int)answer.StatusCode}): {text}");
        });
    }

    public void Dispose()
    {
        http.Dispose();
        certificate.Dispose();
        authority.Dispose();
    }

    /// <summary>Asks one member after the other; only one that cannot be reached is passed over.</summary>
    private async Task<T> FirstAsync<T>(Func<EndpointReference, Task<T>> ask)
    {
        var problem = "no member has started";
        foreach (var member in members.Where(member => member.IsAllocated))
        {
            try
            {
                return await ask(member);
            }
            catch (HttpRequestException failure)
            {
                problem = $"{member.Resource.Name}: {failure.Message}";
            }
        }

        throw new PatroniException($"Patroni does not answer ({problem}).");
    }

    /// <summary>By number, because a published port is bound to IPv4 only; the certificates name 127.0.0.1.</summary>
    private static Uri Address(EndpointReference member, string path) => new($"https://127.0.0.1:{member.Port}/{path}");

    /// <summary>Windows' TLS takes no key that exists in memory only.</summary>
    private static X509Certificate2 Usable(X509Certificate2 pem)
    {
        if (!OperatingSystem.IsWindows())
            return pem;
        using (pem)
            return X509CertificateLoader.LoadPkcs12(pem.Export(X509ContentType.Pkcs12), null);
    }
}
