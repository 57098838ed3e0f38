namespace Hub.Cli.Tests.Restore;

/// <summary>
/// A restored cluster has a new timeline, new keys in etcd and members that were copied a moment ago. What is acknowledged there is on two members all
/// the same, whatever is restarted and whatever etcd loses.
/// </summary>
[Collection(nameof(BackedUpHub)), Trait(Tiers.Trait, Tiers.Nightly)]
public sealed class RestoredCopiesTests(VolumeHub hub, ITestOutputHelper output) : IClassFixture<VolumeHub>
{
    [Fact]
    public async Task After_a_restore_nothing_acknowledged_is_on_one_member_only_or_lost()
    {
        await hub.RunAsync("restore", "--to", "latest", "--into", "cluster", "--yes");
        await hub.HealthyAsync(members: 3);
        await hub.RunAsync("restore", "confirm");

        // Each ends with another exit code than 0 when anything was lost, doubled or on one member only.
        foreach (var drill in new[] { "primary-alone", "sync-lost", "sync-lost-behind" })
        {
            output.WriteLine(await hub.RunAsync("drill", "run", drill, "--seed", "1"));
            await hub.HealthyAsync(members: 3);
        }

        output.WriteLine(await hub.RunAsync("drill", "run", "switchover", "--seed", "1", "--destroy"));
    }
}
