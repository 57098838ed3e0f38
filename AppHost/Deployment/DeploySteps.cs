using System.Diagnostics;
using Analytics.Topology;
using Analytics.Topology.Kubernetes;
using Analytics.Topology.Publishing;
using Aspire.Hosting.Pipelines;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

// The pipeline is an experimental API of Aspire 13.
#pragma warning disable ASPIREPIPELINES001

namespace AppHost.Deployment;

/// <summary>
/// <c>aspire deploy</c>: the published chart into the cluster of a kubectl context. The work is that of the published deploy.sh, which checks,
/// makes the secrets, runs helm, waits and verifies; here are its steps, its progress and its questions.
/// </summary>
/// <param name="home">The AppHost's directory.</param>
/// <param name="arguments">The AppHost's.</param>
internal sealed class DeploySteps(string home, string[] arguments)
{
    public const string Write = "write-hub", Check = "check-hub", Ask = "ask-hub", Install = "install-hub";

    /// <summary>Set by the Aspire command line for the process that it runs: through it questions reach somebody.</summary>
    private const string CommandLine = "ASPIRE_BACKCHANNEL_PATH";

    /// <summary>Chosen by the first step, completed by the answers.</summary>
    private DeployOptions options = null!;
    private string directory = "";
    private string context = "";

    public static void Add(IDistributedApplicationBuilder builder, string[] arguments)
    {
        var steps = new DeploySteps(builder.AppHostDirectory, arguments);
        builder.Pipeline.AddStep(Write, steps.WriteAsync);
        builder.Pipeline.AddStep(Check, steps.CheckAsync, dependsOn: Write);
        builder.Pipeline.AddStep(Ask, steps.AskAsync, dependsOn: Check);
        builder.Pipeline.AddStep(Install, steps.InstallAsync, dependsOn: Ask, requiredBy: WellKnownPipelineSteps.Deploy);
    }

    private string Script => Path.Combine(directory, "kubernetes", "deploy.sh");

    private string Namespace => options.Size.Topology.Definition.Namespace;

    private Task WriteAsync(PipelineStepContext step)
    {
        options = DeployOptions.Parse(arguments, Environment.GetEnvironmentVariable("PWD") ?? Environment.CurrentDirectory);

        // A place that stays: its deploy.sh knows this cluster's names, and makes API keys later.
        directory = options.Output ?? Path.GetFullPath(Path.Combine(home, "..", "artifacts", "deploy"));
        if (options.Output is null && Directory.Exists(directory))
            Directory.Delete(directory, recursive: true);
        var written = OutputFiles.Write(directory, PublishedFiles.For(options.Size));
        step.ReportingStep.Log(LogLevel.Information, $"Size {options.Size.Name}: {written.Count} files written to {directory}");
        return Task.CompletedTask;
    }

    /// <summary>Everything that can be known before the cluster is touched: programs, room, storage, and whether the server takes each object.</summary>
    private async Task CheckAsync(PipelineStepContext step)
    {
        // Named in every further call: somebody who switches it meanwhile in another window does not send us elsewhere.
        context = options.Context ?? await KubectlAsync(step, "config", "current-context");
        await DeployScriptRun.RunAsync(step, Script, ["--dry-run", .. Common], options.Environment);
    }

    private async Task AskAsync(PipelineStepContext step)
    {
        if (options.DryRun)
            return;
        var operators = step.Services.GetRequiredService<IInteractionService>();
        var attended = operators.IsAvailable && step.Services.GetRequiredService<IConfiguration>()[CommandLine] is { Length: > 0 };
        var bucket = options.Size.Topology.Backup.Repository is S3Repository { Bucket: null, Required: true } && !options.Bucket
            && (await KubectlAsync(step, "--context", context, "--namespace", Namespace, "get", "secret", KubernetesNames.BackupStorage, "--ignore-not-found", "--output", "name")).Length == 0;
        if (!attended && !options.Confirmed)
            throw new InvalidOperationException("Nobody is there to ask. Say --yes: aspire deploy -- --yes");

        // Without a terminal, deploy.sh says what is missing and changes nothing.
        if (bucket && attended)
            options = await operators.AskForBucketAsync(options, step.CancellationToken);
        if (!options.Confirmed)
            await operators.ConfirmAsync($"context {context}, namespace {Namespace}", step.CancellationToken);
    }

    private async Task InstallAsync(PipelineStepContext step)
    {
        if (options.DryRun)
        {
            step.ReportingStep.Log(LogLevel.Information, "Dry run: everything would be accepted; nothing was changed.");
            return;
        }

        await DeployScriptRun.RunAsync(step, Script, ["--yes", .. Common], options.Environment);
        step.Summary.Add("Cluster", $"context {context}, namespace {Namespace}");
        step.Summary.Add("API key", $"{Script} --context {context} --api-key PROJECT");
        step.Summary.Add("Status", $"kubectl --context {context} --namespace {Namespace} get pods");
    }

    private IEnumerable<string> Common => ["--helm", Path.Combine(directory, "helm"), "--context", context, .. options.Arguments];

    private static async Task<string> KubectlAsync(PipelineStepContext step, params string[] call)
    {
        using var process = DeployScriptRun.Start(new ProcessStartInfo("kubectl", call) { RedirectStandardOutput = true, RedirectStandardError = true });
        var error = process.StandardError.ReadToEndAsync(step.CancellationToken);
        var output = (await process.StandardOutput.ReadToEndAsync(step.CancellationToken)).Trim();
        await process.WaitForExitAsync(step.CancellationToken);
        return process.ExitCode == 0 ? output : throw new InvalidOperationException($"kubectl {string.Join(' ', call)}: {(await error).Trim()}");
    }
}
