using System.CommandLine;
using System.Globalization;
using Analytics.Backup.Drill;
using Analytics.Backup.Jobs;
using Analytics.Backup.Repository;
using Analytics.Backup.Restore;
using Spectre.Console;

namespace Analytics.Backup;

/// <summary>What the program can be asked to do.</summary>
internal static class Commands
{
    public static RootCommand Create(Func<string, string?> environment, IAnsiConsole console, TextWriter errors, TimeProvider time)
    {
        var dryRun = new Option<bool>("--dry-run") { Description = "Show the table, change nothing." };
        var set = new Option<string?>("--set") { Description = "The set to restore, as in `list`. Default: the newest that can serve the target." };
        var to = new Option<string?>("--to") { Description = "Recover to just before this time, UTC unless it has an offset (2026-11-22T14:00:00Z). Default: the end of the archive." };
        var target = new Option<string>("--to") { Description = "latest, a set's label, or a time, UTC unless it has an offset (2026-11-22T14:00:00Z).", Required = true };
        var live = new Option<bool>("--live") { Description = "A primary runs: first archive its remaining WAL." };
        var json = new Option<bool>("--json") { Description = "One line of JSON." };
        var labels = new Argument<string[]>("set") { Description = "Labels of sets, as in `list`.", Arity = ArgumentArity.OneOrMore };
        var noRetain = new Option<bool>("--no-retain") { Description = "Remove nothing: after a restore, an older set may still be needed." };
        var onlyLabels = new Option<bool>("--labels") { Description = "Their labels only, oldest first, for programs." };
        var takeBack = new Option<bool>("--take-back") { Description = "Count the sets as part of the cluster's history again: the restore was undone." };
        return new RootCommand("Takes, keeps, verifies and restores Hub's backups. The exit code is 0 only if everything succeeded.")
        {
            Job("full", "Record the database's state, take a full backup, apply retention.", [noRetain], (work, run, _, cancel) => work.Backup.RunAsync(run, "full", cancel)),
            Job("diff", "Record the database's state, take a differential backup.", [], (work, run, _, cancel) => work.Backup.RunAsync(run, "diff", cancel)),
            Retain(),
            Job("verify", "Read every file of the repository and mark each set as verified or damaged.", [], (work, run, _, cancel) => work.Verify.RunAsync(run, cancel)),
            Job("drill", "Restore a set into HUB_BACKUP_SCRATCH and compare it with what the primary recorded.", [set, to],
                (work, run, parsed, cancel) => work.Drill.RunAsync(run, new DrillRequest(parsed.GetValue(set), Moment(parsed.GetValue(to))), cancel)),
            LookAt("plan", "Check whether a target can be recovered, and print how.", [target, live, json], async (work, parsed, cancel) =>
            {
                var plan = await work.Plan.MakeAsync(parsed.GetValue(target)!, parsed.GetValue(live), cancel);
                // Not through the console, which breaks long lines.
                await console.Profile.Out.Writer.WriteLineAsync(parsed.GetValue(json) ? plan.ToJson() : $"{plan.Description}\npgbackrest restore {string.Join(' ', plan.Arguments.Select(argument => $"'{argument}'"))}");
            }),
            LookAt("scratch", "Restore into HUB_BACKUP_SCRATCH and keep the instance until this program is stopped.", [target, live],
                async (work, parsed, cancel) => await work.Scratch.RunAsync(await work.Plan.MakeAsync(parsed.GetValue(target)!, parsed.GetValue(live), cancel), cancel)),
            LookAt("abandon", "Record that a restored cluster continued from before these sets: they are restored only by their label.", [labels, takeBack],
                (work, parsed, cancel) => work.Abandon.RunAsync(parsed.GetValue(labels)!, parsed.GetValue(takeBack), cancel)),
            LookAt("list", "List the sets and why each is kept.", [onlyLabels], (work, parsed, cancel) => parsed.GetValue(onlyLabels) ? work.Inspection.LabelsAsync(cancel) : work.Inspection.ListAsync(cancel)),
            Look("check", "Check that pgBackRest, repository, database, archiving and scratch directory are ready for the jobs.", (work, cancel) => work.Inspection.CheckAsync(cancel)),
        };

        Command Retain()
        {
            var command = new Command("retain", "Remove what the retention of 7 daily, 4 weekly and 12 monthly sets does not need (HUB_BACKUP_KEEP_*).") { dryRun };
            command.SetAction((parsed, cancel) => parsed.GetValue(dryRun)
                ? LookAsync((work, token) => work.Retain.ShowAsync(token), cancel)
                : RunAsync("retain", (work, run, _, token) => work.Retain.RunAsync(run, token), parsed, cancel));
            return command;
        }

        Command Job(string name, string description, Option[] options, Func<Work, JobRun, ParseResult, CancellationToken, Task> job)
        {
            var command = new Command(name, description);
            foreach (var option in options) command.Options.Add(option);
            command.SetAction((parsed, cancel) => RunAsync(name, job, parsed, cancel));
            return command;
        }

        Command Look(string name, string description, Func<Work, CancellationToken, Task> look) => LookAt(name, description, [], (work, _, cancel) => look(work, cancel));

        Command LookAt(string name, string description, Symbol[] symbols, Func<Work, ParseResult, CancellationToken, Task> look)
        {
            var command = new Command(name, description);
            foreach (var option in symbols.OfType<Option>()) command.Options.Add(option);
            foreach (var argument in symbols.OfType<Argument>()) command.Arguments.Add(argument);
            command.SetAction((parsed, cancel) => LookAsync((work, token) => look(work, parsed, token), cancel));
            return command;
        }

        async Task<int> RunAsync(string name, Func<Work, JobRun, ParseResult, CancellationToken, Task> job, ParseResult parsed, CancellationToken cancel)
        {
            var work = new Work(BackupSettings.Read(environment), console, time);
            if (name is "full" or "diff" or "retain") work.Settings.RequireConnectionString();
            var exitCode = await new JobRun(name, work.Settings, work.Primary, time, console, errors).RunAsync(async run =>
            {
                await work.Inspection.StartAsync(run, cancel);
                await job(work, run, parsed, cancel);
            }, cancel);
            // A full that lets nothing go fills the repository: retention is part of it, and a run of its own in the record.
            return exitCode == ExitCodes.Ok && name == "full" && !parsed.GetValue(noRetain)
                ? await new JobRun("retain", work.Settings, work.Primary, time, console, errors).RunAsync(run => work.Retain.RunAsync(run, cancel), cancel)
                : exitCode;
        }

        async Task<int> LookAsync(Func<Work, CancellationToken, Task> look, CancellationToken cancel)
        {
            await look(new Work(BackupSettings.Read(environment), console, time), cancel);
            return ExitCodes.Ok;
        }
    }

