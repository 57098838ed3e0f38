using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Analytics.Ingest.Telemetry;

namespace Analytics.Ingest.Certificates;

/// <summary>Looks at the certificate that a server shows, by a TLS handshake after which nothing is said.</summary>
internal static class CertificateProbe
{
    // Length 8, then 80877103: PostgreSQL's SSLRequest, which PgBouncer understands too. 'S' is yes.
    private static readonly byte[] SslRequest = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];

    /// <param name="endpoint"><c>tls://host:port</c> or <c>postgres://host:port</c>.</param>
    /// <param name="authority">The CA; null for the system's.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <exception cref="IOException">The server does not speak TLS, or hangs up before it has shown a certificate.</exception>
    /// <exception cref="SocketException">There is no such server.</exception>
    public static async Task<WatchedCertificate> LookAsync(Uri endpoint, X509Certificate2Collection? authority,
        CancellationToken cancellationToken)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(endpoint.Host, endpoint.Port, cancellationToken);
        var network = client.GetStream();
        if (endpoint.Scheme == "postgres") await AskForTlsAsync(network, endpoint, cancellationToken);
        DateTimeOffset? expires = null;
        var trusted = false;

        // Whatever it is, it is looked at and not refused: nothing is sent over this connection.
        await using var tls = new SslStream(network, leaveInnerStreamOpen: false, (_, certificate, _, errors) =>
        {
            if (certificate is null) return true;
            using var leaf = X509CertificateLoader.LoadCertificate(certificate.GetRawCertData());
            using var chain = new X509Chain { ChainPolicy = Policy(authority) };
            trusted = chain.Build(leaf) && !errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch);
            expires = chain.ChainElements.Select(element => new DateTimeOffset(element.Certificate.NotAfter.ToUniversalTime(),
                TimeSpan.Zero)).Min();
            return true;
        });
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = endpoint.Host }, cancellationToken);
        return new WatchedCertificate(Name(endpoint), expires, trusted);
    }

    public static string Name(Uri endpoint) => $"{endpoint.Host}:{endpoint.Port}";

    private static async Task AskForTlsAsync(NetworkStream network, Uri endpoint, CancellationToken cancellationToken)
    {
        await network.WriteAsync(SslRequest, cancellationToken);
        var answer = new byte[1];
        if (await network.ReadAsync(answer, cancellationToken) != 1 || answer[0] != 'S')
            throw new IOException($"{Name(endpoint)} offers no TLS.");
    }

    private static X509ChainPolicy Policy(X509Certificate2Collection? authority)
    {
        var policy = new X509ChainPolicy { RevocationMode = X509RevocationMode.NoCheck };
        if (authority is null) return policy;
        policy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        policy.CustomTrustStore.AddRange(authority);
        return policy;
    }
}
