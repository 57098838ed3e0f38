using Analytics.Topology;

namespace Hub.Drills.Tests.Cluster;

/// <summary>One cluster for all faults of the class: a fault leaves it healthy, or the next test says so.</summary>
public sealed class DrillFixture : IAsyncLifetime
{
    private HubCluster? hub;

    internal DrillCluster Cluster { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        hub = await HubCluster.StartAsync(Presets.Development, TestContext.Current.CancellationToken);
        Cluster = new DrillCluster(new DrillTarget
        {
            Topology = hub.Topology,
            Containers = hub.Deployment.Containers.Where(spec => !spec.OnDemand).ToDictionary(spec => spec.Name, spec => hub[spec.Name].Id),
            Secret = name => hub.Deployment.Passwords[name],
            CaFile = hub.CaFile,
        });
    }

    public async ValueTask DisposeAsync()
    {
        if (hub is not null)
            await hub.DisposeAsync();
    }
}
