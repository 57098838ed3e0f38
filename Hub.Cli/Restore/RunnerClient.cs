using System.Text.Json;
using Analytics.Topology;
using Hub.Cli.Engine;
using Hub.Cli.State;
using Hub.Operations.Processes;

namespace Hub.Cli.Restore;

/// <summary>What the runner says a target means (<c>hub-backup plan --json</c>).</summary>
/// <param name="Set">The set to begin with.</param>
/// <param name="Description">For people.</param>
/// <param name="Size">Bytes of the restored database.</param>
/// <param name="Arguments">pgBackRest's.</param>
/// <param name="Abandons">Sets that a cluster which goes on from there leaves behind.</param>
internal sealed record Plan(string Set, string Description, long Size, IReadOnlyList<string> Arguments, IReadOnlyList<string> Abandons);

/// <summary>Hub's backup runner, in the hub's network.</summary>
internal sealed class RunnerClient(Deployment deployment, ContainerEngine engine)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true };

    /// <summary>Builds the runner's image where it is missing.</summary>
    public async Task<int> EnsureImageAsync(Action<string> report, CancellationToken cancellation) =>
        await new ImageBuilder(engine, deployment.Repository, deployment.Topology.Images, report).EnsureAsync(new HashSet<string> { deployment.Topology.Images.Backup }, rebuild: false, cancellation);

    /// <exception cref="CliException">The target cannot be recovered to; in the runner's words.</exception>
    public async Task<Plan> PlanAsync(string to, bool live, Action<string> report, CancellationToken cancellation)
    {
        var result = await RunAsync(report, cancellation, ["plan", "--to", to, "--json", .. live ? ["--live"] : Array.Empty<string>()]);
        var line = result.Output.Split('\n').LastOrDefault(line => line.StartsWith('{')) ?? throw new CliException($"The runner made no plan: {result.Output.Trim()}");
        return JsonSerializer.Deserialize<Plan>(line, Json) ?? throw new CliException("The runner made no plan.");
    }

    /// <summary>Runs a verb to its end.</summary>
    /// <exception cref="CliException">It failed; with its own words and exit code.</exception>
    public async Task<ProcessResult> RunAsync(Action<string> report, CancellationToken cancellation, params string[] arguments)
    {
        var result = await engine.ComposeAsync(deployment.Project, cancellation, line => report(line.Trim()), ["run", "--rm", "--no-deps", "-T", ClusterNames.Backup, .. arguments]);
        return result.ExitCode == 0 ? result : throw Failure(result.Error + result.Output, result.ExitCode);
    }

    /// <summary>
    /// The runner's own words:
    /// <code>
    /// error: --to: 2020-01-01 00:00:00Z is before the end of the oldest backup: …
    ///   → Choose a later time; …
    /// </code>
    /// </summary>
    internal static CliException Failure(string output, int exitCode)
    {
        var lines = output.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        var message = lines.LastOrDefault(line => line.StartsWith("error: ", StringComparison.Ordinal))?[7..] ?? $"The runner ended with exit code {exitCode}: {string.Join(" | ", lines.TakeLast(5))}";
        var hint = lines.LastOrDefault(line => line.StartsWith("→ ", StringComparison.Ordinal))?[2..];
        return new CliException(message, hint, exitCode == 2 ? 2 : 1);
    }
}
