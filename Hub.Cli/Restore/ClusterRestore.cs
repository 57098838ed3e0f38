using System.Diagnostics;
using System.Text.Json;
using Analytics.Topology;
using Analytics.Topology.Config;
using Hub.Cli.Cluster;
using Hub.Cli.Engine;
using Hub.Cli.State;
using Hub.Operations;
using Spectre.Console;

namespace Hub.Cli.Restore;

/// <summary>
/// Restores the cluster itself, as Patroni's manual has it: all members stop, Patroni's keys leave etcd, the first member bootstraps from the
/// repository, the others are copied from it. The old data stays beside the new until <see cref="ConfirmAsync"/>.
/// </summary>
internal sealed class ClusterRestore(Ui ui, ContainerEngine engine, Deployment deployment, TimeSpan timeout)
{
    private readonly RunnerClient runner = new(deployment, engine);
    private readonly ClusterSteps steps = new(ui, engine, deployment, timeout);

    /// <summary>Restores to what <paramref name="plan"/> says.</summary>
    public async Task RunAsync(string to, Plan plan, CancellationToken cancellation)
    {
        var clock = Stopwatch.StartNew();
        var earlier = RestoreState.Load(deployment);
        var leader = earlier?.Leader ?? await steps.LeaderAsync(cancellation);
        var state = new RestoreState(to, earlier?.Started ?? TimeProvider.System.GetUtcNow(), earlier?.Phase ?? RestorePhase.Stopping, leader, plan.Abandons).Save(deployment);
        await InterruptibleAsync(async () =>
        {
            await steps.StopAsync(leader, cancellation);
            state = (state with { Phase = RestorePhase.Aside }).Save(deployment);
            await steps.EachAsync("Keeping the old data", host => steps.Files.KeepAsync(host, cancellation), "renamed within its volumes");
            await steps.BootstrapAsync(leader ?? steps.Hosts[0], PatroniConfig.RenderRestore(deployment.Topology, plan.Arguments), $"Restoring {plan.Description}", cancellation);
        });
        // From here on `hub up` finishes what is interrupted.
        (state with { Phase = RestorePhase.Restored }).Save(deployment);
        await steps.GoOnAsync(cancellation);
        await RecordAsync($"restored the cluster to {to}: {plan.Description}", clock.Elapsed, cancellation);
        ui.Console.MarkupLineInterpolated($"[green]The cluster is restored[/] [grey](after {clock.Elapsed.TotalSeconds:0} s)[/]");
        await BackUpAsync(plan.Abandons, [], cancellation);
        ui.Console.WriteLine("Check the result. Then:");
        ui.Console.WriteLine("  ./hub restore confirm           deletes the old data");
        ui.Console.WriteLine("  ./hub restore undo              returns to it, and drops what was written since");
    }

    /// <summary>Brings the old data back.</summary>
    public async Task UndoAsync(CancellationToken cancellation)
    {
        var clock = Stopwatch.StartNew();
        var state = RestoreState.Load(deployment) ?? throw NoRestore();
        var moved = state.Phase != RestorePhase.Stopping;
        await InterruptibleAsync(async () =>
        {
            await steps.StopAsync(await steps.LeaderAsync(cancellation), cancellation);
            if (moved)
            {
                var again = state.Phase == RestorePhase.Undoing;
                var first = again ? state.Leader! : await ui.StepAsync("Looking for the newest of the old data", _ => NewestKeptAsync(state.Leader, cancellation), first => first);
                state = (state with { Phase = RestorePhase.Undoing, Leader = first }).Save(deployment);
                await steps.EachAsync("Returning to the old data", host => host == first ? steps.Files.MakeWayAsync(host, again, cancellation) : steps.Files.BringBackAsync(host, cancellation));
                await steps.BootstrapAsync(first, PatroniConfig.RenderBootstrap("undo", MemberFiles.UndoCommand(deployment.Topology.Stanza)), "Starting on the old data", cancellation);
            }

            await steps.GoOnAsync(cancellation);
        });
        RestoreState.Remove(deployment);
        await RecordAsync($"undid the restore to {state.To}", clock.Elapsed, cancellation);
        ui.Console.MarkupLineInterpolated($"[green]The restore is undone[/] [grey](after {clock.Elapsed.TotalSeconds:0} s)[/]");
        if (moved)
            await BackUpAsync(await SetsSinceAsync(state, cancellation), state.Abandoned, cancellation);
    }

