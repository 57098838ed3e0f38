using Analytics.Topology;
using Analytics.Topology.Publishing;
using AppHost.Cluster;
using AppHost.Patroni;
using AppHost.Publishing;

// Hub from top to bottom. Every container below is one of the topology's (Analytics.Topology), mapped by Cluster/ClusterResources.cs: what
// runs under F5, in Compose, in Kubernetes and in the tests is the same. HUB_PROFILE chooses its size: cluster or single.
var builder = DistributedApplication.CreateBuilder(args);
var profile = HubProfile.Choose(builder.Configuration);
var topology = profile.Topology;

// What is published is the topology's own chart, aspire-manifest/helm; nothing of what follows.
if (builder.ExecutionContext.IsPublishMode)
{
    builder.PublishChart(PublishSize.Default);
    builder.Build().Run();
    return;
}

var hub = new DevelopmentHub(builder, profile, TimeProvider.System);

// Who leads is decided here: TLS with client certificates, users and passwords on top.
var etcd = hub.AddContainers(topology.Etcd.Hosts, "client", "metrics");
foreach (var member in etcd)
    member.WithHttpHealthCheck("/health", endpointName: "metrics");

var etcdAuth = hub.AddProgram<Projects.Analytics_Migrations>(ClusterNames.EtcdAuth);

// PostgreSQL with TimescaleDB, each member under Patroni; one is the primary.
var members = hub.AddContainers(topology.Database.Hosts, "patroni");
foreach (var member in members)
    member.WaitForCompletion(etcdAuth);

// pgBackRest beside each member, and the runner: whoever wants a backup starts it from the dashboard.
hub.AddContainers(topology.Database.Hosts.Select((_, i) => ClusterNames.Member(ClusterNames.BackupServer, i + 1)));
hub.AddContainer(ClusterNames.Backup)
    .WithExplicitStart();

var database = hub.AddDatabaseCluster(ClusterNames.TimescaleDb, members);

// Finds the primary by asking every Patroni: 5000 writes, 5001 reads.
hub.AddContainer(ClusterNames.HaProxy);

// Few server connections for many clients, transaction by transaction: 6432.
var pgbouncer = hub.AddContainer(ClusterNames.PgBouncer);

// The schema, straight at the primary; then a key to try everything with.
var migrations = hub.AddProgram<Projects.Analytics_Migrations>(ClusterNames.Migrations)
    .WaitFor(database);

var developmentKey = hub.AddProgram<Projects.Analytics_Migrations>("development-key", container: ClusterNames.Migrations)
    .WithArgs("ensure-key")
    .WithEnvironment("HUB_API_KEY", hub.ApiKey)
    .WaitForCompletion(migrations);

// Applications' telemetry comes in here: OTLP 4317 and 4318, REST 8080.
var sampleTraffic = hub.AddSampleTraffic<Projects.Hub_Cli>("sample-traffic");

var ingest = hub.AddProgram<Projects.Analytics_Ingest>(ClusterNames.Ingest)
    .WithHttpHealthCheck("/health/ready", endpointName: "rest")
    .WithUrlForEndpoint("rest", url => (url.Url, url.DisplayText) = ("/reference", "API reference"))
    .WithUrlForEndpoint("rest", rest => new() { Url = "/api/v1/usage", DisplayText = "Usage (Authorization: Bearer development-api-key)" })
    .WithSampleTraffic(sampleTraffic)
    .WaitForCompletion(migrations);

sampleTraffic.WithParentRelationship(ingest).WaitFor(ingest).WaitForCompletion(developmentKey);

// What watches it.
hub.AddContainers(members.Select((_, i) => ClusterNames.Member(ClusterNames.PostgresExporter, i + 1)));
hub.AddContainer(ClusterNames.PgBouncerExporter);

hub.AddContainer(ClusterNames.Prometheus)
    .WithContainerRuntimeArgs("--add-host", $"{ClusterNames.Ingest}:host-gateway")
    .WithUrlForEndpoint("web", url => url.DisplayText = "Prometheus");

builder.Build().Run();
