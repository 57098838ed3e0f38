using Analytics.Topology.Kubernetes;
using Hub.Cluster.Tests.Kubernetes;
using Hub.Drills.Faults;

namespace Hub.Cluster.Tests;

/// <summary>The life of a hub, each way that an operator may install it: installed, again, changed under load, removed, and back with its
/// data.</summary>
[Trait(Tiers.Trait, Tiers.Cluster)]
public sealed class InstallTests
{
    [Theory]
    [InlineData(Way.Script)]
    [InlineData(Way.Kubectl)]
    [InlineData(Way.Helm)]
    public async Task A_hub_is_installed_changed_under_load_removed_and_comes_back_with_its_data(Way way)
    {
        await using var hub = await InstalledHub.InstallAsync(way);
        var before = await PodsAsync(hub);
        var said = await hub.PutAsync();
        if (way == Way.Script)
            Assert.Contains("Nothing had to be changed.", said, StringComparison.Ordinal);
        await hub.UntilHealthyAsync();
        Assert.Equal(before, await PodsAsync(hub));

        await ClusterFaults.RunAsync(hub,
            new Fault("upgrade", "The members' configuration changes, and each is started anew.", UpgradeAsync));
        Assert.Empty((await PodsAsync(hub)).Where(pod => pod.StartsWith("timescaledb-", StringComparison.Ordinal)).Intersect(before));

        await hub.Kube.SqlAsync("CREATE TABLE public.kept AS SELECT 42 AS answer");
        await hub.UninstallAsync();
        Assert.Equal("",
            await hub.Kube.GetAsync("pod,service,statefulset,deployment,cronjob,job", "--selector",
                $"app.kubernetes.io/instance={hub.Topology.Name}", "--output", "name"));
        Assert.Equal(KubernetesNames.Credentials,
            await hub.Kube.GetAsync("secret", KubernetesNames.Credentials, "--output", "jsonpath={.metadata.name}"));
        await hub.PutAsync();
        await hub.UntilHealthyAsync();
        Assert.Equal("42", await hub.Kube.SqlAsync("SELECT answer FROM public.kept"));

        if (way != Way.Helm)
        {
            await hub.ScriptAsync("--uninstall", "--delete-volumes");
            Assert.Equal("",
                await hub.Kube.GetAsync("persistentvolume", "--output",
                    $"jsonpath={{.items[?(@.spec.claimRef.namespace==\"{hub.Kube.Namespace}\")].metadata.name}}"));
        }

        async Task UpgradeAsync(FaultContext context, CancellationToken cancel)
        {
            context.Strike();
            await hub.PutAsync(changed: true);
        }
    }

    /// <summary>Names with what is never the same of two pods.</summary>
    private static async Task<IReadOnlyList<string>> PodsAsync(InstalledHub hub) =>
        (await hub.Kube.GetAsync("pod", "--selector", $"app.kubernetes.io/instance={hub.Topology.Name}", "--field-selector",
            "status.phase=Running", "--sort-by", ".metadata.name",
            "--output", "jsonpath={range .items[*]}{.metadata.name} {.metadata.uid}{\"\\n\"}{end}")).Split('\n',
                StringSplitOptions.RemoveEmptyEntries);
}
