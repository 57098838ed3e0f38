using Analytics.Topology;
using Analytics.Topology.Kubernetes;
using Hub.Cluster.Tests.Kubernetes;
using k8s.Models;

namespace Hub.Cluster.Tests;

/// <summary>Whoever is labelled reaches ingest and the pool, from whichever namespace, and nobody else does.</summary>
[Trait(Tiers.Trait, Tiers.Cluster)]
[Collection(SharedHub.Name)]
public sealed class PolicyTests(SharedHub shared)
{
    private const string Sleep = "import time; time.sleep(1000000)";
    private const string Listen = "import http.server; http.server.ThreadingHTTPServer(('', 8000), http.server.SimpleHTTPRequestHandler).serve_forever()";

    /// <summary>A policy drops packets or refuses them; a name that is not found or a missing program is neither.</summary>
    private const string Connect = """
        import socket, sys
        address = socket.getaddrinfo(sys.argv[1], int(sys.argv[2]), type=socket.SOCK_STREAM)[0][4]
        try:
            socket.create_connection(address[:2], 4).close()
            print("open")
        except (TimeoutError, ConnectionRefusedError) as problem:
            print("closed")
        """;

    private static readonly Dictionary<string, string> Labels = new() { [KubernetesNames.TelemetryLabel] = "true", [KubernetesNames.SqlLabel] = "true" };

    [Fact]
    public async Task Labels_admit_and_everybody_else_is_denied()
    {
        var hub = await shared.HealthyAsync();
        var image = hub.Topology.Images.Database;
        var elsewhere = await hub.SpaceAsync("elsewhere");
        await elsewhere.ApplyAsync(ClientPods.Python("listener", image, Listen, [], new Dictionary<string, string> { ["app"] = "listener" }),
            ClientPods.Python("plain", image, Sleep, []), ClientPods.Python("labelled", image, Sleep, [], Labels));
        await hub.Kube.ApplyAsync(ClientPods.Python("plain", image, Sleep, []), ClientPods.Python("labelled", image, Sleep, [], Labels));
        try
        {
            await elsewhere.ExplainAsync("waiting for clients elsewhere", () => elsewhere.DoAsync("wait", "--for=condition=Ready", "pod", "--all", "--timeout", "80s"));
            await hub.Kube.ExplainAsync("waiting for clients beside Hub", () => hub.Kube.DoAsync("wait", "--for=condition=Ready", "pod/plain", "pod/labelled", "--timeout", "80s"));
            await RequirePoliciesAsync(elsewhere);
            var found = new List<string>();
            foreach (var (kube, pod, expected) in new[] { (elsewhere, "plain", "closed"), (elsewhere, "labelled", "open"), (hub.Client, $"deployment/{KubeHost.Client}", "open"), (hub.Kube, "plain", "closed"), (hub.Kube, "labelled", "open") })
            {
                foreach (var (service, port) in new[] { (ClusterNames.Ingest, Ports.Rest), (ClusterNames.Ingest, Ports.OtlpGrpc), (ClusterNames.PgBouncer, Ports.PgBouncer), (KubernetesNames.PrimaryService, Ports.Postgres) })
                {
                    var got = await ConnectAsync(kube, pod, $"{service}.{hub.Kube.Namespace}", port);
                    Kube.Say($"{kube.Namespace}/{pod} → {service}:{port}: {got}");
                    if (got != expected)
                        found.Add($"{kube.Namespace}/{pod} → {service}:{port} is {got}, not {expected}");
                }
            }

            // What no client may reach.
            foreach (var (pod, host, port) in new[] { ("labelled", "etcd-1.etcd", Ports.EtcdClient), ("labelled", "timescaledb-1.timescaledb", Ports.Patroni) })
            {
                if (await ConnectAsync(elsewhere, pod, $"{host}.{hub.Kube.Namespace}", port) is var got && got != "closed")
                    found.Add($"{elsewhere.Namespace}/{pod} → {host}:{port} is {got}");
            }

            Assert.Empty(found);
        }
        finally
        {
            await hub.Kube.RunAsync("delete", "pod", "plain", "labelled", "--ignore-not-found", "--wait=false");
        }
    }

    /// <summary>Not every network looks at policies. A pod that nobody may reach, and is reached, tells.</summary>
    private static async Task RequirePoliciesAsync(Kube elsewhere)
    {
        var address = await elsewhere.GetAsync("pod", "listener", "--output", "jsonpath={.status.podIP}");
        await Eventually.TrueAsync(async () => await ConnectAsync(elsewhere, "plain", address, 8000) == "open", TimeSpan.FromMinutes(1), () => "the listener is not reached without a policy", TestContext.Current.CancellationToken);
        await elsewhere.ApplyAsync(new V1NetworkPolicy
        {
            ApiVersion = "networking.k8s.io/v1",
            Kind = "NetworkPolicy",
            Metadata = new V1ObjectMeta { Name = "nobody" },
            Spec = new V1NetworkPolicySpec { PodSelector = new V1LabelSelector { MatchLabels = new Dictionary<string, string> { ["app"] = "listener" } }, PolicyTypes = ["Ingress"] },
        });
        for (var attempt = 0; attempt < 10; attempt++)
        {
            if (await ConnectAsync(elsewhere, "plain", address, 8000) == "closed")
                return;
            await Task.Delay(TimeSpan.FromSeconds(2), TestContext.Current.CancellationToken);
        }

        Prerequisites.Missing("a cluster whose network enforces NetworkPolicies: here a pod that one closes is reached all the same.");
    }

    private static async Task<string> ConnectAsync(Kube kube, string pod, string host, int port) =>
        (await kube.RunAsync("exec", pod, "--", "python3", "-c", Connect, host, $"{port}")).OrThrow($"{pod} was not asked").Output.Trim();
}
