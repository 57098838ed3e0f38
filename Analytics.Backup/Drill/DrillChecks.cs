using System.Globalization;
using Analytics.Backup.Manifests;

namespace Analytics.Backup.Drill;

/// <summary>
/// Compares a restored database with the manifest that was recorded just before the backup: a pure function, so that each check can be
/// shown to fail. The restored state is that of the backup's end, so what may differ is what happened while it was taken: rows in open
/// chunks, new chunks, and chunks that retention dropped.
/// </summary>
public static class DrillChecks
{
    /// <summary>Every check that compares with the manifest, in the order in which they are told.</summary>
    /// <param name="expected">What the primary recorded.</param>
    /// <param name="restored">What the scratch instance holds, rows read for every chunk whose rows are expected.</param>
    /// <param name="keep">For how long each hypertable keeps its rows, from the restored table_lifecycles.</param>
    public static IReadOnlyList<CheckResult> Compare(DatabaseManifest expected, DatabaseManifest restored,
        IReadOnlyDictionary<string, TimeSpan> keep)
    {
        ArgumentNullException.ThrowIfNull(expected);
        ArgumentNullException.ThrowIfNull(restored);
        ArgumentNullException.ThrowIfNull(keep);
        var pairs = Pairs(expected, restored).ToList();
        return
        [
            Lists("schema_metadata", expected.Metadata, restored.Metadata),
            Lists("extensions", Server(expected.Server), Server(restored.Server)),
            Lists("hypertables", [.. expected.Hypertables.Select(table => table.Name)],
                [.. restored.Hypertables.Select(table => table.Name)]),
            Chunks(pairs, restored, keep),
            Lists("policies", expected.Policies, restored.Policies),
            Lists("jobs", expected.Jobs, restored.Jobs),
            Lists("aggregates", Texts(expected.Aggregates), Texts(restored.Aggregates)),
            Rows(pairs),
            Checksums(pairs),
        ];
    }

    /// <summary>Whether open chunks hold at least the rows that the manifest counted: asked again after recovery has gone on to its
    /// target.</summary>
    public static CheckResult RowsAtTarget(DatabaseManifest expected, DatabaseManifest restored)
    {
        ArgumentNullException.ThrowIfNull(expected);
        ArgumentNullException.ThrowIfNull(restored);
        var open = Pairs(expected, restored).Where(pair => pair.Expected is { Sealed: false, Rows: not null } && pair.Restored is not null)
            .ToList();
        return new CheckResult("rows_at_target", open.Count, [.. open.Where(pair => !(pair.Restored!.Rows >= pair.Expected.Rows))
            .Select(pair => $"{pair.Expected.Name} has {Number(pair.Restored!.Rows)} rows at the target, the primary counted "
                + $"{Number(pair.Expected.Rows)} before the backup")]);
    }

    /// <summary>
    /// Whether recovery ended where it should: something is there, and nothing that was committed after the moment. A new hub has stored
    /// nothing, and until its first WAL is archived there is no commit to recover either.
    /// </summary>
    public static CheckResult Target(DatabaseManifest expected, Newest newest, DateTimeOffset? to)
    {
        ArgumentNullException.ThrowIfNull(expected);
        ArgumentNullException.ThrowIfNull(newest);
        var stored = expected.Hypertables.SelectMany(table => table.Chunks).Any(chunk => chunk.Rows != 0);
        return new CheckResult("target", 1, newest.Any is null && stored ? ["nothing was recovered: there is neither a row nor a commit"]
            : to is { } limit && newest.Commit > limit ? [$"a commit of {newest.Commit:O} is there, after the target {limit:O}"] : []);
    }

    private static IEnumerable<(string Hypertable, ChunkState Expected, ChunkState? Restored)> Pairs(DatabaseManifest expected,
        DatabaseManifest restored)
    {
        var there = restored.Hypertables.SelectMany(table => table.Chunks).ToDictionary(chunk => chunk.Name);
        return expected.Hypertables.SelectMany(
            table => table.Chunks.Select(chunk => (table.Name, chunk, there.GetValueOrDefault(chunk.Name))));
    }

    private static CheckResult Chunks(
        List<(string Hypertable, ChunkState Expected, ChunkState? Restored)> pairs, DatabaseManifest restored,
        IReadOnlyDictionary<string, TimeSpan> keep)
    {
        var problems = new List<string>();
        foreach (var (hypertable, was, now) in pairs)
        {
            // Retention may have dropped it while the backup ran.
            var due = keep.TryGetValue(hypertable, out var life) && was.End < restored.RecordedAt - life;
            if (now is null && !due)
                problems.Add($"{was.Name} of {hypertable} ({was.Start:yyyy-MM-dd} to {was.End:yyyy-MM-dd}) is missing");
            else if (now is not null && (now.Start != was.Start || now.End != was.End))
                problems.Add($"{was.Name} covers {now.Start:O} to {now.End:O} instead of {was.Start:O} to {was.End:O}");
        }

        return new CheckResult("chunks", pairs.Count, problems);
    }

    private static CheckResult Rows(List<(string Hypertable, ChunkState Expected, ChunkState? Restored)> pairs)
    {
        // A chunk that is missing is the other check's.
        var counted = pairs.Where(pair => pair.Expected.Rows is not null && pair.Restored is not null).ToList();
        return new CheckResult("rows", counted.Count, [.. counted
            .Where(pair => pair.Expected.Sealed ? pair.Restored!.Rows != pair.Expected.Rows : !(pair.Restored!.Rows >= pair.Expected.Rows))
            .Select(pair => $"{pair.Expected.Name} of {pair.Hypertable} has {Number(pair.Restored!.Rows)} rows, the primary counted "
                + $"{Number(pair.Expected.Rows)}{(pair.Expected.Sealed ? " (sealed: must be equal)" : "")}")]);
    }

    private static CheckResult Checksums(List<(string Hypertable, ChunkState Expected, ChunkState? Restored)> pairs)
    {
        var hashed = pairs.Where(pair => pair.Expected.Checksum is not null && pair.Restored is not null).ToList();
        return new CheckResult("checksums", hashed.Count, [.. hashed.Where(pair => pair.Restored!.Checksum != pair.Expected.Checksum)
            .Select(pair => $"{pair.Expected.Name} of {pair.Hypertable} holds other rows than the primary did")]);
    }

    private static CheckResult Lists(string name, IReadOnlyList<string> expected, IReadOnlyList<string> restored) =>
        new(name, expected.Count,
        [.. expected.Except(restored).Select(text => $"missing: {text}"),
            .. restored.Except(expected).Select(text => $"unexpected: {text}")]);

    private static List<string> Server(ServerState server) =>
        [$"PostgreSQL {server.Postgres}", $"TimescaleDB {server.Timescale}", $"{server.Edition} edition", .. server.Extensions];

    private static List<string> Texts(IReadOnlyList<AggregateState> aggregates) =>
        [.. aggregates.Select(aggregate =>
            $"{aggregate.Kind} {aggregate.Name}, definition {aggregate.Definition[..Math.Min(12, aggregate.Definition.Length)]}")];

    private static string Number(long? number) => number?.ToString(CultureInfo.InvariantCulture) ?? "unread";
}
