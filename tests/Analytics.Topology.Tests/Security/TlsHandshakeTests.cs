using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Analytics.Topology.Security;

namespace Analytics.Topology.Tests.Security;

/// <summary>The certificates in a real handshake, verified as components do: chain and host name, and the client's certificate where asked
/// for.</summary>
public class TlsHandshakeTests
{
    private static readonly TestDeployment Deployment = new(Presets.Development);

    [Theory]
    [InlineData("timescaledb", "timescaledb-1")]
    [InlineData("timescaledb", "haproxy")]
    [InlineData("timescaledb", "localhost")]
    [InlineData("timescaledb", "timescaledb-1.timescaledb.timescaledb.svc.cluster.local")]
    [InlineData("timescaledb", "timescaledb-primary.timescaledb.svc")]
    [InlineData("pgbouncer", "pgbouncer")]
    [InlineData("pgbouncer", "localhost")]
    [InlineData("pgbouncer", "127.0.0.1")]
    [InlineData("etcd", "etcd-3")]
    [InlineData("exporter", "postgres-exporter-2")]
    public async Task A_client_accepts_a_component_under_each_of_its_names(string component, string host) =>
        Assert.Null(await HandshakeAsync(component, host, Deployment.Authority));

    [Theory]
    [InlineData("timescaledb", "pgbouncer")]
    [InlineData("pgbouncer", "timescaledb-1")]
    [InlineData("etcd", "etcd-1.example.com")]
    public async Task A_client_refuses_a_component_under_another_name(string component, string host) =>
        Assert.IsType<AuthenticationException>(await HandshakeAsync(component, host, Deployment.Authority));

    [Fact]
    public async Task A_client_refuses_a_component_of_another_cluster() =>
        Assert.IsType<AuthenticationException>(await HandshakeAsync("etcd", "etcd-1", new TestDeployment(Presets.Development).Authority));

    [Theory]
    [InlineData("timescaledb")]
    [InlineData("migrations")]
    [InlineData("etcd")]
    public async Task A_component_is_accepted_as_a_client(string client) =>
        Assert.Null(await HandshakeAsync("etcd", "etcd-1", Deployment.Authority, Deployment.Certificate(client)));

    [Fact]
    public async Task A_client_of_another_cluster_is_refused() =>
        Assert.IsType<AuthenticationException>(await HandshakeAsync("etcd", "etcd-1", Deployment.Authority,
            new TestDeployment(Presets.Development).Certificate("migrations")));

    /// <returns>What broke the handshake, on the side that noticed; null when both ends agreed.</returns>
    private static async Task<Exception?> HandshakeAsync(string component, string host, KeyPair trusted, KeyPair? client = null)
    {
        var cancel = TestContext.Current.CancellationToken;
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var near = new TcpClient();
        var accepted = listener.AcceptTcpClientAsync(cancel);
        await near.ConnectAsync((IPEndPoint)listener.LocalEndpoint, cancel);
        using var far = await accepted;
        await using var server = new SslStream(far.GetStream());
        await using var requester = new SslStream(near.GetStream());
        var serving = server.AuthenticateAsServerAsync(new SslServerAuthenticationOptions
        {
            ServerCertificate = Load(Deployment.Certificate(component)),
            ClientCertificateRequired = client is not null,
            CertificateChainPolicy = Trust(Deployment.Authority),
        }, cancel);
        var requesting = requester.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = host,
            CertificateChainPolicy = Trust(trusted),
            ClientCertificates = client is null ? null : [Load(client)],
        }, cancel);
        try
        {
            // The verifying side is asked first: the other only sees a broken connection.
            await (client is null ? requesting : serving);
            return null;
        }
        catch (Exception e) when (e is AuthenticationException or IOException)
        {
            return e;
        }
        finally
        {
            near.Close();
            far.Close();
            await Task.WhenAny(Task.WhenAll(serving, requesting), Task.Delay(TimeSpan.FromSeconds(5), cancel));
        }
    }

    private static X509Certificate2 Load(KeyPair pair) => X509Certificate2.CreateFromPem(pair.CertificatePem, pair.KeyPem);

    private static X509ChainPolicy Trust(KeyPair authority) => new()
    {
        TrustMode = X509ChainTrustMode.CustomRootTrust,
        CustomTrustStore = { X509Certificate2.CreateFromPem(authority.CertificatePem) },
        RevocationMode = X509RevocationMode.NoCheck,
    };
}
