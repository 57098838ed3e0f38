using System.Text;
using System.Text.Json.Nodes;
using Analytics.Migrations.Etcd;
using Analytics.Topology.Security;
using DotNet.Testcontainers.Builders;
using DotNet.Testcontainers.Containers;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;

namespace Analytics.Migrations.Tests;

[Trait(Tiers.Trait, Tiers.Integration)]
public class Etcd_authentication : IAsyncLifetime
{
    private const string Image = "hub/etcd:local";
    private static readonly DateTimeOffset Now = TimeProvider.System.GetUtcNow();
    private readonly KeyPair authority = Certificates.CreateAuthority("test authority", Now);
    private readonly string files = Directory.CreateTempSubdirectory("hub-etcd-").FullName;
    private IContainer? etcd;

    [Fact]
    public async Task Is_turned_on_and_may_be_again()
    {
        Assert.DoesNotContain("on already", string.Join('\n', await RunAsync()), StringComparison.Ordinal);
        Assert.Contains("etcd's authentication is on already", await RunAsync());
    }

    [Fact]
    public async Task Keeps_patroni_to_its_prefix_and_everybody_else_out()
    {
        await RunAsync();
        using var gateway = EtcdGateway.Connect(Settings());
        var token = (string?)(await gateway.PostAsync("/v3/auth/authenticate", new() { ["name"] = "patroni", ["password"] = "patroni's" }, null, Cancel))["token"];
        await gateway.PostAsync("/v3/kv/put", Put("/service/hub/leader"), token, Cancel);
        Assert.Contains("permission denied", (await RefusedAsync(gateway, Put("/elsewhere"), token)).Message, StringComparison.Ordinal);
        // The end of the prefix is not in it.
        Assert.Contains("permission denied", (await RefusedAsync(gateway, Put("/service0"), token)).Message, StringComparison.Ordinal);
        // A client certificate of Hub's own is not enough.
        Assert.Matches("permission denied|user name is empty", (await RefusedAsync(gateway, Put("/service/hub/leader"), null)).Message);
    }

    [Fact]
    public async Task Is_completed_when_an_earlier_run_was_interrupted()
    {
        using var gateway = EtcdGateway.Connect(Settings());
        await gateway.PostAsync("/v3/auth/user/add", new() { ["name"] = "root", ["password"] = "of another run" }, null, Cancel);
        await gateway.PostAsync("/v3/auth/role/add", new() { ["name"] = "patroni" }, null, Cancel);
        await RunAsync();
        Assert.Contains("etcd's authentication is on already", await RunAsync());
    }

    [Fact]
    public async Task Gets_a_changed_password_and_a_lost_grant_back()
    {
        await RunAsync();
        using var gateway = EtcdGateway.Connect(Settings());
        var root = (string?)(await gateway.PostAsync("/v3/auth/authenticate", new() { ["name"] = "root", ["password"] = "root's" }, null, Cancel))["token"];
        await gateway.PostAsync("/v3/auth/user/changepw", new() { ["name"] = "patroni", ["password"] = "other" }, root, Cancel);
        await gateway.PostAsync("/v3/auth/user/revoke", new() { ["name"] = "patroni", ["role"] = "patroni" }, root, Cancel);
        Assert.Contains("Password of user patroni set", await RunAsync());
    }

