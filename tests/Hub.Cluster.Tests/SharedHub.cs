using Hub.Cluster.Tests.Kubernetes;

namespace Hub.Cluster.Tests;

/// <summary>One hub, by deploy.sh, for every class that leaves it as it found it. The first test that asks installs it, and shows how that
/// goes.</summary>
public sealed class SharedHub : IAsyncLifetime
{
    /// <summary>The collection of those classes.</summary>
    public const string Name = "one hub";

    private Task<InstalledHub>? hub;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    /// <summary>Healthy, or the test fails: what the one before it broke is no fault of this one's.</summary>
    internal async Task<InstalledHub> HealthyAsync()
    {
        var installed = await (hub ??= InstalledHub.InstallAsync(Way.Script));
        await installed.UntilHealthyAsync();
        return installed;
    }

    public async ValueTask DisposeAsync()
    {
        if (hub is { IsCompletedSuccessfully: true })
            await (await hub).DisposeAsync();
    }
}

[CollectionDefinition(SharedHub.Name)]
public sealed class SharedHubTests : ICollectionFixture<SharedHub>;
