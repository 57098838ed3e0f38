using System.CommandLine;
using Analytics.Topology;
using Hub.Cli.Engine;
using Hub.Cli.Restore;
using Hub.Cli.State;

namespace Hub.Cli.Commands;

/// <summary><c>hub backup</c>: Hub's backup runner, once, in the running hub's network; its exit code is this command's.</summary>
internal static class BackupCommand
{
    private static readonly (string Verb, string Description)[] Verbs =
    [
        ("full", "Take a full backup, then remove the sets that the retention no longer keeps."),
        ("diff", "Take a differential backup: what changed since the last full one."),
        ("list", "List the sets in the repository, and why each is kept."),
        ("check", "Check that pgBackRest, repository, database and archiving are ready for the jobs."),
        ("retain", "Remove the sets that the retention no longer keeps (--dry-run: only list them)."),
        ("verify", "Check every stored file against its checksum."),
        ("drill", "Restore the latest set into a scratch instance and check what is in it."),
    ];

    public static Command Create(Ui ui)
    {
        var command = new Command("backup", "Take, list, check, remove and try out backups.");
        foreach (var (verb, description) in Verbs)
        {
            // The runner knows its own options; here they only pass through.
            var subcommand = new Command(verb, description) { TreatUnmatchedTokensAsErrors = false };
            subcommand.SetAction((parse, cancellation) => RunAsync(ui, [verb, .. parse.UnmatchedTokens], cancellation));
            command.Add(subcommand);
        }

        return command;
    }

    private static async Task<int> RunAsync(Ui ui, string[] arguments, CancellationToken cancellation)
    {
        var deployment = Deployment.LoadExisting();
        var engine = await ContainerEngine.ConnectAsync(cancellation);
        var runner = new RunnerClient(deployment, engine);
        await ui.StepAsync("Runner", report => runner.EnsureImageAsync(report, cancellation), built => built == 0 ? "up to date" : $"{built} images built");
        string[] terminal = Console.IsInputRedirected || Console.IsOutputRedirected ? ["-T"] : [];
        return await engine.ComposeAttachedAsync(deployment.Project, cancellation, ["run", "--rm", "--no-deps", .. terminal, ClusterNames.Backup, .. arguments]);
    }
}