    [Fact]
    public async Task Needs_the_right_password_of_root_once_it_is_on()
    {
        await RunAsync();
        var refused = await Assert.ThrowsAsync<MigrationException>(() => RunAsync(rootPassword: "wrong"));
        Assert.Contains("ETCD_ROOT_PASSWORD is not the password", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Trusts_only_its_own_authority_and_gives_up_after_the_limit()
    {
        var foreign = Certificates.CreateAuthority("somebody else", Now);
        var refused = await Assert.ThrowsAsync<MigrationException>(() => RunAsync(trusted: foreign));
        Assert.Contains("etcd has not answered within 00:00:03", refused.Message, StringComparison.Ordinal);
        Assert.Contains("certificate", refused.Message, StringComparison.OrdinalIgnoreCase);
    }

    public async ValueTask InitializeAsync()
    {
        // Testcontainers reaches its containers at localhost or at the bridge's gateway, depending on where it runs itself.
        var server = Certificates.Issue(authority, "etcd", ["localhost", "127.0.0.1", "172.17.0.1"], Now);
        etcd = Prerequisites.Build(() => new ContainerBuilder(Image).WithLogger(NullLogger.Instance)
            .WithResourceMapping(Encoding.UTF8.GetBytes(authority.CertificatePem), "/tls/ca.crt")
            .WithResourceMapping(Encoding.UTF8.GetBytes(server.CertificatePem), "/tls/tls.crt")
            .WithResourceMapping(Encoding.UTF8.GetBytes(server.KeyPem), "/tls/tls.key")
            .WithEntrypoint("etcd")
            .WithCommand(
                "--data-dir=/tmp/etcd", "--listen-client-urls=https://0.0.0.0:2379", "--advertise-client-urls=https://127.0.0.1:2379",
                "--client-cert-auth", "--trusted-ca-file=/tls/ca.crt", "--cert-file=/tls/tls.crt", "--key-file=/tls/tls.key", "--log-level=warn")
            .WithPortBinding(2379, true)
            .WithAutoRemove(true).Build());
        await Prerequisites.StartAsync(etcd);
        await UntilReadyAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (etcd is not null) await etcd.DisposeAsync();
        Directory.Delete(files, recursive: true);
        GC.SuppressFinalize(this);
    }

    private async Task UntilReadyAsync()
    {
        using var gateway = EtcdGateway.Connect(Settings());
        for (var i = 0; ; i++)
        {
            try
            {
                await gateway.PostAsync("/v3/maintenance/status", [], null, Cancel);
                return;
            }
            catch (Exception e) when (i < 300 && e is HttpRequestException or EtcdException)
            {
                await Task.Delay(100, Cancel);
            }
        }
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private async Task<string[]> RunAsync(string rootPassword = "root's", KeyPair? trusted = null)
    {
        var log = new MemoryLogger();
        var settings = Settings(rootPassword, trusted);
        using var gateway = EtcdGateway.Connect(settings);
        await new EtcdAuth(gateway, settings, log, TimeProvider.System).EnsureAsync(Cancel);
        return [.. log.Lines];
    }

    /// <summary>Read from files and variables, as in production.</summary>
    private EtcdAuthSettings Settings(string rootPassword = "root's", KeyPair? trusted = null)
    {
        var client = Certificates.Issue(authority, "migrations", ["migrations"], Now);
        var (ca, cert, key) = (Path.Combine(files, "ca.crt"), Path.Combine(files, "tls.crt"), Path.Combine(files, "tls.key"));
        File.WriteAllText(ca, (trusted ?? authority).CertificatePem);
        File.WriteAllText(cert, client.CertificatePem);
        File.WriteAllText(key, client.KeyPem);
        var values = new Dictionary<string, string?>
        {
            // The first endpoint is down.
            ["ETCD_ENDPOINTS"] = $"https://127.0.0.1:1, https://{etcd!.Hostname}:{etcd.GetMappedPublicPort(2379)}",
            ["ETCD_CA"] = ca,
            ["ETCD_CERT"] = cert,
            ["ETCD_KEY"] = key,
            ["ETCD_ROOT_PASSWORD"] = rootPassword,
            ["PATRONI_ETCD3_PASSWORD"] = "patroni's",
            ["ETCD_TIMEOUT"] = trusted is null ? "60" : "3",
        };
        return EtcdAuthSettings.Read(new ConfigurationBuilder().AddInMemoryCollection(values).Build());
    }

    private static JsonObject Put(string key) => new() { ["key"] = Convert.ToBase64String(Encoding.UTF8.GetBytes(key)), ["value"] = "eA==" };

    private static Task<EtcdException> RefusedAsync(EtcdGateway gateway, JsonObject body, string? token) =>
        Assert.ThrowsAsync<EtcdException>(() => gateway.PostAsync("/v3/kv/put", body, token, Cancel));
}
