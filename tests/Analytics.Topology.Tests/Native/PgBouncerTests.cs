using System.Security.Cryptography.X509Certificates;
using Analytics.Topology.Security;
using DotNet.Testcontainers.Containers;
using Npgsql;

namespace Analytics.Topology.Tests.Native;

[Trait(Tiers.Trait, Tiers.Native)]
public class PgBouncerTests
{
    [Theory, MemberData(nameof(Definitions.PresetNames), MemberType = typeof(Definitions))]
    public async Task Starts_with_its_configuration_and_stays_up(string preset)
    {
        var cancel = TestContext.Current.CancellationToken;
        await using var container = await StartAsync(NativeDeployments.For(preset), cancel);
        await Task.Delay(TimeSpan.FromSeconds(1), cancel);
        Assert.Equal(TestcontainersStates.Running, container.State);
        var (output, error) = await container.GetLogsAsync(timestampsEnabled: false, ct: cancel);
        Assert.DoesNotMatch("WARNING|ERROR|FATAL", output + error);
    }

    [Fact]
    public async Task Lets_in_who_has_TLS_and_the_password_and_nobody_else()
    {
        var cancel = TestContext.Current.CancellationToken;
        var deployment = NativeDeployments.For("development");
        await using var container = await StartAsync(deployment, cancel);
        await using (var console = Console(container, deployment.Passwords[Secrets.Monitor], SslMode.VerifyFull, deployment.Authority))
            await (await console.OpenConnectionAsync(cancel)).DisposeAsync();

        Assert.Contains("SSL", await RefusalAsync(Console(container, deployment.Passwords[Secrets.Monitor], SslMode.Disable, null)),
            StringComparison.Ordinal);
        Assert.Contains("SASL authentication failed",
            await RefusalAsync(Console(container, "wrong", SslMode.VerifyFull, deployment.Authority)), StringComparison.Ordinal);
        var stranger = Certificates.CreateAuthority("hub", TimeProvider.System.GetUtcNow());
        await RefusalAsync(Console(container, deployment.Passwords[Secrets.Monitor], SslMode.VerifyFull, stranger));
    }

    private static Task<IContainer> StartAsync(TestDeployment deployment, CancellationToken cancel) =>
        Engine.StartAsync(deployment, deployment.Container(ClusterNames.PgBouncer), null,
            async container => (await container.GetLogsAsync(timestampsEnabled: false)).Stderr.Contains("process up",
                StringComparison.Ordinal), cancel);

    /// <summary>The exporter's way in: PgBouncer's own console, which needs no database behind it.</summary>
    private static NpgsqlDataSource Console(IContainer container, string password, SslMode mode, KeyPair? authority)
    {
        var source = new NpgsqlDataSourceBuilder
        {
            ConnectionStringBuilder =
            {
                Host = container.Hostname,
                Port = container.GetMappedPublicPort(Ports.PgBouncer),
                Database = "pgbouncer",
                Username = Roles.Monitor,
                Password = password,
                SslMode = mode,
                Timeout = 10,
                Pooling = false,
            },
        };
        source.ConfigureTypeLoading(types => types.EnableTypeLoading(false));

        // The engine may be on another machine; the certificate is asked for under the name that it has in the cluster.
        source.UseSslClientAuthenticationOptionsCallback(options => options.TargetHost = ClusterNames.PgBouncer);
        if (authority is not null)
            source.UseRootCertificate(X509Certificate2.CreateFromPem(authority.CertificatePem));
        return source.Build();
    }

    private static async Task<string> RefusalAsync(NpgsqlDataSource source)
    {
        await using (source)
            return (await Assert.ThrowsAnyAsync<NpgsqlException>(
                async () => await source.OpenConnectionAsync(TestContext.Current.CancellationToken))).ToString();
    }
}
