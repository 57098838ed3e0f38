using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Analytics.Topology;
using Analytics.Topology.Kubernetes;
using Analytics.Topology.Publishing;
using Hub.Operations.Clusters;

namespace Hub.Cluster.Tests.Kubernetes;

/// <summary>How an operator installs Hub.</summary>
public enum Way
{
    /// <summary>deploy.sh alone.</summary>
    Script,

    /// <summary>deploy.sh for the Secrets, then <c>kubectl apply -k</c>.</summary>
    Kubectl,

    /// <summary>deploy.sh for the Secrets, then <c>helm install --wait</c>.</summary>
    Helm,
}

/// <summary>
/// A hub of size dev in a namespace of its own, with a name of its own: priority classes belong to the whole cluster, and a second hub would share
/// them. Removed with everything that belongs to it.
/// </summary>
internal sealed class InstalledHub : IAsyncDisposable
{
    private static readonly string[] Controllers = ["statefulset/etcd", "statefulset/timescaledb", "deployment/gateway", "deployment/ingest"];
    private readonly string directory = Directory.CreateTempSubdirectory("hub-cluster-").FullName;
    private readonly Way way;
    private readonly string name = $"hub-{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(3))}";
    private readonly PublishSize size;
    private readonly KubeHost host;
    private readonly List<string> spaces = [];

    private InstalledHub(Way way)
    {
        this.way = way;
        size = PublishSize.Named("dev");
        size = (size with
        {
            Topology = size.Topology.With(cluster => cluster with { Name = name, Namespace = name, Images = cluster.Images.WithDatabase(Environment.GetEnvironmentVariable(Images.DatabaseVariable)) }),
        }).From(ClusterSettings.Source);
        Kube = new Kube(name);
        Client = new Kube($"{name}-client");
        host = new KubeHost(Kube, Client);
    }

    public Kube Kube { get; }

    /// <summary>The namespace of its clients, labelled for telemetry and SQL.</summary>
    public Kube Client { get; }

    public ClusterTopology Topology => size.Topology;

    /// <summary>As drills see it, once it is installed.</summary>
    public RunningCluster Cluster { get; private set; } = null!;

    /// <summary>Skips the test where there is no cluster.</summary>
    public static async Task<InstalledHub> InstallAsync(Way way)
    {
        if (await Kube.MissingAsync(way == Way.Helm, TestContext.Current.CancellationToken) is { } missing)
            Prerequisites.Missing(missing);
        var hub = new InstalledHub(way);
        try
        {
            await hub.PutAsync();
            await hub.ConnectAsync();
            return hub;
        }
        catch
        {
            await hub.DisposeAsync();
            throw;
        }
    }

    /// <summary>Installs it, or changes what is there.</summary>
    /// <param name="changed">With another configuration of the members, which starts every one of them anew.</param>
    /// <returns>What the last command wrote.</returns>
    public Task<string> PutAsync(bool changed = false) => Kube.ExplainAsync($"{(changed ? "changing" : "installing")} {name} by {way}", async () =>
    {
        Write(changed);
        if (!spaces.Contains(name))
            spaces.Add(name);
        if (way == Way.Script)
            return await ScriptAsync(ClusterSettings.Bucket);
        await ScriptAsync([.. ClusterSettings.Bucket, "--secrets-only"]);
        if (way == Way.Helm)
        {
            string[] values = ClusterSettings.StorageClass is { } storage ? ["data", "wal", "backup", "scratch"] : [];
            return (await Kube.LongAsync("helm",
            [
                "upgrade", "--install", name, Path.Combine(directory, "helm"), "--namespace", name, "--wait", "--timeout", "20m", "--set", "createNamespace=false",
                .. values.SelectMany(volume => new[] { "--set", $"storage.{volume}.className={ClusterSettings.StorageClass}" }),
                .. ClusterSettings.Bucket.Count > 0 ? ["--set", "backup.suspend=false"] : Array.Empty<string>(),
            ])).OrThrow("helm failed").Output;
        }

        var applied = (await Kube.LongAsync("kubectl", ["apply", "--kustomize", Path.Combine(directory, "kubernetes")])).OrThrow("kubectl apply failed").Output;
        foreach (var controller in Controllers)
            await Kube.DoAsync("rollout", "status", controller, "--timeout", "15m");
        return applied;
    });

    /// <summary>Calls deploy.sh, which asks nobody.</summary>
    public async Task<string> ScriptAsync(params IEnumerable<string> options) =>
        (await Kube.LongAsync(Path.Combine(directory, "kubernetes", "deploy.sh"), ["--yes", .. options])).OrThrow("deploy.sh failed").Output;

