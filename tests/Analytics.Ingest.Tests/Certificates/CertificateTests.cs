using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Analytics.Ingest.Certificates;
using Analytics.Ingest.Telemetry;

namespace Analytics.Ingest.Tests.Certificates;

public sealed class CertificateTests
{
    [Theory]
    [InlineData("http://host:1")]
    [InlineData("tls://host")]
    public void An_endpoint_that_cannot_be_watched_is_refused(string setting) =>
        Assert.Contains(setting, Assert.Throws<InvalidOperationException>(() => CertificateWatch.Endpoints(setting)).Message,
            StringComparison.Ordinal);

    [Theory]
    [InlineData("tls")]
    [InlineData("postgres")]
    public async Task A_certificate_is_seen_with_its_end_and_whether_it_can_be_trusted(string scheme)
    {
        var until = new DateTimeOffset(2031, 5, 4, 3, 2, 1, TimeSpan.Zero);
        using var shown = SelfSigned("localhost", until);
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var endpoint = new Uri($"{scheme}://localhost:{((IPEndPoint)listener.LocalEndpoint).Port}");
        X509Certificate2Collection authority = [shown];

        var serving = ServeAsync(listener, shown, scheme == "postgres");
        var seen = await CertificateProbe.LookAsync(endpoint, authority, TestContext.Current.CancellationToken);
        await serving;
        Assert.Equal(new WatchedCertificate($"localhost:{endpoint.Port}", until, Trusted: true), seen);

        using var stranger = SelfSigned("localhost", until);
        serving = ServeAsync(listener, shown, scheme == "postgres");
        seen = await CertificateProbe.LookAsync(endpoint, [stranger], TestContext.Current.CancellationToken);
        await serving;
        Assert.False(seen.Trusted);
        Assert.Equal(until, seen.Expires);
    }

    private static async Task ServeAsync(TcpListener listener, X509Certificate2 certificate, bool postgres)
    {
        using var client = await listener.AcceptTcpClientAsync(TestContext.Current.CancellationToken);
        var network = client.GetStream();
        if (postgres)
        {
            var request = new byte[8];
            await network.ReadExactlyAsync(request, TestContext.Current.CancellationToken);
            Assert.Equal([0, 0, 0, 8, 4, 210, 22, 47], request);
            await network.WriteAsync("S"u8.ToArray(), TestContext.Current.CancellationToken);
        }

        await using var tls = new SslStream(network);
        await tls.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = certificate },
            TestContext.Current.CancellationToken);
    }

    private static X509Certificate2 SelfSigned(string name, DateTimeOffset until)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(name);
        request.CertificateExtensions.Add(names.Build());
        return request.CreateSelfSigned(TimeProvider.System.GetUtcNow().AddDays(-1), until);
    }
}
