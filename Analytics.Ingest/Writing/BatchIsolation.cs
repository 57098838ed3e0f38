using System.Collections.Concurrent;
using Analytics.Ingest.Database;
using Analytics.Ingest.Telemetry;
using Npgsql;

namespace Analytics.Ingest.Writing;

/// <summary>
/// Writes batches so that a call which the database refuses costs its own request only: a batch that fails the same way twice is written
/// again in parts, first by project, then by halves. A call that stays is rejected when its values are the reason, and deferred otherwise.
/// Neither happens before the server has committed something else, so an outage delays calls and decides about none.
/// </summary>
internal sealed class BatchIsolation(BatchWriter writer, IngestMetrics metrics, TimeProvider time, ILogger<BatchIsolation> log)
{
    /// <summary>When a sender may try again with calls that are refused until somebody has repaired the reason.</summary>
    public static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(10);

    /// <summary>How long the calls of a project whose calls were refused are written in transactions of their own.</summary>
    public static readonly TimeSpan ApartFor = TimeSpan.FromMinutes(1);

    /// <summary>
    /// Most failed transactions in search of the refused calls of one project in one batch; what is not found by then is deferred as a
    /// whole. Enough for five calls anywhere in a batch of 5000; a lane that looked for thousands would keep others waiting.
    /// </summary>
    private const int MaxFailures = 64;

    private readonly ConcurrentDictionary<int, (string Signature, long Since)> refused = new();

    /// <summary>
    /// Writes calls that are sorted by key and hold no key twice. Afterwards every call has its outcome. When it throws, some have theirs;
    /// the others may be stored or not, and the same again is right.
    /// </summary>
    /// <param name="calls">The calls.</param>
    /// <param name="failedBefore">The <see cref="Failures.Signature"/> of the attempt before this one; null when there was none.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    public async Task WriteAsync(IReadOnlyList<QueuedCall> calls, string? failedBefore, CancellationToken cancellationToken)
    {
        var byTrouble = calls.ToLookup(queued => IsApart(queued.Call.ProjectId));
        await WriteGroupAsync([.. byTrouble[false]], [failedBefore], cancellationToken);
        foreach (var project in byTrouble[true].GroupBy(queued => queued.Call.ProjectId))
        {
            var known = refused.TryGetValue(project.Key, out var last) ? last.Signature : null;
            await WriteGroupAsync([.. project], [failedBefore, known], cancellationToken);
        }
    }

    private async Task WriteGroupAsync(List<QueuedCall> calls, HashSet<string?> seen, CancellationToken cancellationToken)
    {
        if (calls.Count == 0) return;
        var commits = writer.Commits;
        if (await TryWriteAsync(calls, seen, cancellationToken) is not { } failure) return;

        var failed = new List<(List<QueuedCall> Calls, Exception Failure)>();
        var projects = calls.GroupBy(queued => queued.Call.ProjectId).Select(project => project.ToList()).ToList();
        if (projects.Count == 1)
        {
            failed.Add((calls, failure));
        }
        else
        {
            foreach (var project in projects)
            {
                if (await TryTwiceAsync(project, seen, cancellationToken) is { } own) failed.Add((project, own));
            }
        }

        if (writer.Commits == commits) await writer.ProbeAsync(cancellationToken);
        foreach (var (project, own) in failed) await WriteHalvesAsync(project, own, seen, cancellationToken);
    }

    /// <summary>The largest parts come first, so that what can be stored is stored before the search ends.</summary>
    private async Task WriteHalvesAsync(List<QueuedCall> calls, Exception failure, HashSet<string?> seen,
        CancellationToken cancellationToken)
    {
        var project = calls[0].Call.ProjectId;
        refused[project] = (Failures.Signature(failure)!, time.GetTimestamp());
        var open = new Queue<(List<QueuedCall> Calls, Exception Failure)>([(calls, failure)]);
        for (var failures = 0; open.TryDequeue(out var part);)
        {
            if (part.Calls.Count == 1 || (failures >= MaxFailures && Failures.Classify(part.Failure) != Failure.Data))
            {
                foreach (var queued in part.Calls) Settle(queued, part.Failure);
                continue;
            }

            var half = part.Calls.Count / 2;
            foreach (var smaller in new[] { part.Calls[..half], part.Calls[half..] })
            {
                if (await TryTwiceAsync(smaller, seen, cancellationToken) is not { } own) continue;
                open.Enqueue((smaller, own));
                failures++;
            }
        }

        log.LogWarning("The database refuses {Refused} of {Calls} calls of project {Project}: {Reason}",
            calls.Count(queued => queued.Outcome is CallOutcome.Rejected or CallOutcome.Deferred), calls.Count, project, failure.Message);
    }

    /// <summary>A part of a refused batch may be refused for another reason: that one has to repeat itself too.</summary>
    private async Task<Exception?> TryTwiceAsync(List<QueuedCall> calls, HashSet<string?> seen, CancellationToken cancellationToken)
    {
        try
        {
            return await TryWriteAsync(calls, seen, cancellationToken);
        }
        catch (Exception other) when (Failures.Signature(other) is { } signature && seen.Add(signature))
        {
            metrics.WriteFailed(Failures.Classify(other));
            return await TryWriteAsync(calls, seen, cancellationToken);
        }
    }

    /// <summary>Null when it is written; the failure when it may lie in single calls. Throws any other.</summary>
    private async Task<Exception?> TryWriteAsync(List<QueuedCall> calls, HashSet<string?> seen, CancellationToken cancellationToken)
    {
        try
        {
            await writer.WriteAsync(calls, cancellationToken);
            return null;
        }
        catch (Exception failure) when (Failures.Classify(failure) == Failure.Data
            || (Failures.Signature(failure) is { } signature && seen.Contains(signature)))
        {
            if (Failures.Classify(failure) != Failure.Data) metrics.WriteFailed(Failures.Classify(failure));
            return failure;
        }
    }

    private void Settle(QueuedCall queued, Exception failure)
    {
        if (failure is PostgresException data && Failures.Classify(data) == Failure.Data)
        {
            queued.Outcome = CallOutcome.Rejected;
            // The message names the type or the constraint. Detail and context could repeat the call's content, so they are left out.
            queued.Reason = $"refused by the database: {data.SqlState} {data.MessageText}";
            metrics.Rejected("database");
            return;
        }

        queued.Outcome = CallOutcome.Deferred;
        // Not the message: it may name files and tables of the server, which its operator finds in the log.
        queued.Reason = $"the database refuses them for now ({Failures.Signature(failure)})";
    }

    private bool IsApart(int project)
    {
        if (!refused.TryGetValue(project, out var last)) return false;
        if (time.GetElapsedTime(last.Since) < ApartFor) return true;
        refused.TryRemove(new KeyValuePair<int, (string, long)>(project, last));
        return false;
    }
}
