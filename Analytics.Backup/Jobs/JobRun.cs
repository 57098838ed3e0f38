using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Npgsql;
using NpgsqlTypes;
using Spectre.Console;

namespace Analytics.Backup.Jobs;

/// <summary>
/// One run of a job: measures it, tells how it ended by a row in <c>events.system_events</c> (component <c>backup</c>, kind the job's name) and by
/// the exit code. The row's detail is what the metrics are made of:
/// <code>
/// {"result":"success","duration_seconds":12.3,"size_bytes":23421895,…}    or    {"result":"failure","duration_seconds":1.2,"error":"…"}
/// </code>
/// </summary>
internal sealed class JobRun(string kind, BackupSettings settings, Primary primary, TimeProvider time, IAnsiConsole console, TextWriter errors)
{
    // A result that cannot be recorded in this time is said on stderr, and fails the job.
    private static readonly TimeSpan RecordingTime = TimeSpan.FromSeconds(90);

    /// <summary>What the job found out; becomes part of the row.</summary>
    public JsonObject Detail { get; } = [];

    /// <summary>One line for the row's message when it succeeds.</summary>
    public string Message { get; set; } = "";

    /// <summary>Runs it.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> RunAsync(Func<JobRun, Task> job, CancellationToken cancel)
    {
        var started = time.GetTimestamp();
        var (exitCode, error) = (ExitCodes.Ok, (string?)null);
        try
        {
            await job(this);
        }
        catch (BackupException e)
        {
            (exitCode, error) = (e.ExitCode, e.Whole);
            await SayAsync($"error: {e.Message}", e.Todo);
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            (exitCode, error) = (ExitCodes.Interrupted, "stopped by a signal");
            await SayAsync($"{kind}: stopped by a signal", null);
        }
        catch (PostgresException e)
        {
            // 42xxx: a table, a function or a right is not there.
            var todo = e.SqlState.StartsWith("42", StringComparison.Ordinal) ? "The schema may be older than this hub-backup: run the migrations." : "Look at the database's log.";
            (exitCode, error) = (ExitCodes.Failed, $"the database refused: {e.SqlState} {e.MessageText} → {todo}");
            await SayAsync($"error: the database refused: {e.SqlState} {e.MessageText}", todo);
        }
        catch (Exception e) when (e is NpgsqlException or IOException or UnauthorizedAccessException or JsonException)
        {
            (exitCode, error) = (ExitCodes.Failed, e.Message);
            await SayAsync($"error: {e.Message}", null);
        }

        var elapsed = time.GetElapsedTime(started);
        if (error is null) console.MarkupLineInterpolated($"[green]✓[/] {kind}: {Message} [grey]({elapsed.TotalSeconds:0.0} s)[/]");
        // Wrong arguments are not recorded as a run.
        return exitCode == ExitCodes.Configuration ? exitCode : await RecordAsync(exitCode, error, elapsed);
    }

    /// <summary>A line of progress.</summary>
    public void Say(string line) => console.WriteLine($"  {line}");

    private async Task<int> RecordAsync(int exitCode, string? error, TimeSpan elapsed)
    {
        if (settings.ConnectionString is null)
        {
            Say($"not recorded: {BackupSettings.Database} is not set");
            return exitCode;
        }

        Detail["result"] = error is null ? "success" : "failure";
        Detail["duration_seconds"] = Math.Round(elapsed.TotalSeconds, 3);
        if (error is not null) Detail["error"] = error;
        // The job's own token may be what ended it; its end is recorded nevertheless.
        using var timeout = new CancellationTokenSource(RecordingTime);
        try
        {
            await using var connection = await primary.OpenAsync(timeout.Token);
            await using var command = new NpgsqlCommand(
                "INSERT INTO events.system_events (time, component, kind, severity, message, detail) VALUES (now(), 'backup', $1, $2, $3, $4)", connection);
            command.Parameters.Add(new NpgsqlParameter { Value = kind });
            command.Parameters.Add(new NpgsqlParameter { Value = error is null ? "info" : "error" });
            command.Parameters.Add(new NpgsqlParameter { Value = error is null ? $"{kind}: {Message}" : $"{kind} failed: {error}" });
            command.Parameters.Add(new NpgsqlParameter { Value = Detail.ToJsonString(), NpgsqlDbType = NpgsqlDbType.Jsonb });
            await command.ExecuteNonQueryAsync(timeout.Token);
            return exitCode;
        }
        catch (Exception e) when (e is BackupException or NpgsqlException or OperationCanceledException or IOException)
        {
            await SayAsync(
                string.Create(CultureInfo.InvariantCulture, $"error: the result of {kind} ({Detail["result"]}) could not be recorded in events.system_events: {e.Message}"),
                (e as BackupException)?.Todo ?? "Look at the database; metrics and alerts do not know of this run.");
            return exitCode == ExitCodes.Ok ? ExitCodes.Failed : exitCode;
        }
    }

    private async Task SayAsync(string line, string? todo)
    {
        await errors.WriteLineAsync(line);
        if (todo is not null) await errors.WriteLineAsync($"  → {todo}");
    }
}