    /// <summary>Removes the old data.</summary>
    public async Task ConfirmAsync(CancellationToken cancellation)
    {
        var state = RestoreState.Load(deployment) ?? throw NoRestore();
        if (state.Phase != RestorePhase.Restored)
            throw new CliException($"The restore to {state.To} is not complete.", "Repeat it, or return to the old data with `./hub restore undo`.");
        await steps.EachAsync("Removing the old data", host => steps.Files.DropAsync(host, cancellation));
        RestoreState.Remove(deployment);
    }

    private static CliException NoRestore() => new("There is no restore to confirm or to undo.", exitCode: 2);

    /// <summary>
    /// Replicas are made from the newest set, and recovery follows the newest timeline: that set has to lie on it, so one is taken at once.
    /// </summary>
    private async Task BackUpAsync(IReadOnlyList<string> left, IReadOnlyList<string> regained, CancellationToken cancellation)
    {
        try
        {
            if (left.Count > 0)
                await ui.StepAsync("Recording the sets that were left behind", report => runner.RunAsync(report, cancellation, ["abandon", .. left]), _ => $"{left.Count}, from now on restored only by their label");
            if (regained.Count > 0)
                await ui.StepAsync("Recording the sets that count again", report => runner.RunAsync(report, cancellation, ["abandon", "--take-back", .. regained]), _ => $"{regained.Count}");
            await ui.StepAsync("Taking a full backup of the new timeline", report => runner.RunAsync(report, cancellation, "full", "--no-retain"), _ => null);
        }
        catch (OperationException problem)
        {
            throw new CliException($"The cluster runs, but its new timeline is not backed up: {problem.Message}", $"{problem.Hint} Then take a full backup: `./hub backup full`.", (problem as CliException)?.ExitCode ?? 1);
        }
    }

    /// <summary>Sets that were taken since the restore began, of the restored cluster. A label ends in the time at which its set began.</summary>
    private async Task<IReadOnlyList<string>> SetsSinceAsync(RestoreState state, CancellationToken cancellation)
    {
        var started = state.Started.UtcDateTime.ToString("yyyyMMdd-HHmmss", System.Globalization.CultureInfo.InvariantCulture);
        var labels = (await runner.RunAsync(_ => { }, cancellation, "list", "--labels")).Output.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return [.. labels.Where(label => label.Length > 15 && string.CompareOrdinal(label.Split('_')[^1], started) >= 0 && !state.Abandoned.Contains(label))];
    }

    private async Task<string> NewestKeptAsync(string? leader, CancellationToken cancellation)
    {
        var positions = new Dictionary<string, ulong>();
        foreach (var host in steps.Hosts)
        {
            if (await steps.Files.KeptPositionAsync(host, cancellation) is { } position)
                positions[host] = position;
        }

        if (positions.Count == 0)
            throw new CliException("There is no old data to return to.", "The members had none when the restore started. Repeat the restore with another target.");
        return leader is not null && positions.ContainsKey(leader) ? leader : positions.MaxBy(position => position.Value).Key;
    }

    private async Task RecordAsync(string message, TimeSpan duration, CancellationToken cancellation) =>
        await new DatabaseClient(deployment).QueryAsync(Roles.App, Secrets.App,
            "INSERT INTO events.system_events (time, component, kind, severity, message, detail) VALUES (now(), 'backup', 'restore', 'warning', $1, $2::jsonb)", cancellation,
            message, JsonSerializer.Serialize(new Dictionary<string, object> { ["result"] = "success", ["duration_seconds"] = Math.Round(duration.TotalSeconds, 3) }));

    private async Task InterruptibleAsync(Func<Task> work)
    {
        try
        {
            await work();
        }
        catch (OperationCanceledException)
        {
            await steps.HaltAsync();
            ui.Console.WriteLine("Interrupted: the members are stopped and the old data is kept. Repeat the command, or return to the old data with `./hub restore undo`.");
            throw;
        }
    }
}
