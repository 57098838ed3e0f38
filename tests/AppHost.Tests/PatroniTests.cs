using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Analytics.Topology;
using Analytics.Topology.Containers;
using AppHost.Cluster;
using AppHost.Patroni;
using Hub.Operations.Patroni;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;

namespace AppHost.Tests;

public class The_database_cluster
{
    [Theory]
    [InlineData("timescaledb-1 leader running, timescaledb-2 quorum_standby streaming, timescaledb-3 replica streaming", 3, HealthStatus.Healthy)]
    [InlineData("timescaledb-1 leader running", 1, HealthStatus.Healthy)]
    [InlineData("timescaledb-1 leader running, timescaledb-2 replica streaming", 3, HealthStatus.Unhealthy)]
    [InlineData("timescaledb-1 leader starting", 1, HealthStatus.Unhealthy)]
    [InlineData("timescaledb-1 replica running, timescaledb-2 quorum_standby streaming", 3, HealthStatus.Unhealthy)]
    public void Is_healthy_when_it_can_acknowledge_a_write(string members, int expected, HealthStatus status)
    {
        var cluster = new PatroniCluster([.. members.Split(", ").Select(member => member.Split(' ')).Select(word => new PatroniMember(word[0], word[1], word[2]))]);
        var result = ClusterHealthCheck.Judge(cluster, expected);
        Assert.Equal(status, result.Status);
        Assert.Contains("timescaledb-1", result.Description, StringComparison.Ordinal);
    }
}

/// <summary>Patroni's REST API is played by a server with the hub's own certificates.</summary>
public sealed class The_client_of_Patroni : IAsyncLifetime
{
    private const string Cluster = """
        {"members":[{"name":"timescaledb-1","role":"quorum_standby","state":"streaming","api_url":"https://timescaledb-1:8008/patroni","lag":0},
        {"name":"timescaledb-2","role":"leader","state":"running","timeline":1}],"scope":"hub"}
        """;

    private readonly DirectoryInfo root = Directory.CreateTempSubdirectory("hub-patroni-");
    private readonly List<string> requests = [];
    private readonly HubState state;
    private bool breakOff;
    private int switchover = StatusCodes.Status200OK;
    private WebApplication? server;

    public The_client_of_Patroni() => state = Prepare("a");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Asks_the_next_member_when_one_does_not_answer()
    {
        using var client = Client(state, DeadPort(), Port());
        var cluster = await client.ClusterAsync(Cancel);
        Assert.Equal("timescaledb-2", cluster.Leader?.Name);
        Assert.Equal("timescaledb-1 quorum_standby (streaming), timescaledb-2 leader (running)", cluster.ToString());
    }

    [Fact]
    public async Task Asks_the_next_member_when_one_accepts_and_says_nothing()
    {
        using var frozen = new TcpListener(IPAddress.Loopback, 0);
        frozen.Start();
        using var client = Client(state, ((IPEndPoint)frozen.LocalEndpoint).Port, Port());
        Assert.Equal("timescaledb-2", (await client.ClusterAsync(Cancel)).Leader?.Name);
    }

    /// <summary>A member that is killed while it answers.</summary>
    [Fact]
    public async Task Asks_the_next_member_when_one_breaks_off_in_the_middle()
    {
        breakOff = true;
        using var client = Client(state, Port(), Port());
        Assert.Equal("timescaledb-2", (await client.ClusterAsync(Cancel)).Leader?.Name);
        Assert.False(breakOff);
    }

