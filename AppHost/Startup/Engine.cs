using AppHost.Cluster;
using Aspire.Hosting.Publishing;
using Hub.Operations;
using Hub.Operations.Processes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

// Which engine Aspire uses is an experimental question of Aspire 13.
#pragma warning disable ASPIRECONTAINERRUNTIME001

namespace AppHost.Startup;

/// <summary>The container engine: there, and started, before Aspire's orchestrator looks for it.</summary>
internal static class Engine
{
    /// <summary>The variable by which Aspire is told to use another engine than the one it finds.</summary>
    public const string RuntimeVariable = "ASPIRE_CONTAINER_RUNTIME";

    public const string Docker = "docker";

    /// <summary>Nothing that is asked of the engine here takes long.</summary>
    private static readonly TimeSpan WaitLimit = TimeSpan.FromSeconds(20);

    /// <summary>The command line of the engine that the orchestrator uses: <c>docker</c> or <c>podman</c>.</summary>
    private static async Task<string> ProgramAsync(IServiceProvider services, CancellationToken cancellation)
    {
        var runtime = await services.GetRequiredService<IContainerRuntimeResolver>().ResolveAsync(cancellation);
        return runtime.Name.ToLowerInvariant();
    }

    /// <summary>
    /// Lets <c>./hub engine</c> install and start what is missing, as root on Debian; elsewhere it says what to do. Nothing happens where an engine
    /// answers, on Windows and macOS (there the engine is a desktop program), or when Podman is wanted.
    /// </summary>
    public static void EnsureEngine(this DevelopmentHub hub) => hub.Builder.Eventing.Subscribe<BeforeStartEvent>(async (start, cancellation) =>
    {
        await StartAsync(hub, start.Services.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(Engine)), cancellation);
        hub.Engine = await ProgramAsync(start.Services, cancellation);
        var (exit, volumes) = await RunAsync(hub.Engine, ["volume", "ls", "--quiet"], cancellation);

        // Without an engine there is nothing to protect, and nothing will start; the orchestrator tells why.
        if (exit == 0)
        {
            var own = hub.Builder.Resources.SelectMany(resource => resource.Annotations.OfType<ContainerMountAnnotation>())
                .Where(mount => mount.Type is ContainerMountType.Volume).Select(mount => mount.Source!).Distinct().ToList();
            hub.ForeignVolumes = hub.State.Claim(own, volumes.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries));
        }
    });

    private static async Task StartAsync(DevelopmentHub hub, ILogger log, CancellationToken cancellation)
    {
        var script = Path.Combine(hub.Repository, "hub");
        var wanted = hub.Builder.Configuration[RuntimeVariable];
        if (!OperatingSystem.IsLinux() || !(string.IsNullOrEmpty(wanted) || wanted == Docker) || !File.Exists(script))
            return;

        // Not killed when the AppHost stops meanwhile: it may be installing packages.
        var engine = await ProcessRunner.RunAsync("/bin/sh", [script, "engine"], CancellationToken.None, onLine: line => Tell(log, line))
            .WaitAsync(cancellation);

        // Not fatal here: the orchestrator checks the engine as well, and then the dashboard tells it too.
        if (engine.ExitCode != 0)
            log.LogError("There is no container engine that Hub can use. What is missing is said above; `./hub doctor` lists every prerequisite.");
    }

    /// <summary>Runs the engine's command line to its end.</summary>
    /// <returns>Its exit code, and what it wrote: output and errors.</returns>
    public static async Task<(int ExitCode, string Output)> RunAsync(string program, IReadOnlyList<string> arguments, CancellationToken cancellation)
    {
        try
        {
            var result = await ProcessRunner.RunWithinAsync(WaitLimit, program, arguments, cancellation);
            return result.ExitCode == ProcessResult.TimedOut
                ? (result.ExitCode, $"{program} did not answer within {WaitLimit.TotalSeconds:0} s. Does the engine hang? Try `{program} info`.")
                : (result.ExitCode, $"{result.Output}{result.Error}".Trim());
        }
        catch (OperationException problem)
        {
            return (127, problem.Message);
        }
    }

    private static void Tell(ILogger log, string line)
    {
        if (!string.IsNullOrWhiteSpace(line))
            log.LogInformation("{Line}", line);
    }
}
