using Analytics.Topology;

namespace AppHost.Tests;

/// <summary>Hub's own programs run on this machine, with their container's settings and this machine's addresses and paths.</summary>
public class A_program_of_Hub(HubModels models)
{
    [Theory, MemberData(nameof(HubModel.Profiles), MemberType = typeof(HubModel))]
    public async Task Turns_etcds_authentication_on_through_the_published_ports(string profile)
    {
        var model = await models.GetAsync(profile);
        var (arguments, environment) = await model.StartAsync(model.Single<ProjectResource>(ClusterNames.EtcdAuth));
        Assert.Equal(["etcd-auth"], arguments);
        Assert.Equal(
            string.Join(',', model.Topology.Etcd.Hosts.Select(host => $"https://127.0.0.1:{HostPort(model, host, "client")}")),
            environment["ETCD_ENDPOINTS"]);
        Assert.Equal(model.StatePath("tls", "migrations") + "/ca.crt", environment["ETCD_CA"]);
        Assert.True(File.Exists(environment["ETCD_CERT"]) && File.Exists(environment["ETCD_KEY"]));
        Assert.Equal(model.Secrets[Secrets.EtcdRoot], environment["ETCD_ROOT_PASSWORD"]);
    }

    [Theory]
    [InlineData(ClusterNames.Migrations, Ports.ReadWrite, Roles.Owner, Secrets.Owner)]
    [InlineData("development-key", Ports.ReadWrite, Roles.Owner, Secrets.Owner)]
    [InlineData(ClusterNames.Ingest, Ports.PgBouncer, Roles.App, Secrets.App)]
    public async Task Connects_as_its_container_does_but_for_address_and_path(string name, int port, string role, string secret)
    {
        var model = await models.GetAsync("cluster");
        var (_, environment) = await model.StartAsync(model.Single<ProjectResource>(name));
        var actual = environment["ConnectionStrings__analytics"];
        var spec = model.Containers.Single(container => container.Name == (name == ClusterNames.Ingest ? name : ClusterNames.Migrations));
        var component = name == ClusterNames.Ingest ? "ingest" : "migrations";
        var host = name == ClusterNames.Ingest ? ClusterNames.PgBouncer : ClusterNames.HaProxy;
        var expected = spec.Environment["ConnectionStrings__analytics"].Resolve(known => model.Secrets[known])
            .Replace($"Host={host};", "Host=127.0.0.1;", StringComparison.Ordinal)
            .Replace(Paths.Tls, model.StatePath("tls", component), StringComparison.Ordinal)
            + $";Database={ClusterNames.Database}"; // Of the database resource; the same as before.
        Assert.Equal(expected, actual);
        Assert.Contains($"Port={port};", actual, StringComparison.Ordinal);
        Assert.Contains($"Username={role};Password={model.Secrets[secret]};SSL Mode=VerifyFull", actual, StringComparison.Ordinal);
        Assert.True(File.Exists(model.StatePath("tls", component, "ca.crt")));
    }

    [Fact]
    public async Task Serves_ingest_on_the_ports_that_users_know()
    {
        var model = await models.GetAsync("cluster");
        var ingest = model.Single<ProjectResource>(ClusterNames.Ingest);
        Assert.Equal(
            [("otlp-grpc", 4317), ("otlp-http", 4318), ("rest", 8080)],
            ingest.Annotations.OfType<EndpointAnnotation>().Select(endpoint => (endpoint.Name, endpoint.Port!.Value)).Order());
        var (_, environment) = await model.StartAsync(ingest);
        Assert.DoesNotContain("ASPNETCORE_URLS", environment.Keys);

        // What a probe asks the database follows the probe's request, which is not traced.
        Assert.Equal("parentbased_always_on", environment["OTEL_TRACES_SAMPLER"]);
    }

    [Fact]
    public async Task Registers_the_development_key_that_the_sender_uses()
    {
        var model = await models.GetAsync("cluster");
        var (arguments, environment) = await model.StartAsync(model.Single<ProjectResource>("development-key"));
        Assert.Equal(["ensure-key"], arguments);
        var kept = (await File.ReadAllTextAsync(model.StatePath("api-key"), TestContext.Current.CancellationToken)).Trim();
        Assert.Equal(kept, environment["HUB_API_KEY"]);
        Assert.Matches("^hub_[A-Za-z0-9]{32}$", kept);
        var (send, sender) = await model.StartAsync(model.Single<ProjectResource>("sample-traffic"));
        Assert.Equal(["send", "--endpoint", "http://localhost:4318"], send);
        Assert.Equal(model.StatePath(), sender["HUB_STATE"]);
    }

    [Fact]
    public async Task Is_scraped_by_Prometheus_from_its_container()
    {
        var model = await models.GetAsync("cluster");
        Assert.Contains("--add-host ingest:host-gateway",
            string.Join(' ', await model.RuntimeArgumentsAsync(model.Single<ContainerResource>(ClusterNames.Prometheus))),
            StringComparison.Ordinal);
    }

    private static int HostPort(HubModel model, string container, string endpoint) => model.Single<ContainerResource>(container).Annotations
        .OfType<EndpointAnnotation>().Single(annotation => annotation.Name == endpoint).AllocatedEndpoint!.Port;
}