    [Fact]
    public async Task Switches_over_from_the_leader_with_certificate_and_password()
    {
        using var client = Client(state, Port());
        Assert.Equal("Successfully switched over to \"timescaledb-1\"", await client.SwitchOverAsync(Cancel));
        var login = Convert.ToBase64String(Encoding.UTF8.GetBytes("patroni:" + state.Files.Secrets[Secrets.Patroni]));
        Assert.StartsWith("POST /switchover ", requests[^1], StringComparison.Ordinal);
        Assert.Contains(X509Certificate2.CreateFromPem(state.Text("tls/migrations/tls.crt")).Subject, requests[^1], StringComparison.Ordinal);
        Assert.EndsWith($" Basic {login} {{\"leader\":\"timescaledb-2\"}}", requests[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Passes_on_why_Patroni_refuses()
    {
        switchover = StatusCodes.Status412PreconditionFailed;
        using var client = Client(state, Port());
        Assert.Contains("Patroni refused (412): Successfully", (await Assert.ThrowsAsync<PatroniException>(() => client.SwitchOverAsync(Cancel))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Trusts_the_hubs_own_authority_only()
    {
        using var client = Client(Prepare("b"), Port());
        Assert.Contains("SSL", (await Assert.ThrowsAsync<PatroniException>(() => client.ClusterAsync(Cancel))).Message, StringComparison.Ordinal);
        Assert.Empty(requests);
    }

    [Fact]
    public async Task Reports_members_as_health()
    {
        using var client = Client(state, Port(), Port());
        var (alive, dead) = (Endpoint("timescaledb-1", Port()), Endpoint("timescaledb-2", DeadPort()));
        Assert.Equal(HealthStatus.Healthy, (await new MemberHealthCheck(client, alive).CheckHealthAsync(new HealthCheckContext(), Cancel)).Status);
        Assert.Equal(HealthStatus.Unhealthy, (await new MemberHealthCheck(client, dead).CheckHealthAsync(new HealthCheckContext(), Cancel)).Status);
        Assert.Equal(HealthStatus.Healthy, (await new ClusterHealthCheck(client, 2).CheckHealthAsync(new HealthCheckContext(), Cancel)).Status);
    }

    /// <summary>The others list a killed leader until its lease ends.</summary>
    [Fact]
    public async Task Unresponsive_leader_is_unhealthy_whatever_the_others_report()
    {
        using var client = Client(state, Port(), DeadPort());
        var health = await new ClusterHealthCheck(client, 2).CheckHealthAsync(new HealthCheckContext(), Cancel);
        Assert.Equal(HealthStatus.Unhealthy, health.Status);
        Assert.StartsWith("timescaledb-2 held the lease and does not answer as the leader", health.Description, StringComparison.Ordinal);
    }

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateBuilder();
        builder.Logging.ClearProviders();
        var certificate = X509Certificate2.CreateFromPem(state.Text("tls/timescaledb/tls.crt"), state.Text("tls/timescaledb/tls.key"));
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(new HttpsConnectionAdapterOptions
        {
            ServerCertificate = certificate,
            ClientCertificateMode = ClientCertificateMode.RequireCertificate,
            ClientCertificateValidation = (_, _, _) => true,
        })));
        server = builder.Build();
        server.Run(async context =>
        {
            using var body = new StreamReader(context.Request.Body);
            var client = context.Connection.ClientCertificate?.Subject;
            requests.Add($"{context.Request.Method} {context.Request.Path} {client} {context.Request.Headers.Authorization} {await body.ReadToEndAsync(Cancel)}");

            // Like Patroni, which takes no body of unknown length.
            context.Response.StatusCode = context.Request.Path != "/switchover" ? StatusCodes.Status200OK
                : context.Request.ContentLength is null ? StatusCodes.Status411LengthRequired : switchover;
            if (breakOff)
            {
                breakOff = false;
                await context.Response.WriteAsync(Cluster[..20], Cancel);
                await context.Response.Body.FlushAsync(Cancel);
                context.Abort();
                return;
            }

            await context.Response.WriteAsync(context.Request.Path == "/cluster" ? Cluster : "Successfully switched over to \"timescaledb-1\"", Cancel);
        });
        await server.StartAsync(Cancel);
    }

    public async ValueTask DisposeAsync()
    {
        if (server is not null)
            await server.DisposeAsync();
        root.Delete(recursive: true);
    }

    private HubState Prepare(string name) =>
        HubState.Prepare(Path.Combine(root.FullName, name), Presets.Development, ClusterContainers.For(Presets.Development), TimeProvider.System);

    private static PatroniClient Client(HubState state, params int[] ports) =>
        new(new HubTls(state).CreateClient(), ("patroni", state.Files.Secrets[Secrets.Patroni]), [.. ports.Select((port, i) => Endpoint($"timescaledb-{i + 1}", port))]);

    private static PatroniEndpoint Endpoint(string name, int port)
    {
        var annotation = new EndpointAnnotation(ProtocolType.Tcp, uriScheme: "https", name: "patroni", targetPort: 8008, isProxied: false);
        annotation.AllocatedEndpoint = new AllocatedEndpoint(annotation, "localhost", port);
        var resource = new ContainerResource(name);
        resource.Annotations.Add(annotation);
        return DatabaseClusterExtensions.At(new EndpointReference(resource, annotation));
    }

    private int Port() => new Uri(server!.Urls.Single()).Port;

    /// <summary>A port that was free a moment ago.</summary>
    private static int DeadPort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
