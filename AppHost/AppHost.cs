using Analytics.Topology;
using Analytics.Topology.Publishing;
using AppHost.Cluster;
using AppHost.Deployment;
using AppHost.Operations;
using AppHost.Patroni;
using AppHost.Publishing;
using AppHost.Startup;

// Hub from top to bottom. Every container below is one of the topology's (Analytics.Topology), mapped by Cluster/ClusterResources.cs: what
// runs under F5, in Compose, in Kubernetes and in the tests is the same. HUB_PROFILE chooses its size: cluster or single.
DashboardPorts.Move();
var builder = DistributedApplication.CreateBuilder(DeployOptions.OfBuilder(args));
if (await Preflight.ProblemAsync(builder) is { } problem)
{
    await Console.Error.WriteLineAsync(problem);
    return 1;
}

var profile = HubProfile.Choose(builder.Configuration);
var topology = profile.Topology;

// What is published and deployed is the topology's own chart, aspire-manifest/helm; nothing of what follows.
if (builder.ExecutionContext.IsPublishMode)
{
    builder.PublishChart(PublishSize.Default);
    DeploySteps.Add(builder, args);
    await builder.Build().RunAsync();
    return 0;
}

var hub = new DevelopmentHub(builder, profile, TimeProvider.System);

// What the machine must have, what a start says on the console, and the images: those of ./hub up.
hub.EnsureEngine();
hub.ReportRun();
hub.AddImages<Projects.Hub_Cli>("images", ClusterNames.EtcdAuth, ClusterNames.Migrations, ClusterNames.Ingest);

// Who leads is decided here: TLS with client certificates, users and passwords on top.
var etcd = hub.AddContainers(topology.Etcd.Hosts, "client", "metrics");
foreach (var member in etcd)
    member.WithOwnData(hub).WithHttpHealthCheck("/health", endpointName: "metrics");

var etcdAuth = hub.AddProgram<Projects.Analytics_Migrations>(ClusterNames.EtcdAuth);

// PostgreSQL with TimescaleDB, each member under Patroni; one is the primary. pgBackRest beside each.
var members = hub.AddContainers(topology.Database.Hosts, "postgres", "patroni");
foreach (var member in members)
    member.WithOwnData(hub).WaitForCompletion(etcdAuth);

var database = hub.AddDatabaseCluster(ClusterNames.TimescaleDb, members).WithOpenSql(hub, members);

foreach (var server in hub.AddContainers(topology.Database.Hosts.Select((_, i) => ClusterNames.Member(ClusterNames.BackupServer, i + 1)),
    "backup"))
    server.WithTlsCheck("backup");

hub.AddContainer(ClusterNames.Backup).WithBackupCommands(database);

// Finds the primary by asking every Patroni: 5000 writes, 5001 reads.
var haproxy = hub.AddContainer(ClusterNames.HaProxy, "metrics").WithTlsCheck("metrics");

// Few server connections for many clients, transaction by transaction: 6432.
var pgbouncer = hub.AddContainer(ClusterNames.PgBouncer).WithPoolCheck(hub);

// The database as programs see it: who owns the schema straight at the primary, who writes through the pool.
var primary = hub.AddDatabase("analytics-primary", haproxy, ClusterNames.Migrations);
var analytics = hub.AddDatabase(DatabaseConnections.Connection, pgbouncer, ClusterNames.Ingest);

// The schema; then a key to try everything with.
var migrations = hub.AddProgram<Projects.Analytics_Migrations>(ClusterNames.Migrations)
    .WithReference(primary, DatabaseConnections.Connection).WaitFor(primary).WaitFor(database);

var developmentKey = hub.AddProgram<Projects.Analytics_Migrations>("development-key", container: ClusterNames.Migrations)
    .WithArgs("ensure-key").WithEnvironment("HUB_API_KEY", hub.ApiKey)
    .WithReference(primary, DatabaseConnections.Connection).WaitForCompletion(migrations);

// What measures the database, for Prometheus; ingest watches the certificates of all these.
foreach (var exporter in hub.AddContainers(members.Select((_, i) => ClusterNames.Member(ClusterNames.PostgresExporter, i + 1)), "metrics"))
    exporter.WithTlsCheck("metrics");
hub.AddContainer(ClusterNames.PgBouncerExporter, "metrics").WithTlsCheck("metrics");

// Applications' telemetry comes in here: OTLP 4317 and 4318, REST 8080. It listens for this machine and its containers only.
var ingest = hub.AddProgram<Projects.Analytics_Ingest>(ClusterNames.Ingest)
    .WithEnvironment("Ingest__ListenAddresses", HostPrograms.ListenAddresses)
    .WithHttpHealthCheck("/health/ready", endpointName: "rest")
    .WithUrlForEndpoint("rest", url => (url.Url, url.DisplayText) = ("/reference", "API reference"))
    .WithUrlForEndpoint("rest", rest => new() { Url = "/api/v1/usage", DisplayText = "Usage (Authorization: Bearer development-api-key)" })
    .WithReference(analytics, DatabaseConnections.Connection).WaitFor(analytics).WaitForCompletion(migrations);

hub.AddSampleTraffic<Projects.Hub_Cli>("sample-traffic", ingest).WaitForCompletion(developmentKey);

// What watches it.
hub.AddContainer(ClusterNames.Prometheus)
    .WithContainerRuntimeArgs("--add-host", $"{ClusterNames.Ingest}:host-gateway")
    .WithHttpHealthCheck("/-/ready", endpointName: "web")
    .WithUrlForEndpoint("web", url => url.DisplayText = "Prometheus");

await builder.Build().RunAsync();
return 0;
