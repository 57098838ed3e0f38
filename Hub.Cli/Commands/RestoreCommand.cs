using System.CommandLine;
using Hub.Cli.Cluster;
using Hub.Cli.Engine;
using Hub.Cli.Restore;
using Hub.Cli.State;
using Spectre.Console;

namespace Hub.Cli.Commands;

/// <summary><c>hub restore</c>: back to a moment or a backup, in a scratch instance or in the cluster itself.</summary>
internal static class RestoreCommand
{
    public static Command Create(Ui ui)
    {
        var to = new Option<string>("--to") { Description = "latest, a set's label (`hub backup list`), or a time such as 2026-11-22T14:00:00Z; UTC unless it has an offset.", Required = true };
        var into = new Option<string>("--into") { Description = "scratch: an instance beside the cluster; cluster: the cluster itself.", DefaultValueFactory = _ => "scratch" };
        into.AcceptOnlyFromAmong("scratch", "cluster");
        var yes = new Option<bool>("--yes") { Description = "Do not ask before the cluster is stopped." };
        var timeout = new Option<int>("--timeout") { Description = "Seconds that each step of a cluster's restore may take.", DefaultValueFactory = _ => 3600 };
        timeout.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && int.TryParse(result.Tokens[0].Value, out var seconds) && seconds is (< 10 or > 604800))
                result.AddError("--timeout must be between 10 and 604800 seconds.");
        });
        var command = new Command("restore", "Restore to a point in time or a backup.") { to, into, yes, timeout };
        command.SetAction((parse, cancellation) => parse.GetValue(into) == "cluster"
            ? ClusterAsync(ui, parse.GetValue(to)!, parse.GetValue(yes), TimeSpan.FromSeconds(parse.GetValue(timeout)), cancellation)
            : ScratchAsync(ui, parse.GetValue(to)!, cancellation));
        command.Add(Last("undo", "Return to the data that the cluster had before it was restored.", (restore, cancellation) => restore.UndoAsync(cancellation), timeout));
        command.Add(Last("confirm", "Delete the data that the cluster had before it was restored. This cannot be undone.", (restore, cancellation) => restore.ConfirmAsync(cancellation), timeout));
        var drop = new Command("drop-scratch", "Remove the scratch instance.");
        drop.SetAction(async (_, cancellation) =>
        {
            await new ScratchRestore(ui, await ContainerEngine.ConnectAsync(cancellation), Existing()).RemoveAsync(cancellation);
            return 0;
        });
        command.Add(drop);
        return command;

        Command Last(string name, string description, Func<ClusterRestore, CancellationToken, Task> action, Option<int> limit)
        {
            var last = new Command(name, description) { limit };
            last.SetAction(async (parse, cancellation) =>
            {
                var deployment = Existing();
                using var alone = deployment.Lock();
                await action(new ClusterRestore(ui, await ContainerEngine.ConnectAsync(cancellation), deployment, TimeSpan.FromSeconds(parse.GetValue(limit))), cancellation);
                return 0;
            });
            return last;
        }
    }

    private static async Task<int> ScratchAsync(Ui ui, string to, CancellationToken cancellation)
    {
        var deployment = Existing();
        var engine = await ContainerEngine.ConnectAsync(cancellation);
        var runner = new RunnerClient(deployment, engine);
        await ui.StepAsync("Runner", report => runner.EnsureImageAsync(report, cancellation), built => built == 0 ? "up to date" : $"{built} images built");
        await new ScratchRestore(ui, engine, deployment).RunAsync(to, await IsLiveAsync(deployment, engine, cancellation), cancellation);
        return 0;
    }

    private static async Task<int> ClusterAsync(Ui ui, string to, bool yes, TimeSpan timeout, CancellationToken cancellation)
    {
        var deployment = Existing();
        using var alone = deployment.Lock();
        if (RestoreState.Load(deployment) is { } earlier)
            RefuseOver(earlier);
        var engine = await ContainerEngine.ConnectAsync(cancellation);
        var runner = new RunnerClient(deployment, engine);
        await ui.StepAsync("Images and configuration", async report =>
        {
            // The hub may never have run here: its machine was lost, and its state directory was brought back.
            deployment.Write(TimeProvider.System.GetUtcNow());
            await Ownership.ApplyAsync(deployment, engine, cancellation);
            var images = deployment.Containers.Select(container => container.Image).ToHashSet();
            return await new ImageBuilder(engine, deployment.Repository, deployment.Topology.Images, report).EnsureAsync(images, rebuild: false, cancellation);
        }, built => built == 0 ? "up to date" : $"{built} images built");
        var live = await IsLiveAsync(deployment, engine, cancellation);
        var plan = await ui.StepAsync("Looking for the target", report => runner.PlanAsync(to, live, report, cancellation), plan => plan.Description);
        RequireRoom(engine, plan, deployment.Topology.Database.Members);
        if (!yes)
            Ask(ui, deployment, live, plan);
        await new ClusterRestore(ui, engine, deployment, timeout).RunAsync(to, plan, cancellation);
        return 0;
    }

    private static void RefuseOver(RestoreState earlier)
    {
        if (earlier.Phase == RestorePhase.Restored)
            throw new CliException($"The cluster was restored to {earlier.To} on {earlier.Started:u}, and its older data is still kept.", "First run `./hub restore confirm` (deletes it) or `./hub restore undo` (returns to it).");
        if (earlier.Phase == RestorePhase.Undoing)
            throw new CliException($"The restore to {earlier.To} is being undone.", "Complete that first: `./hub restore undo`.");
    }

    private static void Ask(Ui ui, Deployment deployment, bool live, Plan plan)
    {
        if (Console.IsInputRedirected)
            throw new CliException("Restoring the cluster stops it, and there is no terminal to ask for confirmation.", "Use --yes.", exitCode: 2);
        ui.Console.WriteLine(live ? $"The hub '{deployment.Choices.Name}' runs. It will be stopped, and continue from: {plan.Description}." : $"The hub '{deployment.Choices.Name}' will continue from: {plan.Description}.");
        ui.Console.WriteLine("Its present data is kept until `./hub restore confirm`.");
        if (!ui.Console.Confirm("Continue?", defaultValue: false))
            throw new CliException("Nothing was changed.");
    }

    private static void RequireRoom(ContainerEngine engine, Plan plan, int members)
    {
        if (Directory.Exists(engine.RootDirectory))
            RequireRoom(engine.RootDirectory, new DriveInfo(engine.RootDirectory).AvailableFreeSpace, plan.Size, members);
    }

    /// <summary>The old data stays where it is, so every member needs room for the whole database once more.</summary>
    internal static void RequireRoom(string directory, long free, long size, int members)
    {
        var needed = (size * members) + (1L << 30);
        if (free < needed)
        {
            throw new CliException($"Too little disk space: {directory} has {free >> 20} MB free, and {needed >> 20} MB are needed in addition to the data that is kept.",
                "Free space, or enlarge the disk. A scratch instance (--into scratch) needs space for only one copy.");
        }
    }

    private static async Task<bool> IsLiveAsync(Deployment deployment, ContainerEngine engine, CancellationToken cancellation)
    {
        var containers = await engine.ContainersAsync(deployment.Choices.Name, cancellation);
        return (await new ClusterClient(deployment, containers).MembersAsync(cancellation)).Any(member => member is { IsRunningLeader: true });
    }

    private static Deployment Existing()
    {
        var deployment = Deployment.Load();
        return deployment.Exists
            ? deployment
            : throw new CliException($"There is no hub here: {deployment.Directory} holds no secrets.", "Start one with `./hub up`; to restore a lost one, first bring its state directory back (docs/runbooks/lost-region.md).");
    }
}