    private static DateTimeOffset? Moment(string? text) => text is null ? null
        : DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var moment) ? moment
        : throw new BackupException($"--to: '{text}' is not a valid time.", "Write it as 2026-11-22T14:00:00Z.", ExitCodes.Configuration);

    /// <summary>The jobs, over one set of settings.</summary>
    private sealed class Work
    {
        public Work(BackupSettings settings, IAnsiConsole console, TimeProvider time)
        {
            Settings = settings;
            void Log(string line) => console.WriteLine($"    {line}");
            var restartpoints = new Restartpoints(settings, time, Log);
            var pgBackRest = new PgBackRest(settings, line =>
            {
                restartpoints.Observe(line);
                Log(line);
            });
            Primary = new Primary(settings, time, Log);
            Backup = new BackupJob(settings, pgBackRest, Primary, restartpoints, time);
            Retain = new RetainJob(settings, pgBackRest, Primary, time, console);
            Verify = new VerifyJob(settings, pgBackRest, Primary, time);
            Drill = new DrillJob(settings, pgBackRest, time, Log);
            Plan = new PlanJob(settings, pgBackRest, Primary, time);
            Scratch = new ScratchJob(settings, pgBackRest, time, console);
            Abandon = new AbandonJob(pgBackRest, Primary, time, console);
            Inspection = new Inspection(settings, pgBackRest, Primary, time, console);
        }

        public BackupSettings Settings { get; }

        public Primary Primary { get; }

        public BackupJob Backup { get; }

        public RetainJob Retain { get; }

        public VerifyJob Verify { get; }

        public DrillJob Drill { get; }

        public PlanJob Plan { get; }

        public ScratchJob Scratch { get; }

        public AbandonJob Abandon { get; }

        public Inspection Inspection { get; }

    }
}
