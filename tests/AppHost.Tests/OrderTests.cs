using Analytics.Topology;
using AppHost.Cluster;
using AppHost.Operations;
using AppHost.Patroni;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace AppHost.Tests;

/// <summary>What starts after what, and what can be done on the dashboard.</summary>
public class The_model_of_the_AppHost(HubModels models)
{
    [Theory, MemberData(nameof(HubModel.Profiles), MemberType = typeof(HubModel))]
    public async Task Starts_everything_after_what_its_container_starts_after(string profile)
    {
        var model = await models.GetAsync(profile);
        foreach (var spec in model.Containers)
        {
            var waits = Waits(model.Single<IResource>(spec.Name)).Select(wait => wait.Name).ToList();
            Assert.All(spec.After, name => Assert.Contains(name, waits));
        }
    }

    [Fact]
    public async Task Lets_no_member_in_before_etcd_knows_who_it_is_and_no_row_before_there_is_a_schema()
    {
        var model = await models.GetAsync(HubProfile.Cluster);
        foreach (var member in model.Topology.Database.Hosts)
            Assert.Contains((ClusterNames.EtcdAuth, WaitType.WaitForCompletion), Waits(model.Single<IResource>(member)));
        Assert.Contains((ClusterNames.TimescaleDb, WaitType.WaitUntilHealthy), Waits(model.Single<IResource>(ClusterNames.Migrations)));
        Assert.Contains((ClusterNames.Migrations, WaitType.WaitForCompletion), Waits(model.Single<IResource>("development-key")));
        Assert.Contains((ClusterNames.Migrations, WaitType.WaitForCompletion), Waits(model.Single<IResource>(ClusterNames.Ingest)));
        Assert.Contains(("development-key", WaitType.WaitForCompletion), Waits(model.Single<IResource>("sample-traffic")));
        Assert.NotEmpty(model.Single<IResource>("sample-traffic").Annotations.OfType<ExplicitStartupAnnotation>());
    }

    [Theory, MemberData(nameof(HubModel.Profiles), MemberType = typeof(HubModel))]
    public async Task Has_a_health_check_for_every_part_that_has_one(string profile)
    {
        var model = await models.GetAsync(profile);
        foreach (var name in model.Topology.Etcd.Hosts.Concat(model.Topology.Database.Hosts).Concat([ClusterNames.TimescaleDb, ClusterNames.Ingest]))
            Assert.NotEmpty(model.Single<IResource>(name).Annotations.OfType<HealthCheckAnnotation>());
    }

    [Fact]
    public async Task Offers_its_operations()
    {
        var model = await models.GetAsync(HubProfile.Cluster);
        var database = Commands(model.Single<DatabaseClusterResource>(ClusterNames.TimescaleDb));
        Assert.Contains(DatabaseCommands.SwitchOver, database.Keys);
        Assert.NotNull(database[DatabaseCommands.KillPrimary].ConfirmationMessage);
        Assert.Contains(SampleTraffic.Command, Commands(model.Single<ProjectResource>(ClusterNames.Ingest)).Keys);
    }

    [Theory]
    [InlineData(HubProfile.Cluster, "Running", ResourceCommandState.Enabled)]
    [InlineData(HubProfile.Cluster, "Starting", ResourceCommandState.Disabled)]
    [InlineData(HubProfile.Single, "Running", ResourceCommandState.Hidden)]
    public async Task Offers_a_switch_over_where_there_is_somebody_to_switch_to(string profile, string state, ResourceCommandState expected)
    {
        var model = await models.GetAsync(profile);
        var snapshot = new CustomResourceSnapshot { ResourceType = "PatroniCluster", Properties = [], State = state };
        var command = Commands(model.Single<DatabaseClusterResource>(ClusterNames.TimescaleDb))[DatabaseCommands.SwitchOver];
        Assert.Equal(expected, command.UpdateState(new UpdateCommandStateContext { ResourceSnapshot = snapshot, Services = model.Services }));
    }

    [Theory, MemberData(nameof(HubModel.Profiles), MemberType = typeof(HubModel))]
    public async Task Holds_no_secret_literally(string profile)
    {
        var model = await models.GetAsync(profile);
        var secrets = Secrets.All.Select(name => model.Secrets[name]).Append((await File.ReadAllTextAsync(model.StatePath("api-key"), TestContext.Current.CancellationToken)).Trim()).ToList();
        foreach (var resource in model.Resources)
        {
            var texts = new List<string>();
            foreach (var value in (await model.RawEnvironmentAsync(resource)).Values)
                texts.Add(value is ReferenceExpression expression ? expression.Format : value as string ?? "");
            if (resource is ContainerResource)
                texts.AddRange(await model.RuntimeArgumentsAsync(resource));
            if (resource is IResourceWithArgs)
                texts.AddRange((await model.StartAsync(resource)).Arguments);
            Assert.DoesNotContain(texts, text => secrets.Any(secret => text.Contains(secret, StringComparison.Ordinal)));
        }

        foreach (var name in Secrets.All)
            Assert.True(model.Single<ParameterResource>(DevelopmentHub.ResourceName(name)).Secret);
        Assert.True(model.Single<ParameterResource>("development-api-key").Secret);
    }

    private static List<(string Name, WaitType Type)> Waits(IResource resource) =>
        [.. resource.Annotations.OfType<WaitAnnotation>().Select(wait => (wait.Resource.Name, wait.WaitType))];

    private static Dictionary<string, ResourceCommandAnnotation> Commands(IResource resource) =>
        resource.Annotations.OfType<ResourceCommandAnnotation>().ToDictionary(command => command.Name);
}
