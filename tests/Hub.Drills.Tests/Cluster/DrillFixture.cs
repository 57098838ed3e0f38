using Analytics.Topology;
using Analytics.Topology.Containers;
using Hub.Operations.Clusters;

namespace Hub.Drills.Tests.Cluster;

/// <summary>One cluster for all faults of the class: a fault leaves it healthy, or the next test says so.</summary>
public class DrillFixture : IAsyncLifetime
{
    /// <summary>What a member's disk holds; null: as much as this machine's.</summary>
    private readonly ByteSize? disk;
    private HubCluster? hub;

    public DrillFixture()
        : this(null)
    {
    }

    private protected DrillFixture(ByteSize? disk) => this.disk = disk;

    internal RunningCluster Cluster { get; private set; } = null!;

    private protected virtual ClusterTopology Topology => Presets.Development;

    public async ValueTask InitializeAsync()
    {
        hub = await HubCluster.StartAsync(Topology, TestContext.Current.CancellationToken, change: await ChangeAsync(TestContext.Current.CancellationToken), dataVolume: disk);
        Cluster = new RunningCluster(new ClusterTarget
        {
            Topology = hub.Topology,
            Containers = hub.Deployment.Containers.Where(spec => !spec.OnDemand).ToDictionary(spec => spec.Name, spec => hub[spec.Name].Id),
            Secret = name => hub.Deployment.Passwords[name],
            CaFile = hub.CaFile,
        });
    }

    /// <summary>What is otherwise of a container; null: nothing.</summary>
    private protected virtual Task<Func<ContainerSpec, ContainerSpec>?> ChangeAsync(CancellationToken cancel) => Task.FromResult<Func<ContainerSpec, ContainerSpec>?>(null);

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        if (hub is not null)
            await hub.DisposeAsync();
    }
}

/// <summary>A cluster whose members have small disks of their own.</summary>
public class SmallDisksFixture() : DrillFixture(ByteSize.MiB(640));

/// <summary>A cluster whose members have another small disk each for WAL, as in Kubernetes.</summary>
public sealed class WalDisksFixture : SmallDisksFixture
{
    private protected override Task<Func<ContainerSpec, ContainerSpec>?> ChangeAsync(CancellationToken cancel) => Task.FromResult<Func<ContainerSpec, ContainerSpec>?>(spec =>
        spec.Volumes.FirstOrDefault(volume => volume.Path == Paths.PgVolume) is { } data
            ? spec with { Volumes = [.. spec.Volumes, data with { Name = $"{data.Name}-wal", Path = Paths.WalVolume }] }
            : spec);
}

/// <summary>A cluster whose members have clocks of their own.</summary>
public sealed class ClocksFixture : DrillFixture
{
    private protected override async Task<Func<ContainerSpec, ContainerSpec>?> ChangeAsync(CancellationToken cancel)
    {
        var image = await TestImage.ClockAsync(cancel);
        return spec => spec.Image == DatabaseServer.Image ? spec with { Image = image } : spec;
    }
}

/// <summary>A cluster whose members end the lease of a silent leader.</summary>
public sealed class WitnessesFixture : DrillFixture
{
    private protected override ClusterTopology Topology => Presets.Development.With(cluster => cluster with
    {
        Database = cluster.Database.WithLeaseWitnesses(),
    });
}
