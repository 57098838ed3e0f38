using System.Globalization;
using Analytics.Backup.Repository;
using Analytics.Backup.Retention;
using Npgsql;
using Spectre.Console;

namespace Analytics.Backup.Jobs;

/// <summary>The verbs that only look: <c>list</c> and <c>check</c>. They are not recorded as runs.</summary>
internal sealed class Inspection(BackupSettings settings, PgBackRest pgBackRest, Primary primary, TimeProvider time, IAnsiConsole console)
{
    /// <summary>At the start of each job: which pgBackRest runs, and what a newer one mends.</summary>
    /// <exception cref="BackupException">It is too old.</exception>
    public async Task StartAsync(JobRun run, CancellationToken cancel)
    {
        var version = PgBackRestVersion.Require(await pgBackRest.VersionAsync(cancel));
        run.Say($"pgBackRest {version}");
        foreach (var fault in PgBackRestVersion.Known(version)) run.Say($"    {fault}");
    }

    /// <summary>Shows the sets, and what retention would do with each.</summary>
    public async Task ListAsync(CancellationToken cancel)
    {
        var info = await pgBackRest.InfoAsync(cancel);
        var plan = GfsRetention.Plan(info.Sets, time.GetUtcNow(), settings.Policy);
        console.Write(RetentionTable.Render(plan));
        console.WriteLine($"stanza {info.Stanza}: {info.Sets.Count} sets, {RetentionTable.Bytes(info.StoredSize)} stored; {RetentionTable.Summary(plan, settings.Policy)}");
    }

    /// <summary>One label on each line, oldest first.</summary>
    public async Task LabelsAsync(CancellationToken cancel)
    {
        foreach (var set in (await pgBackRest.InfoAsync(cancel)).Sets) console.WriteLine(set.Label);
    }

    /// <summary>Looks whether every job could run: each line names what was looked at.</summary>
    /// <exception cref="BackupException">Something is not as it must be.</exception>
    public async Task CheckAsync(CancellationToken cancel)
    {
        var (steps, failed) = (0, 0);
        var probe = new WriteProbe(pgBackRest);
        await StepAsync("pgBackRest's version", VersionAsync);
        await StepAsync("the database", () => DatabaseAsync(cancel));
        RepositoryInfo? info = null;
        await StepAsync("the repository", async () =>
        {
            info = await pgBackRest.InfoAsync(cancel);
            return $"stanza {info.Stanza}, {info.Sets.Count} sets{(info.IsLocked ? ", a backup runs" : "")}";
        });
        // What follows could only wait for a repository that does not answer, or that takes nothing.
        NpgsqlConnection? guard = null;
        var writable = false;
        try
        {
            if (info is not null)
            {
                await StepAsync("writing to the repository", async () =>
                {
                    guard = await primary.TryLockAsync(cancel);
                    var tried = guard is not null && await probe.TryAsync(info, cancel);
                    writable = true;
                    return tried ? "backup.info was rewritten" : guard is null ? "not tried: another backup job runs" : "not tried: there is no set yet";
                });
            }

            if (writable)
            {
                await StepAsync("archiving", async () =>
                {
                    await new Archiving(pgBackRest, probe).RequireAsync("check", [], guard, cancel);
                    return "a WAL segment went from the primary into the repository";
                });
            }
        }
        finally
        {
            if (guard is not null) await guard.DisposeAsync();
        }

        await StepAsync("the scratch directory", () => Task.FromResult(Scratch()));
        if (failed > 0) throw new BackupException($"{failed} of {steps} checks failed.");

        async Task StepAsync(string name, Func<Task<string>> look)
        {
            steps++;
            try
            {
                console.MarkupLineInterpolated($"[green]✓[/] {name}: {await look()}");
            }
            catch (Exception e) when (e is BackupException or NpgsqlException or IOException or UnauthorizedAccessException)
            {
                failed++;
                console.MarkupLineInterpolated($"[red]✗[/] {name}: {e.Message}");
                if (e is BackupException { Todo: { } todo }) console.WriteLine($"    → {todo}");
            }
        }

        async Task<string> VersionAsync()
        {
            var version = PgBackRestVersion.Require(await pgBackRest.VersionAsync(cancel));
            return string.Join("\n    ", PgBackRestVersion.Known(version).Prepend(version.ToString()));
        }
    }

    private async Task<string> DatabaseAsync(CancellationToken cancel)
    {
        await using var connection = await primary.OpenAsync(cancel);
        await using var command = new NpgsqlCommand(
            """
            SELECT has_function_privilege(to_regprocedure('events.record_backup_manifest(text, text)'), 'EXECUTE') AND has_table_privilege('events.system_events', 'INSERT')
            """, connection);
        return await command.ExecuteScalarAsync(cancel) is true
            ? $"primary, PostgreSQL {connection.PostgreSqlVersion}, manifests and results can be written"
            : throw new BackupException("The role may not record manifests or results.", "Run the migrations (08-backup-manifests.sql) and connect as llm_app.");
    }

    private string Scratch()
    {
        if (settings.Scratch is null) return "not set; only drills need it";
        var path = settings.RequireScratch();
        var probe = Path.Combine(path, $".hub-check-{Guid.NewGuid():N}");
        File.WriteAllText(probe, "");
        File.Delete(probe);
        return string.Create(CultureInfo.InvariantCulture, $"{path}, {RetentionTable.Bytes(new DriveInfo(path).AvailableFreeSpace)} free");
    }
}
