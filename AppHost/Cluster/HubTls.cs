using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Analytics.Topology;
using Analytics.Topology.Local;

namespace AppHost.Cluster;

/// <summary>TLS from this machine to the hub's containers: their certificates verified against the hub's own CA, a client certificate shown.</summary>
internal sealed class HubTls : IDisposable
{
    /// <summary>The certificate that Hub's own programs show.</summary>
    private const string ClientCertificate = $"tls/{ClusterNames.Migrations}";

    /// <summary>By number, because a published port is bound to IPv4 only; the certificates name it.</summary>
    public const string Host = "127.0.0.1";

    private readonly X509Certificate2 authority;
    private readonly X509Certificate2 certificate;

    public HubTls(HubState state)
    {
        AuthorityFile = Path.Combine(state.Directory, LocalFiles.AuthorityCertificate);
        authority = X509Certificate2.CreateFromPem(state.Text(LocalFiles.AuthorityCertificate));
        certificate = Usable(X509Certificate2.CreateFromPem(state.Text($"{ClientCertificate}/tls.crt"), state.Text($"{ClientCertificate}/tls.key")));
    }

    /// <summary>Absolute path of the CA's certificate.</summary>
    public string AuthorityFile { get; }

    /// <summary>A client without a time-out of its own: each question has one.</summary>
    public HttpClient CreateClient() => new(new SocketsHttpHandler { SslOptions = Options() }) { Timeout = Timeout.InfiniteTimeSpan };

    /// <summary>Connects and agrees on TLS, no more.</summary>
    /// <exception cref="SocketException">No program listens.</exception>
    /// <exception cref="IOException">The connection was closed in the middle.</exception>
    /// <exception cref="System.Security.Authentication.AuthenticationException">The certificate is of another CA or name.</exception>
    public async Task HandshakeAsync(int port, CancellationToken cancellation)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(Host, port, cancellation);
        await using var stream = new SslStream(client.GetStream());
        var options = Options();
        options.TargetHost = Host;
        await stream.AuthenticateAsClientAsync(options, cancellation);
    }

    public void Dispose()
    {
        certificate.Dispose();
        authority.Dispose();
    }

    private SslClientAuthenticationOptions Options() => new()
    {
        ClientCertificates = [certificate],
        CertificateChainPolicy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            CustomTrustStore = { authority },
            RevocationMode = X509RevocationMode.NoCheck,
        },
    };

    /// <summary>Windows' TLS takes no key that exists in memory only.</summary>
    private static X509Certificate2 Usable(X509Certificate2 pem)
    {
        if (!OperatingSystem.IsWindows())
            return pem;
        using (pem)
            return X509CertificateLoader.LoadPkcs12(pem.Export(X509ContentType.Pkcs12), null);
    }
}
