using System.CommandLine;
using Hub.Cli.Engine;
using Hub.Cli.Restore;
using Hub.Cli.State;
using Hub.Operations.Processes;

namespace Hub.Cli.Commands;

/// <summary><c>hub down</c>: stops what <c>hub up</c> started.</summary>
internal static class DownCommand
{
    /// <summary>Written by ./hub when it had to start the engine itself; holds the engine's process id and the command it was started for.</summary>
    private const string EngineMarker = "/run/hub-dockerd.pid";

    public static Command Create(Ui ui)
    {
        var volumes = new Option<bool>("--volumes") { Description = "Also delete the data, and stop the engine if `hub up` started it. This cannot be undone." };
        var state = new Option<bool>("--state") { Description = "With --volumes: also delete the state directory (passwords, certificates, API key)." };
        var name = new Option<string?>("--name") { Description = "Name of the hub [default: the one of this checkout]." };
        var command = new Command("down", "Stop the hub. Data stays unless --volumes is given.") { volumes, state, name };
        command.Validators.Add(result =>
        {
            if (result.GetValue(state) && !result.GetValue(volumes))
                result.AddError("--state needs --volumes: without its passwords the data cannot be opened again.");
        });
        command.SetAction((parse, cancellation) => RunAsync(ui, parse.GetValue(name), parse.GetValue(volumes), parse.GetValue(state), cancellation));
        return command;
    }

    private static async Task<int> RunAsync(Ui ui, string? name, bool volumes, bool state, CancellationToken cancellation)
    {
        var deployment = Deployment.Load();
        if (name is null && !deployment.Exists)
            throw new CliException($"There is no hub in {deployment.Directory}.", $"Stop the hub of another checkout from there, or by its name: ./hub down --name {deployment.Choices.Name}");
        if (name is not null)
            deployment = Deployment.Load(deployment.Choices with { Name = name });
        using var alone = deployment.Lock();
        var engine = await ContainerEngine.ConnectAsync(cancellation);
        await ui.StepAsync("Stopping containers", async _ =>
        {
            // By label, not by file: it also finds what an older version or an interrupted start left behind.
            var filter = $"label=com.docker.compose.project={deployment.Choices.Name}";
            await RemoveAsync(engine, ["ps", "--all", "--quiet", "--filter", filter], ids => ["stop", .. ids], cancellation);
            await RemoveAsync(engine, ["ps", "--all", "--quiet", "--filter", filter], ids => ["rm", "--force", "--volumes", .. ids], cancellation);
            await RemoveAsync(engine, ["network", "ls", "--quiet", "--filter", filter], ids => ["network", "rm", .. ids], cancellation);
            if (volumes)
                await RemoveAsync(engine, ["volume", "ls", "--quiet", "--filter", filter], ids => ["volume", "rm", .. ids], cancellation);
        }, volumes ? "data removed" : "data kept");
        if (volumes)
        {
            RestoreState.Remove(deployment);
            ClusterSteps.ForgetConfiguration(deployment);
        }

        if (state && Directory.Exists(deployment.Directory))
            Directory.Delete(deployment.Directory, recursive: true);
        if (volumes)
            await StopEngineAsync(ui, engine, cancellation);
        return 0;
    }

    private static async Task RemoveAsync(ContainerEngine engine, string[] list, Func<string[], string[]> remove, CancellationToken cancellation)
    {
        var ids = (await engine.RunAsync(cancellation, list)).OrThrow("The engine did not answer").Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        if (ids.Length > 0)
            (await engine.RunAsync(cancellation, remove(ids))).OrThrow("The engine did not remove everything of the hub");
    }

    /// <summary>Only an engine that `hub up` started, and only when it is not in use; tests may still use one of `hub test`.</summary>
    private static async Task StopEngineAsync(Ui ui, ContainerEngine engine, CancellationToken cancellation)
    {
        if (!File.Exists(EngineMarker) || (await File.ReadAllTextAsync(EngineMarker, cancellation)).Trim().Split(' ') is not [var pid, "up"] || (await engine.RunAsync(cancellation, "ps", "--quiet")).Output.Trim().Length > 0)
            return;
        await ui.StepAsync("Stopping the engine that hub started", async _ =>
        {
            // The number may belong to another program by now: a machine that was restarted starts counting again.
            if (!File.Exists($"/proc/{pid}/comm") || (await File.ReadAllTextAsync($"/proc/{pid}/comm", cancellation)).Trim() != "dockerd")
            {
                File.Delete(EngineMarker);
                return;
            }

            await ProcessRunner.RunAsync("kill", ["-TERM", pid], cancellation);
            for (var wait = 0; wait < 100 && Directory.Exists($"/proc/{pid}"); wait++)
                await Task.Delay(TimeSpan.FromMilliseconds(100), cancellation);
            File.Delete(EngineMarker);
        });
    }
}
