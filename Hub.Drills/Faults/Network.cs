using System.Text.Json;
using Hub.Operations.Processes;

namespace Hub.Drills.Faults;

/// <summary>Cuts a container's network, as a pulled cable does: nothing is refused, packets are gone.</summary>
internal static class Network
{
    private static readonly string[] Needed = ["nsenter", "iptables"];

    /// <summary>Cuts a container off from everything. It gets its names in the network back, and maybe another address.</summary>
    /// <returns>What connects it again, before the end of the fault.</returns>
    public static async Task<Func<CancellationToken, Task>> CutAsync(FaultContext context, string name, CancellationToken cancel)
    {
        var repairs = new List<Func<CancellationToken, Task>>();
        var container = context.Cluster.Container(name);
        var inspected = (await ProcessRunner.DockerAsync(cancel, "inspect", "--format", "{{json .NetworkSettings.Networks}}", container)).OrThrow($"{name} was not found");
        using var networks = JsonDocument.Parse(inspected.Output);
        foreach (var network in networks.RootElement.EnumerateObject())
        {
            var aliases = network.Value.TryGetProperty("Aliases", out var list) && list.ValueKind == JsonValueKind.Array
                ? list.EnumerateArray().Select(alias => alias.GetString()!).ToList() : [];
            if (!aliases.Contains(name))
                aliases.Add(name);
            string[] connect = ["network", "connect", .. aliases.SelectMany(alias => new[] { "--alias", alias }), network.Name, container];
            repairs.Add(async token =>
            {
                var result = await ProcessRunner.DockerAsync(token, connect);
                if (result.ExitCode != 0 && !result.Error.Contains("already exists", StringComparison.Ordinal))
                    result.OrThrow($"{name} was not connected again");
            });
            context.Damage.Note($"connecting {name}", repairs[^1]);
            context.Strike();
            (await ProcessRunner.DockerAsync(cancel, "network", "disconnect", network.Name, container)).OrThrow($"{name} was not cut off");
        }

        return async token =>
        {
            foreach (var repair in repairs)
                await repair(token);
        };
    }

    /// <summary>
    /// Drops every packet between a container and some others, by rules in its own network namespace. The container may not make them
    /// (it has no capabilities); root on the engine's machine may.
    /// </summary>
    public static async Task CutFromAsync(FaultContext context, string name, IEnumerable<string> others, CancellationToken cancel)
    {
        // /var/run/docker/netns/5f1c0ffee123: it goes when the container stops.
        var space = (await ProcessRunner.DockerAsync(cancel, "inspect", "--format", "{{.NetworkSettings.SandboxKey}}", context.Cluster.Container(name))).OrThrow($"{name} was not found").Output.Trim();
        var addresses = new List<string>();
        foreach (var other in others)
        {
            addresses.AddRange((await ProcessRunner.DockerAsync(cancel, "inspect", "--format", "{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}", context.Cluster.Container(other)))
                .OrThrow($"{other} was not found").Output.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        }

        var rules = addresses.SelectMany(address => new string[][] { ["INPUT", "-s", address, "-j", "DROP"], ["OUTPUT", "-d", address, "-j", "DROP"] }).ToList();
        context.Damage.Note($"connecting {name}", async token =>
        {
            // A container that was restarted meanwhile has a new namespace, without rules.
            if (!File.Exists(space))
                return;
            foreach (var rule in rules)
                await FirewallAsync(space, ["-D", .. rule], token);
        });
        context.Strike();
        foreach (var rule in rules)
            (await FirewallAsync(space, ["-I", .. rule], cancel)).OrThrow($"{name} was not cut off");
    }

    /// <summary>Why a part of a container's network cannot be cut here; null where it can.</summary>
    public static string? PartlyImpossible()
    {
        if (!OperatingSystem.IsLinux() || Environment.UserName != "root")
            return "needs root on the engine's machine (packets are dropped in the container's network namespace)";
        var missing = Needed.Where(program => !Exists(program)).ToArray();
        return missing.Length == 0 ? null : $"needs {string.Join(" and ", missing)} (Debian/Ubuntu: apt-get install util-linux iptables)";
    }

    private static Task<ProcessResult> FirewallAsync(string space, string[] rule, CancellationToken cancel) =>
        ProcessRunner.RunAsync("nsenter", [$"--net={space}", "iptables", "--wait", .. rule], cancel);

    private static bool Exists(string program) => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Append("/usr/sbin").Append("/sbin")
        .Any(directory => directory.Length > 0 && File.Exists(Path.Combine(directory, program)));
}