    /// <summary>Removes it and leaves its data.</summary>
    public Task UninstallAsync() => Kube.ExplainAsync($"uninstalling {name}", async () =>
    {
        if (way == Way.Helm)
            (await Kube.LongAsync("helm", ["uninstall", name, "--namespace", name, "--wait", "--timeout", "10m"])).OrThrow("helm failed");
        else
            await ScriptAsync("--uninstall");
    });

    /// <summary>A namespace beside the hub's, removed with it.</summary>
    public async Task<Kube> SpaceAsync(string suffix, params string[] labels)
    {
        var space = new Kube($"{name}-{suffix}");
        spaces.Add(space.Namespace);
        await space.ApplyAsync(ClientPods.Space(space.Namespace, labels));
        return space;
    }

    /// <summary>Waits until nothing is missing.</summary>
    public Task UntilHealthyAsync() => Kube.ExplainAsync($"waiting until {name} is healthy", () => Cluster.UntilHealthyAsync(TimeSpan.FromMinutes(8), Once(), TestContext.Current.CancellationToken));

    /// <summary>Says a line that differs from the last one.</summary>
    public static Action<string> Once()
    {
        var last = "";
        return line =>
        {
            if (line != last)
                Kube.Say(last = line);
        };
    }

    public async ValueTask DisposeAsync()
    {
        await host.DisposeAsync();
        Directory.Delete(directory, recursive: true);

        // Volumes first: those of a class that retains would outlive their claims.
        var kube = Kube.Unstoppable;
        foreach (var volume in (await kube.RunAsync("get", "persistentvolumeclaim", "--output", "jsonpath={.items[*].spec.volumeName}")).Output.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            await kube.RunAsync("patch", "persistentvolume", volume, "--type", "merge", "--patch", """{"spec":{"persistentVolumeReclaimPolicy":"Delete"}}""");
        foreach (var space in spaces)
            await kube.RunAsync("delete", "namespace", space, "--wait=false", "--ignore-not-found");
        foreach (var space in spaces)
            await kube.RunAsync("wait", "--for=delete", $"namespace/{space}", "--timeout", "80s");
        await kube.RunAsync("delete", "priorityclass", "--selector", $"app.kubernetes.io/instance={name}", "--ignore-not-found");
    }

    private async Task ConnectAsync()
    {
        var values = await SecretAsync(KubernetesNames.Credentials);
        var authority = Path.Combine(directory, "ca.crt");
        await File.WriteAllTextAsync(authority, (await SecretAsync(KubernetesNames.Tls(ClusterNames.Ingest)))["ca.crt"]);
        spaces.Add(Client.Namespace);
        await Client.ApplyAsync(
            ClientPods.Space(Client.Namespace, KubernetesNames.TelemetryLabel, KubernetesNames.SqlLabel),
            ClientPods.Deployment(ClientPods.Python(KubeHost.Client, Topology.Images.Database, await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "Kubernetes", "relay.py")), KubeHost.RelayArguments(name))));
        await Client.ExplainAsync("waiting for the client", () => Client.DoAsync("rollout", "status", $"deployment/{KubeHost.Client}", "--timeout", "3m"));
        Cluster = new RunningCluster(new ClusterTarget { Topology = Topology, Secret = key => values[key], CaFile = authority }, host);
        await UntilHealthyAsync();
    }

    private async Task<Dictionary<string, string>> SecretAsync(string secret) => (await Kube.JsonAsync("secret", secret)).GetProperty("data").EnumerateObject()
        .ToDictionary(pair => pair.Name, pair => Encoding.UTF8.GetString(pair.Value.GetBytesFromBase64()));

    /// <summary>A changed hub watches its leader's lease: that is another configuration of each member.</summary>
    private void Write(bool changed) => OutputFiles.Write(directory, PublishedFiles
        .For(changed ? size with { Topology = size.Topology.With(cluster => cluster with { Database = cluster.Database.WithLeaseWitnesses() }) } : size)
        .Select(file => file.Path.StartsWith("kubernetes/", StringComparison.Ordinal) ? file with { Content = OnClass(file.Content) } : file));

    /// <summary>Size dev names no class in its claims; each has its mode.</summary>
    private static string OnClass(string manifest) => ClusterSettings.StorageClass is not { } storage ? manifest
        : System.Text.RegularExpressions.Regex.Replace(manifest, "^( +)volumeMode: Filesystem$", $"$1storageClassName: {storage}\n$0", System.Text.RegularExpressions.RegexOptions.Multiline);
}
