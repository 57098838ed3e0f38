using System.Diagnostics;
using System.Globalization;
using Analytics.Topology;
using Analytics.Topology.Kubernetes;
using Hub.Operations;
using Hub.Operations.Clusters;
using Hub.Operations.Processes;

namespace Hub.Cluster.Tests.Kubernetes;

/// <summary>
/// A hub in Kubernetes as load and ledger see it. Members are asked through <c>kubectl exec</c>. Ports lead into a pod in a namespace of its own,
/// and from there to the Services, as the connections of any application do: endpoints that come and go and network policies are part of it.
/// </summary>
internal sealed class KubeHost(Kube kube, Kube client) : IClusterHost, IAsyncDisposable
{
    /// <summary>The Deployment whose pod passes connections on. Where room is short Kubernetes sends that pod away for one of Hub's: it comes again.</summary>
    public const string Client = "client";

    private static readonly Dictionary<(string Part, int Port), string> Services = new()
    {
        [(ClusterNames.Ingest, Ports.Rest)] = $"{ClusterNames.Ingest}:{Ports.Rest}",
        [(ClusterNames.PgBouncer, Ports.PgBouncer)] = $"{ClusterNames.PgBouncer}:{Ports.PgBouncer}",
        [(ClusterNames.HaProxy, Ports.ReadWrite)] = $"{KubernetesNames.PrimaryService}:{Ports.Postgres}",
    };

    private readonly SemaphoreSlim one = new(1);
    private readonly Dictionary<int, int> local = [];
    private Process? forward;

    /// <summary>For relay.py: the port that each Service has in the client's pod.</summary>
    public static IEnumerable<string> RelayArguments(string space) => Services.Select(service => $"{service.Key.Port}={service.Value.Replace(":", $".{space}:", StringComparison.Ordinal)}");

    public (string File, IReadOnlyList<string> Arguments) Command(string part, params string[] command) =>
        ("kubectl", ["--namespace", kube.Namespace, "exec", "--stdin", part, "--container", part[..part.LastIndexOf('-')], "--", .. command]);

    public async Task<int> HostPortAsync(string part, int port, CancellationToken cancel)
    {
        await one.WaitAsync(cancel);
        try
        {
            if (forward is null or { HasExited: true })
                await ForwardAsync(cancel);
            return local[port];
        }
        finally
        {
            one.Release();
        }
    }

    /// <summary>The client's pod stays whatever becomes of the Services; a forward that has ended is made anew when a port is asked for.</summary>
    public void ForgetPorts()
    {
    }

    public async Task<string?> DownAsync(string part, CancellationToken cancel)
    {
        var ready = await kube.With(cancel).RunAsync("get", "pod", part, "--output", "jsonpath={.status.conditions[?(@.type==\"Ready\")].status}");
        return ready is { ExitCode: 0, Output: "True" } ? null : $"{part} is not ready {ready.Error.Trim()}";
    }

    public async ValueTask DisposeAsync()
    {
        one.Dispose();
        await StopAsync();
    }

    private async Task ForwardAsync(CancellationToken cancel)
    {
        await StopAsync();
        local.Clear();
        forward = ProcessRunner.Start("kubectl", ["--namespace", client.Namespace, "port-forward", $"deployment/{Client}", .. Services.Keys.Select(key => $":{key.Port}")]);
        var errors = forward.StandardError.ReadToEndAsync(CancellationToken.None);
        while (local.Count < Services.Count)
        {
            // Forwarding from 127.0.0.1:36533 -> 8080
            if (await forward.StandardOutput.ReadLineAsync(cancel) is not { } line)
                throw new OperationException($"kubectl forwards no ports: {(await errors).Trim()}");
            if (line.Split([' ', ':'], StringSplitOptions.RemoveEmptyEntries) is ["Forwarding", "from", "127.0.0.1", var here, "->", var there])
                local[int.Parse(there, CultureInfo.InvariantCulture)] = int.Parse(here, CultureInfo.InvariantCulture);
        }

        // It tells of every connection, and would stop when nobody reads that.
        _ = forward.StandardOutput.BaseStream.CopyToAsync(Stream.Null, CancellationToken.None);
    }

    private async Task StopAsync()
    {
        if (forward is null)
            return;
        if (!forward.HasExited)
            forward.Kill(entireProcessTree: true);
        await forward.WaitForExitAsync(CancellationToken.None);
        forward.Dispose();
        forward = null;
    }
}
