using System.Collections.Concurrent;
using System.Globalization;
using Hub.Operations.Processes;

namespace Hub.Operations.Clusters;

/// <summary>Containers of an engine on this machine.</summary>
/// <param name="container">The engine's name of a part.</param>
internal sealed class ContainerHost(Func<string, string> container) : IClusterHost
{
    private readonly ConcurrentDictionary<(string Part, int Port), int> ports = new();

    public (string File, IReadOnlyList<string> Arguments) Command(string part, params string[] command) => ("docker", ["exec", "--interactive", container(part), .. command]);

    public async Task<int> HostPortAsync(string part, int port, CancellationToken cancel)
    {
        if (ports.TryGetValue((part, port), out var known))
            return known;

        // 0.0.0.0:32775
        // [::]:32775
        var lines = (await ProcessRunner.DockerAsync(cancel, "port", container(part), $"{port}/tcp")).OrThrow($"{part} publishes no port {port}").Output
            .Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (lines.Length == 0)
            throw new OperationException($"{part} publishes no port {port}.");
        return ports[(part, port)] = int.Parse(lines[0][(lines[0].LastIndexOf(':') + 1)..], CultureInfo.InvariantCulture);
    }

    public void ForgetPorts() => ports.Clear();

    public async Task<string?> DownAsync(string part, CancellationToken cancel) =>
        (await ProcessRunner.DockerAsync(cancel, "inspect", "--format", "{{.State.Status}}", container(part))).Output.Trim() is var state && state != "running" ? $"{part} is {state}" : null;
}
